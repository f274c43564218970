"""From file to file: every column of the input kept, the result's beside it, in constant memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from bertolt.data.readers.options import DEFAULT, ReadSettings
from bertolt.data.sources import open_source
from bertolt.data.table import Row, Table, remarks
from bertolt.data.unknown import UnknownTally
from bertolt.data.writers import Writer, open_writer
from bertolt.errors import DataError, SettingError, StoppedError
from bertolt.inference.pipeline import Pipeline
from bertolt.inference.unfinished import State, Unfinished, identity_of
from bertolt.locks import exclusive
from bertolt.progress import progress_bar
from bertolt.results import Result
from bertolt.tasks.reading import ColumnChoice, has_text, locate_columns, unlabelled_rows
from bertolt.wording import counted

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
        without_text: rows without text, which get no result (see ``has_text``).
        lines_without_text: their lines.
        replaced: lone surrogates that the format of the output cannot hold, written as U+FFFD.
        notes: what was guessed about the input, and which of its lines are no rows: a line for people each.
    """

    output: Path
    columns: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    truncated: int = 0
    unknown: UnknownTally = field(default_factory=UnknownTally)
    without_text: int = 0
    lines_without_text: Sequence[int] = ()
    replaced: int = 0
    notes: Sequence[str] = ()

    @property
    def counts(self) -> dict[str, Any]:
        """What a prediction that goes on must know, as plain values."""
        return {"columns": self.columns, "truncated": self.truncated, "unknown": asdict(self.unknown)}


def predict_file(
    pipeline: Pipeline,
    source: Path | str,
    output: Path | str,
    *,
    text: Sequence[str] = (),
    options: ReadSettings = DEFAULT,
    safe_for_spreadsheets: bool = False,
    resume: bool = False,
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
        options: what the user said of the input's file.
        safe_for_spreadsheets: see ``open_writer``.
        resume: go on with the rows that an interrupted prediction into ``output`` left.

    Raises:
        UnknownNameError: no such file or data set.
        DataError: the input, or one of its rows, cannot be used, it changes while it is read, or a value does
            not fit the output's format.
        SettingError: input and output are the same file, or there is nothing to resume.
        BusyError: another process writes the output.
        DiskError: the output cannot be written.
    """
    path, target = Path(source), Path(output)
    if target.exists() and path.exists() and target.samefile(path):
        raise SettingError(
            "an output that is another file than the input", f"{str(target)!r} twice", "name another --output"
        )
    table = open_source(str(source), pipeline.model.task.layouts, options).pick("test")
    # What is wrong with the output is said before the work.
    open_writer(target, ("any",), safe_for_spreadsheets=safe_for_spreadsheets)
    with exclusive(target, "bertolt predict", "--output"):
        survey = survey_rows(pipeline, table, text)
        without = survey.without_text
        done = FilePrediction(target, without_text=len(without), lines_without_text=without)
        choices = {
            "--text": list(text),
            "--spreadsheet-safe": safe_for_spreadsheets,
            "how the input is read": options.model_dump(mode="json"),
            "rows": survey.rows,
        }
        unfinished = Unfinished(target, identity_of(pipeline, str(source), choices))
        state = unfinished.resume() if resume else None
        done.notes = [
            *remarks(table),
            *([survey.guess] if survey.guess else []),
            *_resume_notes(unfinished.read(), resume),
        ]
        if state is None:
            unfinished.remove()
        writing = _Writing(unfinished, state, safe_for_spreadsheets)
        _predict_rows_into(done, pipeline, table, survey, text, writing)
    return done


@dataclass(frozen=True, slots=True)
class _Writing:
    """How the output is written: where its state stands, from where it goes on, and for which programs."""

    unfinished: Unfinished
    state: State | None
    safe: bool


def _resume_notes(left: State | None, resume: bool) -> list[str]:
    if left is None:
        return []
    rows = counted(left.point.rows, "row")
    if resume:
        return [f"went on after {rows} of the interrupted prediction"]
    return [f"removed {rows} of an interrupted prediction; --resume would have gone on with them"]


def _predict_rows_into(
    done: FilePrediction,
    pipeline: Pipeline,
    table: Table,
    survey: Survey,
    text: Sequence[str],
    writing: _Writing,
) -> None:
    skip = 0
    if writing.state is not None:
        skip = done.rows = writing.state.point.rows
        done.columns = dict(writing.state.counts["columns"])
        done.truncated = int(writing.state.counts["truncated"])
        done.unknown = UnknownTally(**writing.state.counts["unknown"])
    results = predict_rows(pipeline, table, text, skip=skip)
    before: list[RowResult] = []  # rows without a result, until one has the columns
    with progress_bar("predicting", survey.rows - skip) as progress:
        if not done.columns:
            for each in results:
                before.append(each)
                if each.result is not None:
                    done.columns = free_names(flatten(each.result), survey.columns)
                    break
        columns = (*survey.columns, *done.columns.values())
        writer = open_writer(done.output, columns, safe_for_spreadsheets=writing.safe)
        if writing.state is not None:
            writer.resume(writing.state.point)
            writer.keep = True
        with _removed_unless_kept(writing.unfinished, writer), writer:
            for each in chain(before, results):
                found = {} if each.result is None else flatten(each.result)
                parts = {column: found.get(name) for name, column in done.columns.items()}
                writer.write({**each.row.values, **parts})
                done.rows += 1
                if each.result is not None:
                    done.truncated += each.result.truncated
                    done.unknown.add(each.result.tokens, each.result.unknown)
                writing.unfinished.save_if_due(writer, done.counts)
                progress.advance(1)
            if done.rows != survey.rows:
                raise DataError(
                    f"the same rows of {table.name} in both readings",
                    f"{survey.rows:,} in the first, {done.rows:,} in the second",
                    "run the command again; nothing was written",
                )
            done.replaced = writer.replaced


@contextmanager
def _removed_unless_kept(unfinished: Unfinished, writer: Writer) -> Iterator[None]:
    """Removes the state with the temporary file; both stay after Ctrl-C.

    Raises:
        StoppedError: Ctrl-C, where the prediction can go on.
    """
    try:
        yield
    except KeyboardInterrupt:
        if writer.keep:
            raise StoppedError("go on with: the same command and --resume") from None
        unfinished.remove()
        raise
    except BaseException:
        unfinished.remove()
        raise
    unfinished.remove()


def _choice(pipeline: Pipeline, text: Sequence[str]) -> ColumnChoice:
    folder = "DIR" if pipeline.folder is None else str(pipeline.folder)
    return ColumnChoice(tuple(text), verb=("predict", folder, "--input"))


@dataclass(frozen=True, slots=True)
class Survey:
    """What a first reading finds.

    Args:
        columns: every column, also those that only later rows have.
        rows: how many there are.
        without_text: the lines of those without text.
        guess: which columns were guessed and why; empty where none was.
    """

    columns: tuple[str, ...]
    rows: int
    without_text: Sequence[int]
    guess: str = ""


def survey_rows(pipeline: Pipeline, table: Table, text: Sequence[str] = ()) -> Survey:
    """Reads a table to its end and checks that every row can be predicted.

    Raises:
        DataError: a row cannot be used, or there is none with a text.
    """
    task = pipeline.model.task
    columns = dict.fromkeys(table.columns)
    rows, without = 0, []
    located = locate_columns(task, table, pipeline.settings, _choice(pipeline, text), targets=False)
    for row, renamed in located.rows():
        example = task.example(renamed, pipeline.settings)
        if row.values.keys() != columns.keys():
            columns.update(dict.fromkeys(row.values))
        rows += 1
        if not has_text(task, example):
            without.append(row.line)
    if rows == len(without):
        found = f"{counted(rows, 'row')} without text" if rows else "no rows, only the names of the columns"
        do = "choose the column with --text" if rows else "check that the file was written completely"
        raise DataError(f"rows to predict in {table.name}", found, do)
    return Survey(tuple(columns), rows, without, located.guess)


@dataclass(frozen=True, slots=True)
class RowResult:
    """A row with what became of it.

    Args:
        row: as it was read.
        example: the task's record of it.
        result: the model's; None where the row has no text (see ``has_text``).
    """

    row: Row
    example: Any
    result: Result | None


def predict_rows(
    pipeline: Pipeline, table: Table, text: Sequence[str] = (), *, skip: int = 0
) -> Iterator[RowResult]:
    """Each row of a table with its result, in order, in constant memory; without the first ``skip`` rows.

    Raises:
        DataError: a column is missing, or a row cannot be used.
    """
    task = pipeline.model.task
    waiting: deque[tuple[Row, Any]] = deque()

    def examples() -> Iterator[Any]:
        rows = unlabelled_rows(task, table, pipeline.settings, _choice(pipeline, text))
        for row, example in islice(rows, skip, None):
            waiting.append((row, example))
            if has_text(task, example):
                yield example

    def without_result() -> Iterator[RowResult]:
        while waiting and not has_text(task, waiting[0][1]):
            yield RowResult(*waiting.popleft(), None)

    for result in pipeline.model.results(examples()):
        yield from without_result()
        yield RowResult(*waiting.popleft(), result)
    yield from without_result()


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
