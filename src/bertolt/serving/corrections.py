"""What people say that a result should have been: a SQLite file that loses nothing once it said "saved".

The journal is a write-ahead log that is synced to the disk with every correction (``synchronous=FULL``), so
what was saved outlives ``kill -9`` and a power cut. The file may be read while a server writes it.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bertolt.errors import DiskError, FolderError
from bertolt.serving.refusals import FullError, TooManyCorrectionsError

#: Of the file's form, kept in SQLite's ``user_version``.
FORMAT = 1
#: Bytes of a file; some 100,000 reviews.
MOST_BYTES = 200_000_000
#: Corrections that may come at once, and then a minute: more than people type, fewer than a disk syncs.
BURST = 30
A_MINUTE = 60

_TABLE = """
CREATE TABLE IF NOT EXISTS corrections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time TEXT NOT NULL,
    model TEXT NOT NULL,
    data TEXT NOT NULL,
    task TEXT NOT NULL,
    input TEXT NOT NULL,
    prediction TEXT NOT NULL,
    correction TEXT NOT NULL
)
"""


@dataclass(frozen=True, slots=True)
class Origin:
    """Which model a correction is of.

    Args:
        model: its folder's name.
        data: the fingerprint of its training examples, which tells it from another one of that name.
        task: what it does.
    """

    model: str
    data: str
    task: str


@dataclass(frozen=True, slots=True)
class Correction:
    """A saved one.

    Args:
        number: its id, from 1.
        time: when it was saved, ISO 8601 in UTC.
        origin: the model.
        input: as it was predicted, in JSON's types.
        prediction: what the model said.
        correction: what it should have said; its form is that of ``correction_values``.
    """

    number: int
    time: str
    origin: Origin
    input: Any
    prediction: Any
    correction: Any


def corrections_file(folder: Path) -> Path:
    """Where the corrections of a model folder are kept: beside it, so that a new model does not lose them."""
    whole = folder.resolve()
    return whole.with_name(f"{whole.name}.corrections.sqlite")


class Corrections:
    """The corrections of a server's models, safe to share between threads.

    A file is made with its first correction.

    Args:
        file: of all models; None: each model's own, see ``corrections_file``.
        most_bytes: of a file.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        file: Path | None = None,
        *,
        most_bytes: int = MOST_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = file
        self._most_bytes = most_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[Path, sqlite3.Connection] = {}
        self._allowed, self._at = float(BURST), clock()

    def save(self, folder: Path, origin: Origin, values: Mapping[str, Any]) -> int:
        """Saves one; when this returns, it is on the disk.

        Args:
            folder: the model's.
            origin: the model.
            values: ``input``, ``prediction`` and ``correction``, in JSON's types.

        Returns:
            Its id in the file.

        Raises:
            TooManyCorrectionsError: they come faster than people type.
            FullError: the file is as large as it may be, or the disk is full.
            DiskError: the file cannot be written.
        """
        row = [json.dumps(values[name]) for name in ("input", "prediction", "correction")]
        with self._lock:
            self._admit()
            file = self._file_of(folder)
            try:
                connection = self._connection(file)
                with connection:
                    cursor = connection.execute(
                        "INSERT INTO corrections (time, model, data, task, input, prediction, correction) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?)",
                        (_now(), origin.model, origin.data, origin.task, *row),
                    )
            except sqlite3.Error as error:
                if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                    raise FullError(
                        f"room in the file of corrections, of at most {self._most_bytes:,} bytes",
                        "none",
                        "export them, and move the file away",
                    ) from error
                raise _unusable(file, error) from error
            number = cursor.lastrowid
        assert number is not None
        return number

    def count(self, folder: Path, model: str) -> int:
        """How many of a model are saved."""
        return len(read_corrections(self._file_of(folder), model))

    def close(self) -> None:
        """Closes the files; whoever saves afterwards opens them again."""
        with self._lock:
            for connection in self._open.values():
                connection.close()
            self._open.clear()

    def _file_of(self, folder: Path) -> Path:
        return corrections_file(folder) if self._file is None else self._file

    def _admit(self) -> None:
        """A token bucket: ``BURST`` at once, ``A_MINUTE`` in the long run."""
        now = self._clock()
        self._allowed = min(float(BURST), self._allowed + (now - self._at) * A_MINUTE / 60)
        self._at = now
        if self._allowed < 1:
            raise TooManyCorrectionsError(
                f"at most {A_MINUTE} corrections a minute",
                "more",
                "send it again after a moment",
                retry_seconds=2,
            )
        self._allowed -= 1

    def _connection(self, file: Path) -> sqlite3.Connection:
        if file in self._open:
            return self._open[file]
        connection = sqlite3.connect(file, check_same_thread=False)
        try:
            _check_format(connection, file)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            (size,) = connection.execute("PRAGMA page_size").fetchone()
            connection.execute(f"PRAGMA max_page_count={max(1, self._most_bytes // size)}")
            with connection:
                connection.execute(_TABLE)
                connection.execute(f"PRAGMA user_version={FORMAT}")
        except (sqlite3.Error, FolderError):
            connection.close()
            raise
        self._open[file] = connection
        return connection


def read_corrections(file: Path, model: str) -> list[Correction]:
    """All of a model, in the order in which they were saved; a server may write on. None: an empty list.

    Raises:
        FolderError: the file is not ours.
        DiskError: it cannot be read.
    """
    if not file.is_file():
        return []
    query = (
        "SELECT id, time, model, data, task, input, prediction, correction FROM corrections "
        "WHERE model = ? ORDER BY id"
    )
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)) as connection:
            _check_format(connection, file)
            rows = connection.execute(query, (model,)).fetchall()
    except sqlite3.Error as error:
        raise _unusable(file, error) from error
    return [
        Correction(number, when, Origin(name, data, task), *map(json.loads, values))
        for number, when, name, data, task, *values in rows
    ]


def _check_format(connection: sqlite3.Connection, file: Path) -> None:
    """A new file has no tables; ours has our number."""
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if number != FORMAT and (number or tables):
        raise FolderError(
            "a file of corrections that this version can read", f"{str(file)!r}", "name another file"
        )


def _unusable(file: Path, error: sqlite3.Error) -> DiskError:
    return DiskError(
        f"a file of corrections {str(file)!r} that can be used",
        str(error),
        "check its permissions, or move it away",
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
