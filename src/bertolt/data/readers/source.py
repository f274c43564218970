"""A text file as lines: decoded, numbered, read again and again, in constant memory."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bertolt.data.readers.compression import DataFile, data_file
from bertolt.data.readers.encodings import Encoding, is_western, recognise, split_lines
from bertolt.data.readers.options import DEFAULT, ReadSettings
from bertolt.errors import DataError

_UTF8_MARK = b"\xef\xbb\xbf"
_MOST_BYTES_OF_A_CHARACTER = 4


@dataclass(frozen=True, slots=True)
class TextSource:
    """A text file; ``text_source`` opens it.

    A line ends with a line feed, as editors and ``sed -n`` count; a carriage return before it stays
    part of the line. In a file without line feeds it ends with a carriage return.

    Args:
        file: where the bytes come from.
        options: the bounds.
        encoding: how they are decoded.
        notes: what was guessed.
    """

    file: DataFile
    options: ReadSettings
    encoding: Encoding
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """How messages call it."""
        return self.file.name

    def raw_lines(self) -> Iterator[bytes]:
        """The lines as bytes, with their ends, without a byte order mark; not for UTF-16 and UTF-32.

        Raises:
            DataError: the file cannot be read, is damaged, or has too long a line.
        """
        most = self.options.max_cell * _MOST_BYTES_OF_A_CHARACTER
        with self.file.open(self.options) as stream:
            for number, line in enumerate(split_lines(stream, self.encoding.line_end, most), start=1):
                if len(line) > most:
                    raise self._too_long(number)
                line = line.removeprefix(_UTF8_MARK) if number == 1 else line
                if line:
                    yield line

    def lines(self) -> Iterator[str]:
        """The lines as text, with their ends.

        Raises:
            DataError: as ``raw_lines``, and if a line cannot be decoded; names the line.
        """
        if self.encoding.wide:
            yield from self._wide_lines()
            return
        name = self.encoding.name
        for number, raw in enumerate(self.raw_lines(), start=1):
            try:
                text = raw.decode(name)
            except UnicodeDecodeError as error:
                encoding = self._encoding_name()
                raise DataError(
                    f"text in {encoding} in {self.name}",
                    f"the byte 0x{raw[error.start]:02X} on line {number}, which is not {encoding}",
                    "name the encoding that it has, such as --encoding cp1252, "
                    "or save it as UTF-8 (in Excel: CSV UTF-8)",
                ) from error
            if len(text) > self.options.max_cell:
                raise self._too_long(number)
            yield text

    def text(self) -> str:
        """The whole file, for formats that cannot be read in part.

        Raises:
            DataError: as ``lines``, but for long lines.
        """
        if self.encoding.wide:
            return "".join(self._wide_lines())
        with self.file.open(self.options) as stream:
            whole = stream.read().removeprefix(_UTF8_MARK)
        try:
            return whole.decode(self.encoding.name)
        except UnicodeDecodeError:
            return "".join(self.lines())  # raises, and names the line

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

    def _wide_lines(self) -> Iterator[str]:
        most = self.options.max_cell
        with self.file.open(self.options) as stream:
            text = io.TextIOWrapper(stream, self.encoding.name, newline="\n")
            number = 0
            try:
                while line := text.readline(most + 1):
                    number += 1
                    if len(line) > most:
                        raise self._too_long(number)
                    line = line.removeprefix("\ufeff") if number == 1 else line
                    if line:
                        yield line
            except UnicodeError as error:
                raise DataError(
                    f"text in {self._encoding_name()} in {self.name}",
                    f"bytes after line {number} that are not",
                    "save it as UTF-8, or name the encoding that it has with --encoding",
                ) from error

    def _encoding_name(self) -> str:
        return self.encoding.name.upper()

    def _too_long(self, number: int) -> DataError:
        return DataError(
            f"lines of at most {self.options.max_cell:,} characters in {self.name}",
            f"more on line {number}",
            "look whether the file is what you expect; if it is, raise --max-cell",
        )


def text_source(
    path: Path,
    options: ReadSettings = DEFAULT,
    *,
    name: str | None = None,
    member: str = "",
    content: bytes | None = None,
) -> TextSource:
    """Opens a text file, and finds out its compression, its encoding and its line ends.

    Args:
        path: the file; with ``content`` no more than its name.
        options: what the user said of it.
        name: how messages call it; None: the path.
        member: of a zip archive; empty: the only data file in it.
        content: the bytes of a file that is in memory only.

    Raises:
        DataError: the file cannot be read, or its compression is damaged.
    """
    name = str(path) if name is None else name
    file = data_file(path, name, member) if content is None else DataFile(path, name, content=content)
    return source_of(file, options)


def source_of(file: DataFile, options: ReadSettings) -> TextSource:
    """The same of a file whose compression is known."""
    if options.encoding is not None:
        with file.open(options) as stream:
            head = stream.read(1 << 16)
        line_end = b"\r" if b"\r" in head.rstrip(b"\r") and b"\n" not in head else b"\n"
        return TextSource(file, options, Encoding(options.encoding, line_end))
    with file.open(options) as stream:
        found = recognise(stream)
    plain = TextSource(file, options, Encoding("utf-8", found.line_end))
    if found.name == "utf-8":
        return plain
    if found.wide:
        note = f"it is read as {found.name[:6].upper()}, as its first bytes show"
        return TextSource(file, options, found, (note,))
    sample = is_western(plain.raw_lines())
    if sample is None:
        return plain  # whose lines name the first byte that is not UTF-8
    note = (
        f"it is not UTF-8 and is read as Windows-1252, such as {sample!r}; "
        "if letters look wrong, name its encoding with --encoding"
    )
    return TextSource(file, options, Encoding("cp1252", found.line_end, sample), (note,))


def nothing_in(name: str, expected: str) -> DataError:
    """The error for a file without any record."""
    return DataError(f"{expected} in {name}", "an empty file", "check that it was written completely")
