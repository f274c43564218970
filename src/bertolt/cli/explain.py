"""``bertolt explain``: which words moved a result."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bertolt.cli.inputs import read_input
from bertolt.cli.options import Device, Folder, Json, Set, Task, Threads, settings_from
from bertolt.cli.output import one_line, print_json, print_table
from bertolt.progress import say

if TYPE_CHECKING:
    from rich.text import Text as RichText

    from bertolt.inference.attribution import Attribution
    from bertolt.reports.attribution_pieces import Piece

#: Words in the table below the text.
STRONGEST = 10
UNREAD_SHOWN = 60
#: How a piece of each level looks; the signs behind it say the same without colour.
STYLES = {
    -3: "bold red", -2: "red", -1: "red", 0: "", 1: "green", 2: "green", 3: "bold green",
}  # fmt: skip


def explain(  # noqa: PLR0913 (a parameter is an option)
    folder: Folder,
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT",
            help="What is explained; a JSON object for a task with several inputs.",
        ),
    ],
    *,
    target: Annotated[
        str | None,
        typer.Option(
            metavar="LABEL", help="The label or tag that is explained.", show_default="what the model says"
        ),
    ] = None,
    word: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="The word whose tag is explained, from 0, where the model tags words."
        ),
    ] = None,
    method: Annotated[
        str,
        typer.Option(
            metavar="fast|integrated-gradients",
            help="fast takes few steps; the other is the reference, slower, and needs captum.",
        ),
    ] = "fast",
    html: Annotated[
        str | None, typer.Option(metavar="F", help="Write a page of HTML; an older one is replaced.")
    ] = None,
    task: Task = None,
    set_: Set = None,
    device: Device = "auto",
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Say which words moved a result, and by how much.

    Words that speak for the target have plus signs (and are green), words against it minus signs (red). The
    scores are parts of the target's log-odds, or of an answer's logits. They say what the model used, not
    whether it is right.

    \b
    Example:
      bertolt explain models/reviews "A gorgeous film with a thin plot."
      bertolt explain models/reviews "A gorgeous film." --target negative --html why.html
    """
    from bertolt.api import using
    from bertolt.inference.attribution import explain as run
    from bertolt.inference.attribution_targets import Wanted
    from bertolt.models.backbone import model_title
    from bertolt.models.device import set_threads

    set_threads(threads)
    pipeline = using.pipeline(folder, task=task, device=device, engine="torch", settings=settings_from(set_))
    value = read_input(pipeline.model.task, text)
    found = run(pipeline, value, Wanted(target, word), method=method)
    if html is not None:
        from bertolt.reports.attribution_page import attribution_html
        from bertolt.reports.page import write_page

        write_page(Path(html), attribution_html(model_title(folder), found))
        say(f"page: {html}")
    if json:
        print_json(found.to_dict())
    else:
        _show(found)


def _show(found: Attribution) -> None:
    from rich.console import Console

    from bertolt.reports.attribution_page import lead
    from bertolt.reports.attribution_pieces import pieces

    # A text is one line, which the terminal folds: no word of it is cut or moved.
    console = Console(file=sys.stdout, highlight=False, markup=False, soft_wrap=True)
    for line in lead(found):
        console.print(one_line(line))
    for field in found.texts:
        console.print()
        if len(found.texts) > 1:
            console.print(f"{field}:")
        console.print(_coloured(pieces(found, field)))
    console.print()
    strongest = sorted(found.tokens, key=lambda each: -abs(each.score))[:STRONGEST]
    if strongest:
        print_table(
            [(f"{each.score:+.3f}", one_line(each.text, UNREAD_SHOWN)) for each in strongest], right=(0,)
        )


def _coloured(parts: Sequence[Piece]) -> RichText:
    from rich.text import Text

    line = Text()
    for part in parts:
        # Each character by itself, so that blanks stay; none may move the cursor or colour the terminal.
        shown = "".join(mark if mark.isprintable() else " " for mark in part.text)
        if not part.read:
            line.append(f"[not read: {one_line(shown, UNREAD_SHOWN)}]", style="dim")
        else:
            line.append(shown + part.mark, style=STYLES[part.level])
    return line
