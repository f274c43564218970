"""A text file as lines: UTF-8, numbered, read again and again, in constant memory."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from bertolt.errors import DataError

_UTF8_MARK = b"\xef\xbb\xbf"
_FOREIGN_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


@dataclass(frozen=True, slots=True)
class TextSource:
    """A text file, compressed where its name ends in ``.gz``.

    A line ends with a line feed, as editors and ``sed -n`` count; a carriage return before it stays
    part of the line.

    Args:
        path: the file.
        name: how messages call it.
        content: the bytes of a file that is in memory only; ``path`` is then no more than its name.
    """

    path: Path
    name: str
    content: bytes | None = None

    def raw_lines(self) -> Iterator[bytes]:
        """The lines as bytes, with their ends, without a byte order mark.

        Raises:
            DataError: if the file is in UTF-16 or UTF-32, cannot be read, or is damaged gzip.
        """
        try:
            with self._open() as stream:
                first = stream.readline()
                self._refuse_wide_encoding(first)
                first = first.removeprefix(_UTF8_MARK)
                if first:
                    yield first
                yield from stream
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(
                f"a whole gzip file in {self.name}",
                f"damaged data ({error})",
                "download or compress it again",
            ) from error
        except OSError as error:
            raise DataError(
                f"a file that can be read at {self.name}",
                f"{error.strerror or error}",
                "check its permissions and its disk",
            ) from error

    def lines(self) -> Iterator[str]:
        """The lines as text, with their ends.

        Raises:
            DataError: as ``raw_lines``, and if a line is not UTF-8; names the line.
        """
        for number, raw in enumerate(self.raw_lines(), start=1):
            try:
                text = raw.decode()
            except UnicodeDecodeError as error:
                raise DataError(
                    f"text in UTF-8 in {self.name}",
                    f"the byte 0x{raw[error.start]:02X} on line {number}, which is not UTF-8",
                    self._conversion("WINDOWS-1252"),
                ) from error
            yield text

    def blocks(self) -> Iterator[list[tuple[int, str]]]:
        """The lines between blank ones, without their ends, each with its number; no block is empty.

        Raises:
            DataError: as ``lines``.
        """
        block: list[tuple[int, str]] = []
        for number, text in enumerate(self.lines(), start=1):
            if text.strip():
                block.append((number, text.rstrip("\r\n")))
            elif block:
                yield block
                block = []
        if block:
            yield block

    def _open(self) -> BinaryIO:
        if self.content is not None:
            return io.BytesIO(self.content)
        if self.path.suffix.lower() == ".gz":
            return cast(BinaryIO, gzip.open(self.path, "rb"))
        return self.path.open("rb")

    def _refuse_wide_encoding(self, first: bytes) -> None:
        found = next((name for mark, name in _FOREIGN_MARKS if first.startswith(mark)), None)
        # Latin text in UTF-16 without a mark is ASCII with a NUL in every other byte.
        if found is None and len(first) >= 4 and not (any(first[0:64:2]) and any(first[1:64:2])):
            found = "UTF-16"
        if found is not None:
            raise DataError(f"text in UTF-8 in {self.name}", f"text in {found}", self._conversion(found))

    def _conversion(self, encoding: str) -> str:
        stem, dot, suffix = self.path.name.partition(".")
        return (
            "save it as UTF-8 (in Excel: CSV UTF-8), or run, with the encoding it has: "
            f"iconv -f {encoding} -t UTF-8 {self.path.name} > {stem}-utf8{dot}{suffix}"
        )


def nothing_in(name: str, expected: str) -> DataError:
    """The error for a file without any record."""
    return DataError(f"{expected} in {name}", "an empty file", "check that it was written completely")
