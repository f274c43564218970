"""Tables of inputs that are predicted in the background. All of it stays in the memory of this process."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal

from bertolt.data.readers.delimited import open_csv
from bertolt.data.readers.source import text_source
from bertolt.data.table import Row
from bertolt.data.unknown import UnknownTally
from bertolt.data.writers.memory import csv_bytes
from bertolt.errors import BertoltError, DataError
from bertolt.inference.files import flatten_values, free_names
from bertolt.serving.background import InUse, predict_all, progress_of
from bertolt.serving.bodies import count_characters
from bertolt.serving.dispatch import Dispatcher
from bertolt.serving.refusals import NoModelError, OverloadedError, TooLargeError
from bertolt.serving.served import Served
from bertolt.serving.settings import ServeSettings
from bertolt.tasks.reading import ColumnChoice, has_text, locate_columns
from bertolt.tasks.task import input_columns
from bertolt.wording import counted

Order = Literal["unsure", "sure", "file"]

#: How messages call what was sent.
NAME = "table.csv"
#: The column of the result's file that says why a row has none; only where there is such a row.
ERROR = "error"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as it was read.

    Args:
        columns: of the file.
        read: of those the ones that the model reads.
        rows: its records.
        inputs: the input of each; None of a row without text, which gets no result (see ``has_text``).
        note: which columns were guessed and why; empty where none was.
    """

    columns: tuple[str, ...]
    read: tuple[str, ...]
    rows: Sequence[Row]
    inputs: Sequence[Any]
    note: str = ""


def read_sheet(served: Served, content: bytes, settings: ServeSettings) -> Sheet:
    """Reads a csv file and checks every row of it, so that what cannot be used is said before the work.

    Raises:
        DataError: it is not csv, a column is missing, or a row cannot be used; names the line.
        TooLargeError: too many rows, or a row that is too long.
    """
    table = open_csv(text_source(Path(NAME), name=NAME, content=content))
    columns = input_columns(served.task)
    located = locate_columns(served.task, table, served.settings, ColumnChoice(), targets=False)
    rows: list[Row] = []
    inputs: list[Any] = []
    for row, values in located.rows():
        if len(rows) == settings.table_rows:
            raise TooLargeError(
                f"at most {settings.table_rows:,} rows in a table",
                "more",
                "cut the file, or run: bertolt predict DIR --input F --output F",
            )
        example = served.task.example(values, served.settings)  # raises what is wrong with it
        value = dict(values.values) if len(columns) > 1 else next(iter(values.values.values()))
        if (length := count_characters(value)) > settings.input_characters:
            raise TooLargeError(
                f"at most {settings.input_characters:,} characters in a row",
                f"{length:,} on line {row.line} of {NAME}",
                "shorten it, or remove the row",
            )
        rows.append(row)
        inputs.append(value if has_text(served.task, example) else None)
    if not any(value is not None for value in inputs):
        found = f"{counted(len(rows), 'row')} without text" if rows else "none"
        raise DataError(f"rows to predict in {NAME}", found, "check that the file was written completely")
    guess = located.guess.partition(" To choose others:")[0]  # the rest is a command, of no use on the page
    return Sheet(table.columns, tuple(located.mapping.values()), rows, inputs, guess)


@dataclass(slots=True)
class TableJob:
    """A table on its way.

    Args:
        id: its name, which cannot be guessed.
        served: the model.
        sheet: what is predicted.
        state: where the work stands.
        results: of the first rows; an error for a row that failed, None for one without text.
        error: why the work stopped.
    """

    id: str
    served: Served
    sheet: Sheet
    state: Literal["running", "done", "failed"] = "running"
    results: list[dict[str, Any] | BertoltError | None] = field(default_factory=list)
    error: BertoltError | None = None
    work: asyncio.Task[None] | None = None

    async def run(self, computing: InUse, settings: ServeSettings) -> None:
        """Predicts the rows, in order, all with the same model."""
        with computing.used():
            await self._predict(computing.dispatcher, settings)

    async def _predict(self, dispatcher: Dispatcher, settings: ServeSettings) -> None:
        characters = 0
        inputs = [value for value in self.sheet.inputs if value is not None]
        try:
            async for found in predict_all(dispatcher, settings, self.served, inputs):
                self._pass_rows_without_text()
                self.results.append(found)
                characters += 0 if isinstance(found, BertoltError) else count_characters(found)
                if characters > settings.table_characters:
                    raise TooLargeError(
                        f"results of at most {settings.table_characters:,} characters",
                        f"more after {len(self.results):,} of {len(self.sheet.rows):,} rows",
                        "cut the file, or run: bertolt predict DIR --input F --output F",
                    )
            self._pass_rows_without_text()
            self.state = "done"
        except BertoltError as error:
            self.state, self.error = "failed", error

    def _pass_rows_without_text(self) -> None:
        """Adds None for the rows without text that come next."""
        rest = self.sheet.inputs[len(self.results) :]
        self.results += [None for _ in takewhile(lambda value: value is None, rest)]

    def progress(self) -> dict[str, Any]:
        """Where the work stands, as the page reads it."""
        found = progress_of(self.state, len(self.results), len(self.sheet.rows), self.error)
        return {**found, "columns": list(self.sheet.read), "note": self.sheet.note}

    def page(self, order: Order, offset: int, limit: int) -> dict[str, Any]:
        """The progress, and, of a finished table, some of its rows with their results."""
        if self.state != "done":
            return {**self.progress(), "rows": []}
        places = sorted(range(len(self.results)), key=lambda place: self._key(place, order))
        good = [found for found in self.results if isinstance(found, dict)]
        return {
            **self.progress(),
            "failed": sum(isinstance(found, BertoltError) for found in self.results),
            "without_text": sum(found is None for found in self.results),
            "truncated": sum(found["truncated"] for found in good),
            "mostly_unknown": UnknownTally.of((found["tokens"], found["unknown"]) for found in good).mostly,
            "rows": [self._row(place) for place in places[offset : offset + limit]],
        }

    def _key(self, place: int, order: Order) -> tuple[float, int]:
        score = score_of(self.results[place])
        if order == "file" or score is None:
            return (0.0 if order == "file" else float("inf"), place)
        return (score if order == "unsure" else -score, place)

    def _row(self, place: int) -> dict[str, Any]:
        found, row = self.results[place], self.sheet.rows[place]
        values = {name: row.values[name] for name in self.sheet.read}
        shown = {"error": found.to_dict()} if isinstance(found, BertoltError) else {"result": found}
        return {"line": row.line, "values": values, **shown}

    def csv(self, *, safe_for_spreadsheets: bool) -> bytes:
        """All rows with their results, in the file's order: every column kept, the result's behind them.

        Args:
            safe_for_spreadsheets: see ``DelimitedWriter``.
        """
        flat = [
            {ERROR: str(found)} if isinstance(found, BertoltError) else flatten_values(found or {})
            for found in self.results
        ]
        parts = dict.fromkeys(name for each in flat for name in each)
        names = free_names(parts, self.sheet.columns)
        return csv_bytes(
            (*self.sheet.columns, *names.values()),
            (
                {**row.values, **{names[name]: value for name, value in each.items()}}
                for row, each in zip(self.sheet.rows, flat, strict=True)
            ),
            safe_for_spreadsheets=safe_for_spreadsheets,
        )


def score_of(found: Mapping[str, Any] | BertoltError | None) -> float | None:
    """How sure a result is, 0..1; None where it does not say, or there is none."""
    if found is None or isinstance(found, BertoltError):
        return None
    score = found.get("score", found.get("probabilities", {}).get(found.get("name")))
    return None if score is None else float(score)


class Tables:
    """The tables that are held, a bounded number of them for a bounded time.

    Args:
        settings: the limits.
    """

    def __init__(self, settings: ServeSettings) -> None:
        self._settings = settings
        self._jobs: dict[str, TableJob] = {}

    def check_room(self) -> None:
        """Refuses where as many tables are held as may be.

        Raises:
            OverloadedError: no room.
        """
        if len(self._jobs) >= self._settings.tables:
            raise OverloadedError(
                f"at most {self._settings.tables:,} tables at once",
                "as many",
                "wait until one is done with, and send it again",
                retry_seconds=self._settings.retry_seconds,
            )

    def add(self, served: Served, sheet: Sheet, computing: InUse) -> TableJob:
        """Begins to predict a table. It is forgotten ``table_seconds`` after it was sent.

        Raises:
            OverloadedError: see ``check_room``.
        """
        self.check_room()
        job = TableJob(secrets.token_urlsafe(16), served, sheet)
        self._jobs[job.id] = job
        job.work = asyncio.create_task(job.run(computing, self._settings))
        asyncio.get_running_loop().call_later(self._settings.table_seconds, self.drop, job.id)
        return job

    def get(self, served: Served, job: str) -> TableJob:
        """A table of a model.

        Raises:
            NoModelError: there is none of this name, or not any more.
        """
        found = self._jobs.get(job)
        if found is None or found.served.name != served.name:
            raise NoModelError(
                "a table that the server holds", "none of this name, or not any more", "send the file again"
            )
        return found

    def drop(self, job: str) -> None:
        """Stops a table and forgets it; nothing where that was done."""
        found = self._jobs.pop(job, None)
        if found is not None and found.work is not None:
            found.work.cancel()
