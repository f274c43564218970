"""Tables of delimited text: csv, tsv, and the files without a header that a task knows.

csv follows RFC 4180, strictly: a quote inside a quoted field is doubled, and a quoted field may span
lines. tsv has two dialects, and this rule tells them apart: a tsv file is quoted as csv is, if every
field of its first line is in double quotes, or if every field of the file that contains a double
quote is properly quoted (begins and ends with one, those inside doubled); otherwise a double quote
is a character as any other.

A blank line is no record; but in a file of one column it is an empty field, unless only blank lines
follow.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bertolt.data.readers.source import TextSource, nothing_in
from bertolt.data.table import Layout, Noted, Row
from bertolt.errors import DataError

_LONGEST_FIELD = 2**31 - 1  # the csv module keeps the limit in a C long, of 32 bits on Windows
_PROPERLY_QUOTED = re.compile(rb'"(?:[^"]|"")*"')
_QUOTED_PART = re.compile(r'"[^"]*"?')


@dataclass(frozen=True, slots=True)
class DelimitedTable(Noted):
    """Records of delimited text; every value is a string.

    Args:
        name: how messages call it.
        columns: the names of its columns.
        source: its lines.
        delimiter: what stands between two fields.
        quoted: whether fields are quoted as in csv.
        layout: the layout that gave the columns; None where the header line did.
    """

    name: str
    columns: tuple[str, ...]
    source: TextSource
    delimiter: str
    quoted: bool
    layout: Layout | None = None

    def __iter__(self) -> Iterator[Row]:
        records = _records(self.source, self.delimiter, self.quoted, _most_splits(self.layout))
        if self.layout is None:
            _first(records)
        blank: list[int] = []
        for line, fields in records:
            if not fields:
                blank.append(line)
                continue
            if len(self.columns) == 1:
                for earlier in blank:
                    yield Row(earlier, {self.columns[0]: ""})
            blank.clear()
            if len(fields) != len(self.columns):
                raise self._wrong_width(line, len(fields))
            yield Row(line, dict(zip(self.columns, fields, strict=True)))

    def _wrong_width(self, line: int, found: int) -> DataError:
        origin = "the header" if self.layout is None else self.layout.name
        shown = ", ".join(self.columns[:10]) + (", …" if len(self.columns) > 10 else "")
        if self.quoted:
            advice = "put a field that contains a delimiter, a quote or a line break in double quotes"
        else:
            advice = (
                "correct that line, or save the file as csv if a field contains a delimiter or a line break"
            )
        return DataError(
            f"{_fields(len(self.columns))}, as in {origin} ({shown})",
            f"{_fields(found)} on line {line} of {self.name}",
            advice,
        )


def open_csv(source: TextSource) -> DelimitedTable:
    """Opens a csv file with a header line.

    The delimiter is the comma, or the semicolon where the header line has semicolons and no comma
    (outside quotes).

    Raises:
        DataError: if the file is empty or its header cannot be used; while rows are read, if a row
            cannot be read or has another number of fields than the header.
    """
    header = next((line for line in source.lines() if line.strip("\r\n")), "")
    bare = _QUOTED_PART.sub("", header)
    delimiter = ";" if ";" in bare and "," not in bare else ","
    return _with_header(source, delimiter, quoted=True)


def open_tsv(source: TextSource) -> DelimitedTable:
    """Opens a tab-separated file with a header line; the module says when it counts as quoted.

    Raises:
        DataError: as ``open_csv``.
    """
    return _with_header(source, "\t", quoted=_is_quoted(source))


def open_layout(source: TextSource, layouts: Sequence[Layout]) -> DelimitedTable | None:
    """Opens a file without a header line by the first of the layouts that matches its first line.

    Where a layout's delimiter is a space, the last column takes the rest of the line, spaces included.

    Args:
        source: the lines of the file.
        layouts: those that are tried, in order; their suffixes are not looked at.

    Returns:
        The table, or None if no layout matches.
    """
    for layout in layouts:
        quoted = _is_quoted(source) if layout.delimiter == "\t" else layout.delimiter in {",", ";"}
        record = _first(_records(source, layout.delimiter, quoted, _most_splits(layout)))
        if record is not None and layout.matches(record[1]):
            return DelimitedTable(source.name, layout.columns, source, layout.delimiter, quoted, layout)
    return None


def _with_header(source: TextSource, delimiter: str, quoted: bool) -> DelimitedTable:
    record = _first(_records(source, delimiter, quoted))
    if record is None:
        raise nothing_in(source.name, "a header line with the names of the columns")
    line, names = record
    seen: set[str] = set()
    for position, name in enumerate(names, start=1):
        if not name.strip() or name in seen:
            found = f"{name!r} twice" if name.strip() else f"no name for column {position}"
            raise DataError(
                "a header with a different name for every column",
                f"{found} on line {line} of {source.name}",
                "give every column a name of its own, or remove that column",
            )
        seen.add(name)
    return DelimitedTable(source.name, tuple(names), source, delimiter, quoted)


def _records(
    source: TextSource, delimiter: str, quoted: bool, most_splits: int = -1
) -> Iterator[tuple[int, list[str]]]:
    """The line on which each record begins, and its fields; none for a blank line."""
    if quoted:
        yield from _quoted_records(source, delimiter)
        return
    for line, text in enumerate(source.lines(), start=1):
        text = text.removesuffix("\n").removesuffix("\r")
        yield line, text.split(delimiter, most_splits) if text else []


def _quoted_records(source: TextSource, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(source.lines(), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _broken_record(source.name, line, str(error)) from error
        yield line, fields
        line = reader.line_num + 1


def _broken_record(name: str, line: int, reason: str) -> DataError:
    if reason.startswith("new-line"):
        return DataError(
            f"line feeds at the ends of the lines of {name}",
            f"a bare carriage return in the record that begins on line {line}",
            "put that field in double quotes, or save the file with Windows or Unix line ends",
        )
    if reason == "unexpected end of data":
        reason = "a double quote that is never closed"
    return DataError(
        f"quoted fields that end with a double quote in {name}",
        f"{reason} in the record that begins on line {line}",
        "double every quote inside a quoted field, or close the field",
    )


def _first(records: Iterator[tuple[int, list[str]]]) -> tuple[int, list[str]] | None:
    return next((record for record in records if record[1]), None)


def _most_splits(layout: Layout | None) -> int:
    return len(layout.columns) - 1 if layout is not None and layout.delimiter == " " else -1


def _is_quoted(source: TextSource) -> bool:
    anything_quoted = False
    first = True
    for raw in source.raw_lines():
        fields = raw.removesuffix(b"\n").removesuffix(b"\r").split(b"\t")
        if first and fields != [b""]:
            if all(_PROPERLY_QUOTED.fullmatch(field) for field in fields):
                return True
            first = False
        if b'"' in raw:
            if not all(_PROPERLY_QUOTED.fullmatch(field) for field in fields if b'"' in field):
                return False
            anything_quoted = True
    return anything_quoted


def _fields(number: int) -> str:
    return "1 field" if number == 1 else f"{number} fields"
