"""Tables of records under a header line, as csv files and sheets have them.

A column without a name (the index of pandas, the empty last columns of Excel) is left aside, with a note.
A record that repeats the header (files that were joined) is left out, and listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from bertolt.data.columns import LABEL_NAMES, TEXT_NAMES
from bertolt.data.readers.options import ReadSettings
from bertolt.data.readers.source import nothing_in
from bertolt.data.table import Layout, Noted, Row
from bertolt.errors import DataError, HeaderError
from bertolt.wording import counted, listed, shortened

#: The line on which a record begins, and its fields; none for a blank line.
Record = tuple[int, Sequence[Any]]
Records = Callable[[], Iterator[Record]]

_SAMPLE = 100
_REPEATED = "repeats of the header line"
_NAMES = {*TEXT_NAMES, *LABEL_NAMES, "id"}


@dataclass(frozen=True, slots=True)
class DelimitedTable(Noted):
    """Records with one field a column.

    Args:
        name: how messages call it.
        columns: the names of its columns.
        records: reads it from the beginning.
        width: fields a record.
        advice: what to do with a record of another width.
        kept: the fields that are columns; None: all.
        header: the fields of the header line; None where there is none.
        layout: the layout that gave the columns; None where the header line did.
    """

    name: str
    columns: tuple[str, ...]
    records: Records
    width: int
    advice: str
    kept: tuple[int, ...] | None = None
    header: Sequence[Any] | None = None
    layout: Layout | None = None

    def __iter__(self) -> Iterator[Row]:
        records = self.records()
        header = self.header or ()
        if self.header is not None:
            _first(records)
        repeats = len(header) > 1  # in one column, the name may be a text
        least = self.width if self.kept is None else max(self.kept) + 1
        blank: list[int] = []
        for line, fields in records:
            if not fields:
                blank.append(line)
                continue
            if self.width == 1:
                for earlier in blank:
                    yield Row(earlier, {self.columns[0]: ""})
            blank.clear()
            if not least <= len(fields) <= self.width:
                raise self._wrong_width(line, len(fields))
            if repeats and fields[0] == header[0] and list(fields) == list(header):
                self.left_out.add(_REPEATED, line)
                continue
            if self.kept is not None:
                fields = [fields[place] for place in self.kept]
            yield Row(line, dict(zip(self.columns, fields, strict=True)))

    def _wrong_width(self, line: int, found: int) -> DataError:
        origin = "the header" if self.header is not None else "the first line"
        if self.layout is not None:
            origin = self.layout.name
        shown = ", ".join(column[:40] for column in self.columns[:10])
        shown += ", …" if len(self.columns) > 10 else ""
        return DataError(
            f"{counted(self.width, 'field')}, as in {origin} ({shown})",
            f"{counted(found, 'field')} on line {line} of {self.name}",
            self.advice,
        )


def open_records(
    name: str, records: Records, options: ReadSettings, *, advice: str, notes: Sequence[str] = ()
) -> DelimitedTable:
    """Opens records whose first one is the header, unless the user says that there is none.

    Raises:
        DataError: no record; a header that cannot be used, or that looks like data.
    """
    beginning = records()
    first = _first(beginning)
    if first is None:
        raise nothing_in(name, "a header line with the names of the columns")
    line, fields = first
    if options.header is False:
        numbers = tuple(str(number) for number in range(1, len(fields) + 1))
        return DelimitedTable(name, numbers, records, len(fields), advice, notes=tuple(notes))
    sample = [list(row) for _, row in islice(beginning, _SAMPLE) if row]
    header = ["" if field is None else str(field) for field in fields]
    if options.header is None and _looks_like_data(header, sample):
        raise _no_header(name, header, sample)
    if sample and all(len(row) == len(header) + 1 for row in sample) and _counts([row[0] for row in sample]):
        header = ["", *header]  # R writes the names of rows, and no name above them
    kept = tuple(place for place, column in enumerate(header) if column.strip())
    _refuse_bad_names(name, line, header, kept)
    if len(kept) == len(header):
        return DelimitedTable(
            name, tuple(header), records, len(header), advice, header=fields, notes=tuple(notes)
        )
    columns = tuple(header[place] for place in kept)
    found = [*notes, *_unnamed(records, header)]
    return DelimitedTable(
        name, columns, records, len(header), advice, kept=kept, header=fields, notes=tuple(found)
    )


def _refuse_bad_names(name: str, line: int, header: Sequence[str], kept: Sequence[int]) -> None:
    names = [header[place] for place in kept]
    twice = next((column for place, column in enumerate(names) if column in names[:place]), None)
    if twice is None and names:
        return
    found = "no name at all" if twice is None else f"{shortened(twice)} twice"
    raise DataError(
        "a header with a different name for every column",
        f"{found} on line {line} of {name}",
        "give every column a name of its own, or remove that column",
    )


def _unnamed(records: Records, header: Sequence[str]) -> Iterator[str]:
    """A note for each column without a name, after a look at all of its values."""
    places = [place for place, column in enumerate(header) if not column.strip()]
    counting = dict.fromkeys(places, True)
    before: dict[int, str] = {}
    filled: dict[int, list[tuple[int, str]]] = {place: [] for place in places}
    rows = records()
    _first(rows)
    for line, fields in rows:
        for place in places:
            value = "" if place >= len(fields) or fields[place] is None else str(fields[place]).strip()
            if not value:
                continue
            counting[place] = counting[place] and _follows(before.get(place), value)
            before[place] = value
            if len(filled[place]) < 2:
                filled[place].append((line, value))
    empty = [str(place + 1) for place in places if not filled[place]]
    if empty:
        several = len(empty) > 1
        listed = f"columns {', '.join(empty)} have" if several else f"column {empty[0]} has"
        yield f"{listed} neither a name nor a value and {'are' if several else 'is'} left aside"
    for place in places:
        if filled[place] and counting[place] and len(filled[place]) > 1:
            yield f"column {place + 1} has no name and counts the rows: it is left aside"
        elif filled[place]:
            line, value = filled[place][0]
            yield (
                f"column {place + 1} has no name and is left aside, though it has values, such as "
                f"{shortened(value)} on line {line}: name it in the first line to read it"
            )


def _follows(before: str | None, value: str) -> bool:
    if not value.isdecimal():
        return False
    return int(value) in {0, 1} if before is None else int(value) == int(before) + 1


def _counts(values: Sequence[Any]) -> bool:
    texts = [str(value) for value in values]
    return all(_follows(before, value) for before, value in zip([None, *texts], texts, strict=False))


def _looks_like_data(header: Sequence[str], sample: Sequence[Sequence[Any]]) -> bool:
    """Whether a first line is no header: a number over numbers, or a value that its column has again."""
    names = {column.strip().lower() for column in header}
    if names & _NAMES or not sample or _counts(header):
        return False
    for place, column in enumerate(header):
        rows = [row for row in sample if list(map(str, row)) != list(header)]
        values = [str(row[place]).strip() for row in rows if place < len(row)]
        filled = {value for value in values if value}
        if _is_number(column) and filled and all(map(_is_number, filled)):
            return True
        if column.strip() in filled and len(filled) > 1:
            return True
    return False


def _no_header(name: str, header: Sequence[str], sample: Sequence[Sequence[Any]]) -> HeaderError:
    width = len(header)
    values = [[str(row[place]) for row in sample if place < len(row)] for place in range(width)]
    words = [sum(len(value.split()) for value in column) / max(len(column), 1) for column in values]
    text = max(range(width), key=lambda place: words[place])
    others = [place for place in range(width) if place != text]
    label = min(others, key=lambda place: len(set(values[place]))) if others else None
    choice = f"--text {text + 1}" + (f" --label {label + 1}" if label is not None else "")
    return HeaderError(
        f"a first line with the names of the columns in {name}",
        f"a line like the others: {listed(header, 6)}",
        f"add --no-header and choose the columns by number, such as: --no-header {choice} "
        "(if these are names, add --header)",
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _first(records: Iterator[Record]) -> Record | None:
    return next((record for record in records if record[1]), None)
