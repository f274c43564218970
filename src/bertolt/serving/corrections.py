"""What people say that a result should have been: a SQLite file that loses nothing once it said "saved".

A correction is written and synced to the disk in one transaction (``synchronous=EXTRA``), so what was saved
outlives ``kill -9`` and a power cut. The file may be read while a server writes it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from bertolt.errors import DiskError, FolderError, SettingError
from bertolt.serving.quotas import ADDRESS_BYTES, Quotas
from bertolt.serving.refusals import BusyError, FullError, Refusal, UnusableError

#: Of the file's form, kept in SQLite's ``user_version``.
FORMAT = 1
#: Bytes of a file; some 100,000 reviews.
MOST_BYTES = 200_000_000
#: How long a file that another process has locked is waited for.
LOCK_SECONDS = 5.0
#: Files that are read or written at once. Those who wait for a locked file hold no other threads.
THREADS = 8
#: How often a correction is written anew when its file is moved away in the same moment.
TRIES = 3

Answer = TypeVar("Answer")
#: Device and inode of a file.
Identity = tuple[int, int]

_log = logging.getLogger(__name__)

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
_INSERT = (
    "INSERT INTO corrections (time, model, data, task, input, prediction, correction) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)


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

    A file is made with its first correction. It is opened for each correction and closed again, so a file
    that was moved, deleted or replaced meanwhile is noticed, and never written to in vain.

    Args:
        file: of all models; None: each model's own, see ``corrections_file``.
        most_bytes: of a file.
        address_bytes: of the corrections of one client address.
        lock_seconds: how long a file that another process has locked is waited for.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        file: Path | None = None,
        *,
        most_bytes: int = MOST_BYTES,
        address_bytes: int = ADDRESS_BYTES,
        lock_seconds: float = LOCK_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = file
        self._most_bytes = most_bytes
        self._lock_seconds = lock_seconds
        self._quotas = Quotas(address_bytes, clock)
        self._known: dict[Path, Identity] = {}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="corrections")

    async def in_thread(self, work: Callable[[], Answer], seconds: float) -> Answer:
        """Calls ``save`` or ``count`` beside the event loop.

        Args:
            work: the call.
            seconds: how long it may take, the wait for a free thread included.

        Raises:
            BusyError: it took longer.
        """
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except TimeoutError as error:
            raise BusyError(
                f"an answer of the disk in {seconds:g} seconds", "none", "send it again later"
            ) from error

    def close(self) -> None:
        """Waits for what is being written. Corrections cannot be saved in threads afterwards."""
        self._threads.shutdown()

    def check(self, folders: Iterable[Path]) -> None:
        """Refuses files that could not be used, before the server starts. Makes none.

        Args:
            folders: of the models.

        Raises:
            SettingError: a path that is a folder, that stands in no folder, or that may not be written.
            FolderError: a file in another format.
        """
        for file in {self._file_of(folder) for folder in folders}:
            _check_place(file)
            if file.exists():
                with _reading(file, self._lock_seconds):
                    pass

    def save(self, folder: Path, origin: Origin, values: Mapping[str, Any], address: str = "") -> int:
        """Saves one; when this returns, it is on the disk, in the file that stands at the path.

        Args:
            folder: the model's.
            origin: the model.
            values: ``input``, ``prediction`` and ``correction``, in JSON's types.
            address: of the client.

        Returns:
            Its id in the file.

        Raises:
            TooManyCorrectionsError: they come faster than people type.
            FullError: the file is as large as it may be, the disk is full, or the address has used its share.
            BusyError: another process has locked the file for too long.
            UnusableError: the file cannot be written, or is not ours.
        """
        row = [json.dumps(values[name]) for name in ("input", "prediction", "correction")]
        size = sum(map(len, row))
        self._quotas.admit(address, size)
        file = self._file_of(folder)
        cells = (_now(), origin.model, origin.data, origin.task, *row)
        for _ in range(TRIES):
            number = self._write(file, cells)
            # The file may have been moved or deleted while it was written. Then the row is written again.
            if number is not None:
                self._quotas.add_saved(address, size)
                return number
        raise UnusableError(
            f"a file of corrections {str(file)!r} that stays in its place",
            f"that it was moved or deleted {TRIES} times while it was written",
            "send it again",
        )

    def _write(self, file: Path, cells: Sequence[str]) -> int | None:
        """Writes a row. None: the file at the path is not the one that was written to."""
        before = _identity(file)
        if (known := self._known.get(file)) is not None and before != known:
            _log.warning("the file of corrections %s was moved, deleted or replaced", file)
        with _errors(file, self._most_bytes), closing(_connect(file, self._lock_seconds)) as connection:
            self._prepare(connection, file)
            opened = _identity(file)
            if opened is None or before not in (None, opened):
                return None
            with connection:
                number = connection.execute(_INSERT, cells).lastrowid
            assert number is not None
        if _identity(file) != opened:
            return None
        self._known[file] = opened
        return number

    def _prepare(self, connection: sqlite3.Connection, file: Path) -> None:
        _check_format(connection, file)
        # One file holds everything between two corrections, so that it may be moved away at any time.
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA synchronous=EXTRA")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        connection.execute(f"PRAGMA max_page_count={max(1, self._most_bytes // size)}")
        (number,) = connection.execute("PRAGMA user_version").fetchone()
        if number != FORMAT:
            if file in self._known and _identity(file) == self._known[file]:
                _log.warning("the file of corrections %s was emptied", file)
            with connection:
                connection.execute(_TABLE)
                connection.execute(f"PRAGMA user_version={FORMAT}")

    def count(self, folder: Path, model: str) -> int:
        """How many of a model are saved.

        Raises:
            BusyError, UnusableError: see ``save``.
        """
        file = self._file_of(folder)
        if not file.exists():
            return 0
        with _errors(file, self._most_bytes), _reading(file, self._lock_seconds) as connection:
            query = "SELECT count(*) FROM corrections WHERE model = ?"
            (number,) = connection.execute(query, (model,)).fetchone()
        return int(number)

    def _file_of(self, folder: Path) -> Path:
        return corrections_file(folder) if self._file is None else self._file


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
    with _reading(file, LOCK_SECONDS) as connection:
        try:
            rows = connection.execute(query, (model,)).fetchall()
        except sqlite3.Error as error:
            raise _unreadable(file, error) from error
    return [
        Correction(number, when, Origin(name, data, task), *map(json.loads, values))
        for number, when, name, data, task, *values in rows
    ]


def _connect(file: Path, lock_seconds: float) -> sqlite3.Connection:
    return sqlite3.connect(file, timeout=lock_seconds, check_same_thread=False)


@contextmanager
def _reading(file: Path, lock_seconds: float) -> Iterator[sqlite3.Connection]:
    """A connection that only reads, to a file of ours."""
    place = f"file:{quote(str(file))}?mode=ro"
    try:
        connection = sqlite3.connect(place, timeout=lock_seconds, uri=True)
    except sqlite3.Error as error:
        raise _unreadable(file, error) from error
    with closing(connection):
        try:
            _check_format(connection, file)
        except sqlite3.Error as error:
            raise _unreadable(file, error) from error
        yield connection


@contextmanager
def _errors(file: Path, most_bytes: int) -> Iterator[None]:
    """Whatever SQLite, or a file that is not ours, raises, as an answer of the server."""
    try:
        yield
    except FolderError as error:
        raise UnusableError(error.expected, error.found, error.do) from error
    except DiskError as error:
        raise _refusal(file, error.__cause__, most_bytes) from error
    except sqlite3.Error as error:
        raise _refusal(file, error, most_bytes) from error


def _refusal(file: Path, error: BaseException | None, most_bytes: int) -> Refusal:
    code = getattr(error, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_FULL:
        return FullError(
            f"room in the file of corrections, of at most {most_bytes:,} bytes, and on its disk",
            "none",
            "export them, and move the file away",
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return BusyError(
            "a file of corrections that no other process has locked", str(error), "send it again later"
        )
    return UnusableError(
        f"a file of corrections {str(file)!r} that can be used",
        str(error),
        "check its permissions, or move it away",
    )


def _check_place(file: Path) -> None:
    """Refuses a path at which no file of corrections can be written."""
    found = None
    if file.is_dir():
        found = f"a folder {str(file)!r}"
    elif not file.parent.is_dir():
        found = f"no folder {str(file.parent)!r}"
    elif file.exists() and not file.is_file():
        found = f"{str(file)!r}, which is no file"
    elif not os.access(file.parent, os.W_OK):  # SQLite writes its journal beside the file
        found = f"the folder {str(file.parent)!r}, which may not be written"
    elif file.exists() and not os.access(file, os.W_OK):
        found = f"{str(file)!r}, which may not be written"
    if found is not None:
        raise SettingError(
            "a file for corrections that can be written",
            found,
            "name another with --corrections FILE, or take no corrections with --read-only",
        )


def _identity(file: Path) -> Identity | None:
    """Which file stands at a path: its device and inode. None: no file."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _check_format(connection: sqlite3.Connection, file: Path) -> None:
    """A new file has no tables; ours has our number and our table."""
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    if (number, tables) == (0, []):
        return
    if number != FORMAT or "corrections" not in tables:
        raise FolderError(
            "a file of corrections that this version can read", f"{str(file)!r}", "name another file"
        )


def _unreadable(file: Path, error: sqlite3.Error) -> DiskError:
    return DiskError(
        f"a file of corrections {str(file)!r} that can be used",
        str(error),
        "check its permissions, or move it away",
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
