"""What every writer of a table shares: the temporary file, the errors, what UTF-8 cannot hold.

Rows go to a temporary file beside the target, which takes the target's name when all are written, so
that neither a failure nor an interruption leaves a half-written file or harms an older one.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from bertolt.errors import DataError, DiskError

SURROGATE = re.compile("[\ud800-\udfff]")
"""A lone surrogate, which a str can hold and UTF-8 cannot."""


class Writer(ABC):
    """A table that is being written; a context manager.

    Args:
        path: the file; it appears when the context ends without an exception.
        columns: the names of the columns, in order.

    Attributes:
        replaced: lone surrogates, which UTF-8 cannot hold, that were written as U+FFFD.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        self.columns = tuple(columns)
        self.replaced = 0
        self.rows = 0
        self._target = path.resolve()
        self._temporary = self._target.with_name(f".{self._target.name}.{secrets.token_hex(4)}.tmp")
        self._stream: BinaryIO | None = None

    def __enter__(self) -> Self:
        with self._disk():
            self._stream = self._temporary.open("xb")
        with self._discarded_unless_done(self._stream), self._disk():
            self._begin(self._stream)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stream = self._open_stream()
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
