"""From file to file: every column of the input kept, the result's beside it, in constant memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from bertolt.data.sources import open_source
from bertolt.data.table import Row, Table, remarks
from bertolt.data.unknown import UnknownTally
from bertolt.data.writers import open_writer
from bertolt.errors import DataError, SettingError
from bertolt.inference.pipeline import Pipeline
from bertolt.progress import progress_bar
from bertolt.results import Result
from bertolt.tasks.reading import ColumnChoice, unlabelled_rows

#: Put before the name of a result's column as often as it takes to differ from the input's columns.
PREFIX = "predicted_"


@dataclass(slots=True)
class FilePrediction:
    """What was done.

    Args:
        output: the file that was written.
        columns: the result's parts (``label``, ``scores:positive``) to the columns that hold them.
        rows: how many were read and written.
        truncated: rows of which the model did not read the whole text.
        unknown: the tokens that the model's vocabulary lacks.
        without_text: rows whose texts are empty, so that their result rests on nothing.
        replaced: lone surrogates that the format of the output cannot hold, written as U+FFFD.
        notes: what was guessed about the input, and which of its lines are no rows: a line for people each.
    """

    output: Path
    columns: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    truncated: int = 0
    unknown: UnknownTally = field(default_factory=UnknownTally)
    without_text: int = 0
    replaced: int = 0
    notes: Sequence[str] = ()


def predict_file(
    pipeline: Pipeline, source: Path | str, output: Path | str, *, text: Sequence[str] = ()
) -> FilePrediction:
    """Predicts every row of a file and writes the rows with their results.

    The input is read once before anything is predicted, so that a row that cannot be used stops the work
    at its beginning, and once while it is predicted. The output appears when it is complete. A result's
    column whose name stands in the input is called ``predicted_`` and its name.

    Args:
        pipeline: what predicts.
        source: a file that the task reads, or the name of a data set, of which its test part.
        output: csv, tsv, jsonl or parquet; an older file is replaced at the end.
        text: the columns that hold the task's inputs; empty for the usual names.

    Raises:
        UnknownNameError: no such file or data set.
        DataError: the input, or one of its rows, cannot be used, or a value does not fit the output's format.
        SettingError: input and output are the same file.
        DiskError: the output cannot be written.
    """
    path, target = Path(source), Path(output)
    if target.exists() and path.exists() and target.samefile(path):
        raise SettingError(
            "an output that is another file than the input", f"{str(target)!r} twice", "name another --output"
        )
    table = open_source(str(source), pipeline.model.task.layouts).pick("test")
    open_writer(target, ("any",))  # what is wrong with the output is said before the work
    survey = survey_rows(pipeline, table, text)
    done = FilePrediction(target, without_text=survey.without_text, notes=remarks(table))
    results = predict_rows(pipeline, table, text)
    with progress_bar("predicting", survey.rows) as progress:
        first = next(results)
        done.columns = free_names(flatten(first.result), survey.columns)
        with open_writer(target, (*survey.columns, *done.columns.values())) as writer:
            for each in chain((first,), results):
                parts = {done.columns[name]: value for name, value in flatten(each.result).items()}
                writer.write({**each.row.values, **parts})
                done.rows += 1
                done.truncated += each.result.truncated
                done.unknown.add(each.result.tokens, each.result.unknown)
                progress.advance(1)
            done.replaced = writer.replaced
    return done


def _choice(pipeline: Pipeline, text: Sequence[str]) -> ColumnChoice:
    folder = "DIR" if pipeline.folder is None else str(pipeline.folder)
    return ColumnChoice(tuple(text), verb=("predict", folder, "--input"))


@dataclass(frozen=True, slots=True)
class Survey:
    """What a first reading finds.

    Args:
        columns: every column, also those that only later rows have.
        rows: how many there are.
        without_text: how many of them have empty texts.
    """

    columns: tuple[str, ...]
    rows: int
    without_text: int


def survey_rows(pipeline: Pipeline, table: Table, text: Sequence[str] = ()) -> Survey:
    """Reads a table to its end and checks that every row can be predicted.

    Raises:
        DataError: a row cannot be used, or there is none.
    """
    task = pipeline.model.task
    columns = dict.fromkeys(table.columns)
    rows = without = 0
    for row, example in unlabelled_rows(task, table, pipeline.settings, _choice(pipeline, text)):
        if row.values.keys() != columns.keys():
            columns.update(dict.fromkeys(row.values))
        rows += 1
        without += not any(part.strip() for part in task.texts(example))
    if rows == 0:
        raise DataError(
            f"rows to predict in {table.name}", "none", "check that the file was written completely"
        )
    return Survey(tuple(columns), rows, without)


@dataclass(frozen=True, slots=True)
class RowResult:
    """A row with what became of it.

    Args:
        row: as it was read.
        example: the task's record of it.
        result: the model's.
    """

    row: Row
    example: Any
    result: Result


def predict_rows(pipeline: Pipeline, table: Table, text: Sequence[str] = ()) -> Iterator[RowResult]:
    """Each row of a table with its result, in order, in constant memory.

    Raises:
        DataError: a column is missing, or a row cannot be used.
    """
    waiting: deque[tuple[Row, Any]] = deque()

    def examples() -> Iterator[Any]:
        for row, example in unlabelled_rows(
            pipeline.model.task, table, pipeline.settings, _choice(pipeline, text)
        ):
            waiting.append((row, example))
            yield example

    for result in pipeline.model.results(examples()):
        row, example = waiting.popleft()
        yield RowResult(row, example, result)


def flatten(result: Result) -> dict[str, Any]:
    """A result as columns: ``scores`` with the key ``positive`` becomes ``scores:positive``.

    Lists stay as they are: parquet and jsonl hold them, csv and tsv have them as JSON.
    """
    return flatten_values(result.to_dict())


def flatten_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a result as plain values."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat.update({f"{name}:{key}": inner for key, inner in value.items()})
        else:
            flat[name] = value
    return flat


def free_names(names: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """Each name to itself, or, where it is taken, to itself behind ``PREFIX``."""
    used = set(taken)
    found: dict[str, str] = {}
    for name in names:
        free = name
        while free in used:
            free = PREFIX + free
        used.add(free)
        found[name] = free
    return found
