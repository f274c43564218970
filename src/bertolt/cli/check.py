"""``bertolt check``: what is in a file, and what is wrong with it, by line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bertolt.cli.options import Json, Label, Set, Text, settings_from
from bertolt.cli.output import one_line, print_json
from bertolt.errors import InputError, MissingExtraError
from bertolt.progress import progress_bar, say

if TYPE_CHECKING:
    from bertolt.data.tokenizer import TokenCounter
    from bertolt.tasks.checking import DataCheck
    from bertolt.tasks.cleaning import Cleaning


def check(  # noqa: PLR0913 (a parameter is an option)
    data: Annotated[
        list[str],
        typer.Argument(
            metavar="DATA", help="A file or a named data set; several are compared with each other."
        ),
    ],
    *,
    task: Annotated[
        str, typer.Option(metavar="T", help="What is to be learnt from it.")
    ] = "text-classification",
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
    json: Json = False,
) -> None:
    """Look at data before training on it: encoding, columns, empty and repeated rows, labels, left-overs
    of HTML, lengths and what would be cut, near-duplicates within and across splits, texts with two labels.

    Every finding names its lines and says what to do. The exit code is 1 where training could not use the
    data, and 0 where there are warnings only.

    \b
    Example:
      bertolt check reviews.csv
      bertolt check reviews.csv --fix clean.csv
      bertolt check train.csv test.csv
    """
    from bertolt.tasks.checking import check_data
    from bertolt.tasks.reading import ColumnChoice
    from bertolt.tasks.registry import get_task
    from bertolt.tasks.task import typed_settings

    found = get_task(task)
    settings = typed_settings(found, settings_from(set))
    choice = ColumnChoice(tuple(text or ()), tuple(label or ()))
    if fix is not None and len(data) > 1:
        raise InputError("one DATA with --fix", f"{len(data)}", "clean one after the other")
    with progress_bar("comparing", None) as progress:
        checked = check_data(
            data, found, settings, choice, counter=_counter(model), seconds=seconds, progress=progress
        )
    cleaning = None
    if fix is not None:
        from bertolt.data.sources import open_source
        from bertolt.tasks.cleaning import clean_table

        source = open_source(data[0], found.layouts)
        if source.whole is None:
            raise InputError(
                "one file or split with --fix", data[0], f"name a split, such as {data[0]}:train"
            )
        cleaning = clean_table(source.whole, found, settings, choice, Path(fix))
    if json:
        print_json({**checked.to_dict(), "fix": None if cleaning is None else cleaning.to_dict()})
    else:
        _show(checked)
        if cleaning is not None:
            _show_cleaning(cleaning)
    if checked.of("error"):
        raise typer.Exit(1)


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
    from bertolt.data.findings import counted

    out = sys.stdout
    for part, rows in checked.parts.items():
        out.write(f"{part}: {rows:,} rows\n")
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
    sys.stdout.write(f"\nwrote {cleaning.out}: {cleaning.rows:,} rows\n")
    for what, lines in cleaning.changes.items():
        shown = ", ".join(map(str, lines[:10])) + (", …" if len(lines) > 10 else "")
        sys.stdout.write(f"  {what}: {len(lines):,}, lines {shown}\n")
