"""``bertolt corrections export``: what people corrected, as data for training."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bertolt.cli.options import Folder, Json, Set, Task, settings_from
from bertolt.cli.output import print_json
from bertolt.errors import UnknownNameError
from bertolt.progress import say

ACTIONS = ("export",)


def corrections(
    action: Annotated[str, typer.Argument(metavar="export", help="What is done: export is all there is.")],
    folder: Folder,
    *,
    output: Annotated[
        str | None,
        typer.Option(
            metavar="F", help="A csv, tsv, jsonl or parquet.", show_default="csv on standard output"
        ),
    ] = None,
    corrections: Annotated[
        str | None,
        typer.Option(
            metavar="F", help="The file that `bertolt serve --corrections` named.", show_default="the model's"
        ),
    ] = None,
    task: Task = None,
    set_: Set = None,
    json: Json = False,
) -> None:
    """Export what people corrected on the page, as rows that `bertolt train` reads.

    Of several corrections of one input the last counts. The server may run on meanwhile. Tags of words are
    lists, which only jsonl and parquet hold.

    \b
    Example:
      bertolt corrections export models/reviews --output corrections.csv
      bertolt train reviews.csv corrections.csv --out models/reviews-2
    """
    if action not in ACTIONS:
        raise UnknownNameError("action", action, ACTIONS)
    from bertolt.serving.correction_export import export_rows, write_rows

    found = export_rows(
        folder,
        None if corrections is None else Path(corrections),
        task=task,
        settings=settings_from(set_),
    )
    if found.replaced:
        say(f"{found.replaced:,} were corrected again later: the last correction counts")
    for line in found.left_out:
        say(line)
    if output is not None:
        write_rows(Path(output), found)
    if json:
        document = {"rows": len(found.rows), "replaced": found.replaced, "left_out": list(found.left_out)}
        print_json({**document, **({"output": output} if output else {"corrections": list(found.rows)})})
    elif output is not None:
        sys.stdout.write(f"wrote {len(found.rows):,} corrections to {output}\n")
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(found.csv())
