"""What every writer of a table shares: the temporary file, the errors, what UTF-8 cannot hold.

Rows go to a temporary file beside the target, ``.NAME.part``, which takes the target's name when all are
written, so that neither a failure nor an interruption leaves a half-written file or harms an older one. What
a killed process leaves of it, the next writer of the same target replaces or continues (``Writer.resume``).
One process at a time writes a target.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from bertolt.errors import DataError, DiskError
from bertolt.locks import exclusive

SURROGATE = re.compile("[\ud800-\udfff]")
"""A lone surrogate, which a str can hold and UTF-8 cannot."""


@dataclass(frozen=True, slots=True)
class SavePoint:
    """How far a temporary file is surely on the disk.

    Args:
        rows: how many it holds.
        bytes: of the file.
        replaced: see ``Writer``.
    """

    rows: int
    bytes: int
    replaced: int


def part_of(path: Path) -> Path:
    """The temporary file of a target."""
    target = path.resolve()
    return target.with_name(f".{target.name}.part")


class Writer(ABC):
    """A table that is being written; a context manager.

    Args:
        path: the file; it appears when the context ends without an exception.
        columns: the names of the columns, in order.

    Attributes:
        replaced: lone surrogates, which UTF-8 cannot hold, that were written as U+FFFD.
        keep: whether Ctrl-C leaves the temporary file, to go on with.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        self.columns = tuple(columns)
        self.replaced = 0
        self.rows = 0
        self._target = path.resolve()
        self.keep = False
        self._temporary = part_of(path)
        self._stream: BinaryIO | None = None
        self._point: SavePoint | None = None
        self._lock = contextlib.ExitStack()

    def resume(self, point: SavePoint) -> None:
        """Goes on with the temporary file that an interrupted writer left. Call it before entering.

        Args:
            point: how far it is used; what was written after it is cut off.
        """
        self._point = point

    def save(self) -> SavePoint:
        """Makes sure that the rows until now are on the disk.

        Raises:
            DiskError: if the file cannot be written, as when the disk is full.
        """
        stream = self._open_stream()
        with self._disk():
            self._settle(stream)
            stream.flush()
            os.fsync(stream.fileno())
            return SavePoint(self.rows, stream.tell(), self.replaced)

    def __enter__(self) -> Self:
        self._lock.enter_context(exclusive(self._target, "bertolt", "--output"))
        point = self._point
        try:
            with self._disk():
                self._stream = self._temporary.open("wb" if point is None else "r+b")
            with self._discarded_unless_done(self._stream), self._disk():
                if point is None:
                    self._begin(self._stream)
                else:
                    self.rows, self.replaced = point.rows, point.replaced
                    self._go_on(self._stream)
                    self._stream.truncate(point.bytes)
                    self._stream.seek(point.bytes)
        except BaseException:
            self._lock.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._finish(kind)

    def _finish(self, kind: type[BaseException] | None) -> None:
        stream = self._open_stream()
        if kind is not None and self.keep and issubclass(kind, KeyboardInterrupt):
            self._stream = None
            stream.close()
            return
        if kind is not None:
            self._discard(stream)
            return
        with self._discarded_unless_done(stream), self._disk():
            self._end(stream)
            stream.flush()
            os.fsync(stream.fileno())
            stream.close()
            os.replace(self._temporary, self._target)
        self._stream = None

    def write(self, values: Mapping[str, object]) -> None:
        """Writes one row; a column without a value is empty.

        Raises:
            DataError: if there is a value for an unknown column, or one that the format cannot hold.
            DiskError: if the file cannot be written, as when the disk is full.
        """
        stream = self._open_stream()
        unknown = next((name for name in values if name not in self.columns), None)
        if unknown is not None:
            raise DataError(
                f"values for {', '.join(self.columns)} in {self.path}",
                f"a value for {unknown!r} in row {self.rows + 1}",
                "name every column when the file is opened",
            )
        self.rows += 1
        with self._disk():
            self._write(stream, [values.get(name) for name in self.columns])

    def _begin(self, stream: BinaryIO) -> None:  # noqa: B027 (most formats begin with nothing)
        pass

    def _settle(self, stream: BinaryIO) -> None:  # noqa: B027 (most formats hold nothing back)
        pass

    def _go_on(self, stream: BinaryIO) -> None:  # noqa: B027
        pass

    @abstractmethod
    def _write(self, stream: BinaryIO, values: list[object]) -> None: ...

    def _end(self, stream: BinaryIO) -> None:  # noqa: B027
        pass

    def _open_stream(self) -> BinaryIO:
        if self._stream is None:
            raise RuntimeError("a Writer is used inside its with statement")
        return self._stream

    @contextlib.contextmanager
    def _discarded_unless_done(self, stream: BinaryIO) -> Iterator[None]:
        with contextlib.ExitStack() as undo:
            undo.callback(self._discard, stream)
            yield
            undo.pop_all()

    def _discard(self, stream: BinaryIO) -> None:
        self._stream = None
        with contextlib.suppress(OSError):  # closing flushes, which a full disk refuses again
            stream.close()
        with contextlib.suppress(OSError):
            self._temporary.unlink()

    @contextlib.contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise _disk_error(self.path, error) from error

    def _encodable(self, text: str) -> str:
        if text.isascii():
            return text
        text, count = SURROGATE.subn("\ufffd", text)
        self.replaced += count
        return text

    def _json(self, value: object) -> str:
        try:
            return json.dumps(value, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise DataError(
                f"values that JSON can hold in row {self.rows} of {self.path}",
                str(error),
                "write numbers that are finite, strings, booleans, None, lists and dictionaries",
            ) from error


def _disk_error(path: Path, error: OSError) -> DiskError:
    advice: dict[int | None, str] = {
        errno.ENOSPC: "free some space there, or write to another disk",
        errno.EDQUOT: "free some of your quota, or write to another disk",
        errno.EACCES: "choose a folder in which you may write",
        errno.EPERM: "choose a folder in which you may write",
        errno.EROFS: "choose a folder in which you may write",
    }
    return DiskError(
        f"that {path} can be written",
        f"{error.strerror or error}",
        advice.get(error.errno, "check the disk and the path"),
    )
