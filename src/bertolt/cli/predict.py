"""``bertolt predict``: texts to results, and files to files."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from bertolt.cli.inputs import read_input
from bertolt.cli.options import (
    READ,
    Delimiter,
    Device,
    Dtype,
    Encoding,
    Engine,
    Folder,
    Header,
    Json,
    MaxCell,
    MaxExpansion,
    Set,
    Sheet,
    Task,
    Text,
    Threads,
    read_given,
    read_settings,
    settings_from,
)
from bertolt.cli.output import JsonArray, print_json
from bertolt.errors import DataError, InputError, SettingError
from bertolt.progress import say
from bertolt.wording import counted, line_list

if TYPE_CHECKING:
    from bertolt.data.readers.options import ReadSettings
    from bertolt.data.unknown import UnknownTally
    from bertolt.inference.files import FilePrediction
    from bertolt.inference.pipeline import Input, Pipeline
    from bertolt.results import Result

    Predicted = tuple[str, Result | None]


def predict(  # noqa: PLR0913 (a parameter is an option)
    context: typer.Context,
    folder: Folder,
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TEXT",
            help="What is predicted; a JSON object for a task with several inputs. Without any, and without "
            "--input, the lines of standard input.",
        ),
    ] = None,
    *,
    input: Annotated[
        str | None, typer.Option(metavar="F", help="A file of texts: csv, tsv, jsonl, parquet, …")
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            metavar="F", help="Write the rows of --input and their results to a csv, tsv, jsonl or parquet."
        ),
    ] = None,
    spreadsheet_safe: Annotated[
        bool,
        typer.Option(
            "--spreadsheet-safe",
            help="In a csv or tsv --output, put an apostrophe before texts that a spreadsheet may run as "
            "formulas: those that begin with = + - @, a tab or a line break.",
        ),
    ] = False,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with the rows that an interrupted run into --output left."),
    ] = False,
    text: Text = None,
    set_: Set = None,
    task: Task = None,
    device: Device = "auto",
    dtype: Dtype = "fp32",
    engine: Engine = "auto",
    abstain_below: Annotated[
        float | None,
        typer.Option(
            metavar="P", min=0, max=1, help="Answer unsure (of grades: 1) where the probability is below P."
        ),
    ] = None,
    threads: Threads = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    header: Header = None,
    sheet: Sheet = None,
    max_cell: MaxCell = READ.max_cell,
    max_expansion: MaxExpansion = READ.max_expansion,
    json: Json = False,
) -> None:
    """Predict texts, or a whole file into another.

    With --output every column of the input is kept and the result's stand beside it (such as label, score
    and scores:NAME); one whose name the input has already is called predicted_ and its name. The file
    appears when it is complete; after an interruption the same command with --resume goes on.

    \b
    Example:
      bertolt predict models/reviews "A gorgeous, witty film." "The plot is thin."
      bertolt predict distilbert/distilbert-base-uncased-finetuned-sst-2-english "A gorgeous film."
      bertolt predict models/reviews --input new.csv --output new-with-labels.csv
      cat lines.txt | bertolt predict models/reviews --json
    """
    if texts and input is not None:
        raise SettingError("TEXT or --input", "both", "leave one of them out")
    if output is not None and input is None:
        raise SettingError("--input F beside --output", "none", "name the file that is to be predicted")
    for option, is_on in (("--resume", resume), ("--spreadsheet-safe", spreadsheet_safe)):
        if is_on and output is None:
            raise SettingError(f"--output F beside {option}", "none", "name the file of results")
    if text and input is None:
        raise SettingError("--input F beside --text", "none", "--text names columns of --input")
    if not texts and input is None and (sys.stdin is None or sys.stdin.isatty()):
        raise InputError(
            "TEXT, --input F, or lines on standard input",
            "none of them",
            'for example: bertolt predict MODEL "A film."',
        )
    from bertolt.api import using
    from bertolt.data.unknown import UnknownTally
    from bertolt.models.device import set_threads

    set_threads(threads)
    pipeline = using.pipeline(
        folder, task=task, device=device, dtype=dtype, engine=engine, settings=settings_from(set_)
    )
    if abstain_below is not None:
        pipeline = pipeline.abstaining(abstain_below)
    if input is not None and output is not None:
        more = {"safe_for_spreadsheets": spreadsheet_safe, "resume": resume}
        done = using.predict_file(pipeline, input, output, text=text or (), **more, **read_given(context))
        _report(done, json)
        return
    if input is not None:
        pairs = _of_file(pipeline, input, text or (), read_settings(context))
    else:
        given = [*texts] if texts else _lines(sys.stdin.buffer)
        pairs = _of_inputs(pipeline, (read_input(pipeline.model.task, each) for each in given))
    unknown = UnknownTally()
    pairs = _tallied(pairs, unknown)
    if json:
        with JsonArray("results") as array:
            for _, result in pairs:
                array.add(None if result is None else result.to_dict())
    else:
        from bertolt.cli.views import print_results

        print_results(pairs)
    for warning in unknown.warnings():
        say(warning)


def _tallied(pairs: Iterable[Predicted], unknown: UnknownTally) -> Iterator[Predicted]:
    """The same pairs; the tokens of those that have passed are counted, and empty texts are said."""
    empty = nothing = 0
    for text, result in pairs:
        if result is None:
            nothing += 1
        else:
            unknown.add(result.tokens, result.unknown)
            empty += not text.strip()
        yield text, result
    if nothing:
        say(f"{counted(nothing, 'row')} without text: no result")
    if empty:
        say(f"{counted(empty, 'text is', 'texts are')} empty: a result of no text rests on nothing")


def _of_file(
    pipeline: Pipeline, name: str, text: Iterable[str], options: ReadSettings
) -> Iterator[Predicted]:
    from bertolt.data.sources import open_source
    from bertolt.data.table import remarks
    from bertolt.inference.files import predict_rows

    table = open_source(name, pipeline.model.task.layouts, options).pick("test")
    for each in predict_rows(pipeline, table, tuple(text)):
        yield " | ".join(pipeline.model.task.texts(each.example)), each.result
    for remark in remarks(table):
        say(remark)


def _of_inputs(pipeline: Pipeline, inputs: Iterable[Input]) -> Iterator[Predicted]:
    waiting: deque[Input] = deque()

    def noted() -> Iterator[Input]:
        for value in inputs:
            waiting.append(value)
            yield value

    for result in pipeline(noted()):
        value = waiting.popleft()
        yield value if isinstance(value, str) else " | ".join(map(str, value.values())), result


def _lines(stream: Iterable[bytes]) -> Iterator[str]:
    for number, raw in enumerate(stream, start=1):
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise DataError(
                "text in UTF-8 on standard input",
                f"the byte 0x{raw[error.start]:02X} on line {number}",
                "convert it first, such as: iconv -f WINDOWS-1252 -t UTF-8",
            ) from error
        yield line.removesuffix("\n").removesuffix("\r")


def _report(done: FilePrediction, as_json: bool) -> None:
    for note in done.notes:
        say(note)
    renamed = {name: column for name, column in done.columns.items() if name != column}
    for name, column in renamed.items():
        say(f"the input has a column {name!r}: the result's is called {column!r}")
    if done.without_text:
        lines = line_list(done.lines_without_text)
        say(f"{counted(done.without_text, 'row')} without text: no result for {lines}")
    if done.truncated:
        longer = counted(done.truncated, "row is", "rows are")
        say(f"{longer} longer than what the model reads: see the column truncated")
    for warning in done.unknown.warnings():
        say(warning)
    if done.replaced:
        say(f"{counted(done.replaced, 'lone surrogate')}, which this format cannot hold, written as U+FFFD")
    if as_json:
        print_json(
            {
                "output": str(done.output),
                "rows": done.rows,
                "truncated": done.truncated,
                "tokens": done.unknown.tokens,
                "unknown": done.unknown.unknown,
                "without_text": done.without_text,
                "columns": done.columns,
            }
        )
    else:
        sys.stdout.write(f"wrote {counted(done.rows, 'row')} to {done.output}\n")
