"""Tables of delimited text: csv, tsv, and the files without a header that a task knows.

csv follows RFC 4180, strictly: a quote inside a quoted field is doubled, and a quoted field may span
lines. tsv has two dialects, and this rule tells them apart: a tsv file is quoted as csv is, if every
field of its first line is in double quotes, or if every field of the file that contains a double
quote is properly quoted (begins and ends with one, those inside doubled); otherwise a double quote
is a character as any other.

The delimiter is guessed from the first records, unless the user names it. A first line ``sep=;``, which
Excel writes, names it too and is no record. A blank line is no record; but in a file of one column it is
an empty field, unless only blank lines follow.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from bertolt.data.readers.options import DEFAULT, ReadSettings
from bertolt.data.readers.records import DelimitedTable, Record, open_records
from bertolt.data.readers.source import TextSource
from bertolt.data.table import Layout
from bertolt.errors import DataError

_PROPERLY_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*')
_DELIMITERS = ",;\t|"
_SAMPLE, _MOST_RECORDS = 50, 0.5
_NAMES = {"\t": "tabs", ";": "semicolons", "|": "pipes (|)", ",": "commas", " ": "spaces"}
_QUOTE_ADVICE = "put a field that contains a delimiter, a quote or a line break in double quotes"
_PLAIN_ADVICE = "correct that line, or save the file as csv if a field contains a delimiter or a line break"


def open_csv(source: TextSource, options: ReadSettings = DEFAULT) -> DelimitedTable:
    """Opens a csv file.

    Raises:
        DataError: if the file is empty or its header cannot be used; while rows are read, if a row
            cannot be read or has another number of fields than the header.
    """
    return _open(source, options, ",")


def open_tsv(source: TextSource, options: ReadSettings = DEFAULT) -> DelimitedTable:
    """Opens a tab-separated file; the module says when it counts as quoted.

    Raises:
        DataError: as ``open_csv``.
    """
    return _open(source, options, "\t")


def _open(source: TextSource, options: ReadSettings, usual: str) -> DelimitedTable:
    csv.field_size_limit(options.max_cell)
    delimiter = options.delimiter or _named_in(source) or _guess(source, usual)
    quoted = _is_quoted(source) if delimiter == "\t" else True
    notes = list(source.notes)
    if delimiter != usual and options.delimiter is None:
        notes.append(f"its fields are separated by {_NAMES.get(delimiter, repr(delimiter))}")

    def records() -> Iterator[Record]:
        return _records(source, delimiter, quoted)

    advice = _QUOTE_ADVICE if quoted else _PLAIN_ADVICE
    return open_records(source.name, records, options, advice=advice, notes=notes)


def _named_in(source: TextSource) -> str | None:
    found = _SEPARATOR_LINE.fullmatch(next(source.lines(), ""))
    return None if found is None else found[1]


def _guess(source: TextSource, usual: str) -> str:
    """The delimiter that gives most of the first records as many fields as the header, two or more."""
    lines = list(islice((line for line in source.lines() if line.strip("\r\n")), _SAMPLE))
    best, most = usual, 0.0
    for delimiter in (usual, *_DELIMITERS.replace(usual, "")):
        try:
            records = list(csv.reader(lines, delimiter=delimiter))
        except csv.Error:
            continue
        widths = [len(record) for record in records]
        if not records or sum(bool(field.strip()) for field in records[0]) < 2:
            continue
        share = Counter(widths)[widths[0]] / len(widths)
        if share > most and (delimiter == usual or share >= _MOST_RECORDS):
            best, most = delimiter, share
    return best


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
        width = len(layout.columns)
        splits = width - 1 if layout.delimiter == " " else -1

        def records(
            delimiter: str = layout.delimiter, quoted: bool = quoted, splits: int = splits
        ) -> Iterator[Record]:
            return _records(source, delimiter, quoted, splits)

        first = next((fields for _, fields in records() if fields), None)
        if first is not None and layout.matches(first):
            advice = _QUOTE_ADVICE if quoted else _PLAIN_ADVICE
            return DelimitedTable(
                source.name, layout.columns, records, width, advice, layout=layout, notes=source.notes
            )
    return None


def _records(source: TextSource, delimiter: str, quoted: bool, most_splits: int = -1) -> Iterator[Record]:
    lines = _without_separator_line(source.lines())
    if quoted:
        yield from _quoted_records(source, lines, delimiter)
        return
    for line, text in enumerate(lines, start=1):
        text = text.removesuffix("\n").removesuffix("\r")
        yield line, text.split(delimiter, most_splits) if text else []


def _without_separator_line(lines: Iterator[str]) -> Iterator[str]:
    first = next(lines, None)
    if first is not None:
        yield "\n" if _SEPARATOR_LINE.fullmatch(first) else first
        yield from lines


def _quoted_records(source: TextSource, lines: Iterable[str], delimiter: str) -> Iterator[Record]:
    csv.field_size_limit(source.options.max_cell)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
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
    if reason.startswith("field larger"):
        return DataError(
            f"cells of at most {reason.partition('(')[2].rstrip(')')} characters in {name}",
            f"more in the record that begins on line {line}",
            "look for a double quote that is never closed, or raise --max-cell",
        )
    if reason == "unexpected end of data":
        reason = "a double quote that is never closed"
    return DataError(
        f"quoted fields that end with a double quote in {name}",
        f"{reason} in the record that begins on line {line}",
        "double every quote inside a quoted field, or close the field",
    )


def _is_quoted(source: TextSource) -> bool:
    anything_quoted = False
    first = True
    for line in source.lines():
        fields = line.removesuffix("\n").removesuffix("\r").split("\t")
        if first and fields != [""]:
            if all(_PROPERLY_QUOTED.fullmatch(field) for field in fields):
                return True
            first = False
        if '"' in line:
            if not all(_PROPERLY_QUOTED.fullmatch(field) for field in fields if '"' in field):
                return False
            anything_quoted = True
    return anything_quoted
