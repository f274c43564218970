"""JSON lines: one object a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from bertolt.data.readers.annotations import from_doccano, with_words
from bertolt.data.readers.source import TextSource, nothing_in
from bertolt.data.readers.strict_json import parse
from bertolt.data.table import Noted, Row, Table
from bertolt.errors import DataError

ROWS_LOOKED_AT = 1000
"""Rows whose keys make the columns."""


@dataclass(frozen=True, slots=True)
class JsonLinesTable(Noted):
    """Objects, one a line; blank lines are skipped.

    Args:
        name: how messages call it.
        columns: the keys of the first 1,000 objects, in the order in which they appear. A row has
            the keys that its object has: a column may lack, and a later key is there all the same.
        source: its lines.
    """

    name: str
    columns: tuple[str, ...]
    source: TextSource

    def __iter__(self) -> Iterator[Row]:
        return _rows(self.source)


def open_json_lines(source: TextSource) -> Table:
    """Opens a file of JSON lines. Exports of annotation tools are recognised, see ``annotations``.

    Raises:
        DataError: if the file has no object; here for the first 1,000 rows and while rows are read
            for the others, if a line is not one JSON object.
    """
    first = list(islice(_rows(source), ROWS_LOOKED_AT))
    if not first:
        raise nothing_in(source.name, "at least one JSON object")
    columns = dict.fromkeys(column for row in first for column in row.values)
    notes = (*source.notes, *nested_note(first))
    return with_words(JsonLinesTable(source.name, tuple(columns), source, notes=notes))


def nested_note(rows: Sequence[Row]) -> Iterator[str]:
    """Says how the fields of objects inside rows are named."""
    for row in rows[:1]:
        inner = next((key for key, value in row.values.items() if isinstance(value, dict) and value), None)
        if inner is not None:
            name = f"{inner}.{next(iter(row.values[inner]))}"
            yield f"the column {inner!r} holds objects; name a field in it with a dot, such as --text {name}"


def _rows(source: TextSource) -> Iterator[Row]:
    first = True
    for line, text in enumerate(source.lines(), start=1):
        if not text.strip(" \t\r\n"):
            continue
        try:
            values = parse(text.rstrip())
            if not isinstance(values, dict):
                raise ValueError(f"{_KINDS[type(values)]} instead of an object")
        except ValueError as error:
            advice = "correct or remove that line"
            if first and text.lstrip()[0] in "[{":
                advice = "write each object on one line of its own; one JSON document is named .json"
            raise DataError(f"a JSON object on line {line} of {source.name}", str(error), advice) from error
        first = False
        yield Row(line, from_doccano(values))


_KINDS = {
    list: "a list",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}
