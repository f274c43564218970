"""One JSON document: rows in any of the usual shapes, SQuAD json, or an export of an annotation tool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bertolt.data.readers.annotations import from_label_studio, is_label_studio, with_words
from bertolt.data.readers.json_lines import JsonLinesTable, nested_note, open_json_lines
from bertolt.data.readers.source import TextSource, nothing_in
from bertolt.data.readers.squad import SquadTable
from bertolt.data.readers.strict_json import parse
from bertolt.data.table import MemoryTable, Row, Table
from bertolt.errors import DataError

_ADVICE = "write one object a row into a list, or one a line into a .jsonl file (in pandas: orient='records')"


def open_json(source: TextSource) -> Table:
    """Opens a JSON document; it stays in memory, for JSON cannot be read in part.

    Read are SQuAD json; a list of objects, also under ``data``; objects a line (as in ``.jsonl``); a table
    by columns, as pandas writes it (``{"text": {"0": …}}`` or ``{"text": […]}``), and its orients ``index``
    and ``split``; and Label Studio's exports. The columns are the keys of all rows, in the order in which
    they appear, and the line of a row is its number.

    Raises:
        DataError: if it is none of these.
    """
    text = source.text()
    if not text.strip():
        raise nothing_in(source.name, "a JSON document")
    try:
        document = parse(text)
    except ValueError as error:
        if str(error).startswith("Extra data"):
            return _lines(source, str(error))
        raise DataError(f"one JSON document in {source.name}", str(error), "correct it there") from error
    if isinstance(document, list):
        return _from_list(document, source)
    if isinstance(document, dict) and document:
        return _from_object(document, source)
    raise DataError(f"rows in the JSON document {source.name}", f"{document!r:.60}", _ADVICE)


def _lines(source: TextSource, reason: str) -> Table:
    try:
        table = open_json_lines(source)
    except DataError as error:
        raise DataError(
            f"one JSON document in {source.name}", reason, "name it .jsonl if it has one object a line"
        ) from error
    if not isinstance(table, JsonLinesTable):
        return table
    notes = (*table.notes, "it has a JSON object on each line and is read as such")
    return JsonLinesTable(table.name, table.columns, table.source, notes=notes)


def _from_list(document: list[Any], source: TextSource) -> Table:
    if is_label_studio(document):
        rows, notes = from_label_studio(document)
        return _rows(rows, source, notes)
    return _rows(document, source)


def _from_object(document: dict[str, Any], source: TextSource) -> Table:
    data = document.get("data")
    if isinstance(data, list) and any(isinstance(item, dict) and "paragraphs" in item for item in data):
        return _squad(document, source)
    if isinstance(data, list) and data and all(isinstance(item, dict) for item in data):
        return _rows(data, source, ["its rows are those under 'data'"])
    if isinstance(data, list) and isinstance(document.get("columns"), list):
        return _from_split(document["columns"], data, source)
    for reads in (_by_columns, _by_index, _by_lists):
        rows = reads(document)
        if rows is not None:
            how = "by rows" if reads is _by_index else "column by column"
            return _rows(rows, source, [f"it is read {how}, as pandas writes it"])
    raise DataError(
        f"rows in the JSON document {source.name}: a list of objects, or SQuAD json",
        f"an object with {', '.join(map(repr, list(document)[:6]))}",
        _ADVICE,
    )


def _squad(document: dict[str, Any], source: TextSource) -> Table:
    table = SquadTable(source.name, document, notes=source.notes)
    for _ in table:  # so that what is malformed is told before any work begins
        pass
    return table


def _from_split(columns: list[Any], data: list[Any], source: TextSource) -> Table:
    names = list(map(str, columns))
    for number, row in enumerate(data, start=1):
        if not isinstance(row, list) or len(row) != len(names):
            raise DataError(
                f"a list of {len(names)} values for each row under 'data' of {source.name}",
                f"{row!r:.60} as row {number}",
                _ADVICE,
            )
    rows = [dict(zip(names, row, strict=True)) for row in data]
    return _rows(rows, source, ["it is read as pandas writes it with orient='split'"])


def _by_columns(document: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Rows of ``{"text": {"0": …, "1": …}, "label": {…}}``."""
    columns = list(document.values())
    if not all(isinstance(column, dict) for column in columns):
        return None
    keys = list(columns[0])
    if not keys or any(list(column) != keys for column in columns):
        return None
    # The same shape by rows: the row numbers are outside then.
    if not all(map(str.isdecimal, keys)) and (all(map(str.isdecimal, document)) or len(keys) < len(columns)):
        return None
    return [{name: column[key] for name, column in document.items()} for key in keys]


def _by_index(document: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Rows of ``{"0": {"text": …, "label": …}, "1": {…}}``."""
    rows = list(document.values())
    if not all(isinstance(row, dict) for row in rows) or len({tuple(row) for row in rows}) != 1:
        return None
    return rows


def _by_lists(document: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Rows of ``{"text": ["…", "…"], "label": […]}``."""
    columns = list(document.values())
    if (
        not all(isinstance(column, list) for column in columns)
        or len({len(column) for column in columns}) != 1
    ):
        return None
    return [dict(zip(document, values, strict=True)) for values in zip(*columns, strict=True)]


def _rows(document: Sequence[Any], source: TextSource, notes: Sequence[str] = ()) -> Table:
    columns: dict[str, None] = {}
    rows: list[Row] = []
    for number, item in enumerate(document, start=1):
        if not isinstance(item, dict):
            raise DataError(f"a list of objects in {source.name}", f"{item!r:.60} as item {number}", _ADVICE)
        columns.update(dict.fromkeys(item))
        rows.append(Row(number, item))
    if not rows:
        raise DataError(
            f"at least one object in {source.name}", "an empty list", "check that it was written completely"
        )
    said = (*source.notes, *notes, *nested_note(rows))
    return with_words(MemoryTable(source.name, tuple(columns), rows, notes=said))
