"""``bertolt check``: what is in a file, and what is wrong with it, by line."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bertolt.cli.options import (
    READ,
    Delimiter,
    Encoding,
    Header,
    Json,
    Label,
    MaxCell,
    MaxExpansion,
    Set,
    Sheet,
    Text,
    read_settings,
    settings_from,
)
from bertolt.cli.output import one_line, print_json
from bertolt.errors import InputError, MissingExtraError, SettingError
from bertolt.progress import progress_bar, say

if TYPE_CHECKING:
    from bertolt.data.tokenizer import TokenCounter
    from bertolt.tasks.checking import DataCheck
    from bertolt.tasks.cleaning import Cleaning
    from bertolt.tasks.proposing import Proposals
    from bertolt.tasks.reading import ColumnChoice
    from bertolt.tasks.task import Task, TaskSettings


def check(  # noqa: PLR0913 (a parameter is an option)
    context: typer.Context,
    data: Annotated[
        list[str],
        typer.Argument(
            metavar="DATA", help="A file or a named data set; several are compared with each other."
        ),
    ],
    *,
    task: Annotated[
        str | None,
        typer.Option(metavar="T", help="What is learnt from it.", show_default="the task that fits best"),
    ] = None,
    validation: Annotated[
        str | None, typer.Option(metavar="FILE", help="The file that training is told with --validation.")
    ] = None,
    test: Annotated[
        str | None, typer.Option(metavar="FILE", help="The file that training is told with --test.")
    ] = None,
    purpose: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="train|evaluate",
            help="What DATA is for; of data to evaluate on, nothing is said that only training needs.",
        ),
    ] = "train",
    text: Text = None,
    label: Label = None,
    set: Set = None,
    model: Annotated[str, typer.Option(metavar="M", help="Whose tokens are counted.")] = "minilm",
    seconds: Annotated[
        float, typer.Option(metavar="N", min=0, help="Time for the search for near-duplicates.")
    ] = 60.0,
    fix: Annotated[
        str | None,
        typer.Option(metavar="OUT", help="Write a cleaned copy of DATA (one file), and say what was done."),
    ] = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    header: Header = None,
    sheet: Sheet = None,
    max_cell: MaxCell = READ.max_cell,
    max_expansion: MaxExpansion = READ.max_expansion,
    json: Json = False,
) -> None:
    """Look at data before training on it: encoding, columns, empty and repeated rows, labels, left-overs
    of HTML, lengths and what would be cut, near-duplicates within and across splits, texts with two labels.

    Without --task the tasks that fit the columns are listed, the likeliest first, each with its command,
    and the data is checked for the first. Every finding names its lines and says what to do. The exit code
    is 1 where training could not use the data, and 0 where there are warnings only.

    \b
    Example:
      bertolt check reviews.csv
      bertolt check reviews.csv --fix clean.csv
      bertolt check train.csv --validation dev.csv --test test.csv
      bertolt check test.csv --for evaluate
    """
    from bertolt.tasks.checking import check_data
    from bertolt.tasks.proposing import propose_for
    from bertolt.tasks.reading import ColumnChoice

    if purpose not in ("train", "evaluate"):
        raise SettingError("--for train or evaluate", repr(purpose), "choose one of those")
    read = read_settings(context)
    choice = ColumnChoice(tuple(text or ()), tuple(label or ()), verb=(purpose,), read=read)
    proposals = None if task is not None else propose_for(data[0], choice)
    found, settings, choice = _first_choice(task, settings_from(set), choice, proposals)
    held_out = {part: name for part, name in (("validation", validation), ("test", test)) if name}
    if fix is not None and len(data) > 1:
        raise InputError("one DATA with --fix", f"{len(data)}", "clean one after the other")
    with progress_bar("comparing", None) as progress:
        checked = check_data(
            data,
            found,
            settings,
            choice,
            counter=_counter(model),
            seconds=seconds,
            progress=progress,
            held_out=held_out,  # type: ignore[arg-type]
        )
    cleaning = None
    if fix is not None:
        from bertolt.data.sources import open_source
        from bertolt.tasks.cleaning import clean_table

        source = open_source(data[0], found.layouts, read)
        if source.whole is None:
            raise InputError(
                "one file or split with --fix", data[0], f"name a split, such as {data[0]}:train"
            )
        cleaning = clean_table(source.whole, found, settings, choice, Path(fix))
    if json:
        document = {"task": found.name, **checked.to_dict()}
        document["tasks"] = [each.to_dict() for each in proposals.found] if proposals else []
        print_json({**document, "fix": None if cleaning is None else cleaning.to_dict()})
    else:
        if proposals is not None:
            _show_proposals(proposals)
        _show(checked)
        if cleaning is not None:
            _show_cleaning(cleaning)
    if checked.of("error"):
        raise typer.Exit(1)


def _first_choice(
    task: str | None, given: dict[str, Any], choice: ColumnChoice, proposals: Proposals | None
) -> tuple[Task, TaskSettings, ColumnChoice]:
    """The task, its settings and the columns: those that were named, else those of the first proposal."""
    from bertolt.tasks.reading import USUAL_TASK
    from bertolt.tasks.registry import get_task
    from bertolt.tasks.task import typed_settings

    if proposals is None or not proposals.found:
        found = get_task(task or USUAL_TASK)
        return found, typed_settings(found, given), choice
    first = proposals.found[0]
    if not first.task:  # texts without labels
        choice = replace(choice, verb=("adapt",)) if choice.verb == ("train",) else choice
    found = get_task(first.task or USUAL_TASK)
    if not choice.text and not choice.label:
        choice = replace(choice, text=first.choice.text, label=first.choice.label)
    choice = replace(choice, read=first.choice.read)
    return found, typed_settings(found, {**first.settings, **given}), choice


def _show_proposals(proposals: Proposals) -> None:
    out = sys.stdout
    if proposals.found:
        out.write("what fits the columns, the likeliest first:\n")
    for each in proposals.found:
        out.write(f"  {each.task}{': ' * bool(each.task)}{one_line(each.reason)}\n")
        for line in each.commands:
            out.write(f"    {line}\n")
    if proposals.note:
        out.write(f"{proposals.note}\n")
    if proposals.found or proposals.note:
        out.write("\n")


def _counter(model: str) -> TokenCounter | None:
    """Counts the tokens of a backbone; None where the packaged one is not installed."""
    from bertolt.data.tokenizer import TokenCounter
    from bertolt.models.backbone import tokenizer_folder

    try:
        return TokenCounter.from_folder(tokenizer_folder(model))
    except MissingExtraError as error:
        say(f"lengths in tokens are left out: {error.do}")
        return None


def _show(checked: DataCheck) -> None:
    from bertolt.wording import counted

    out = sys.stdout
    for part, rows in checked.parts.items():
        out.write(f"{part}: {counted(rows, 'row')}\n")
    if checked.columns:
        columns = ", ".join(f"{ours} = {theirs!r}" for ours, theirs in checked.columns.items())
        out.write(f"columns: {columns}\n")
    for finding in checked.findings:
        out.write(f"\n{finding.level}: {one_line(finding.what)}\n")
        if finding.groups:
            out.write(f"  {finding.lines()}\n")
        if finding.do:
            out.write(f"  do: {finding.do}\n")
    errors, warnings = (counted(len(checked.of(level)), level) for level in ("error", "warning"))
    out.write(f"\n{errors}, {warnings}\n")


def _show_cleaning(cleaning: Cleaning) -> None:
    from bertolt.wording import counted, line_list

    sys.stdout.write(f"\nwrote {cleaning.out}: {counted(cleaning.rows, 'row')}\n")
    for what, lines in cleaning.changes.items():
        sys.stdout.write(f"  {what}: {len(lines):,}, {line_list(lines)}\n")
