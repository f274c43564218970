"""One JSON document: SQuAD json, or a list of objects."""

from __future__ import annotations

from bertolt.data.readers.source import TextSource, nothing_in
from bertolt.data.readers.squad import SquadTable
from bertolt.data.readers.strict_json import parse
from bertolt.data.table import MemoryTable, Row, Table
from bertolt.errors import DataError


def open_json(source: TextSource) -> Table:
    """Opens a JSON document; it stays in memory, for JSON cannot be read in part.

    A list of objects makes one row an object: its columns are the keys of all, in the order in which
    they appear, and the line of a row is its number in the list.

    Raises:
        DataError: if it is neither SQuAD json nor a list of objects.
    """
    text = "".join(source.lines())
    if not text.strip():
        raise nothing_in(source.name, "a JSON document")
    try:
        document = parse(text)
    except ValueError as error:
        several = str(error).startswith("Extra data")
        advice = "name it .jsonl if it has one object a line" if several else "correct it there"
        raise DataError(f"one JSON document in {source.name}", str(error), advice) from error
    if isinstance(document, dict) and isinstance(document.get("data"), list):
        table = SquadTable(source.name, document)
        for _ in table:  # so that what is malformed is told before any work begins
            pass
        return table
    if isinstance(document, list):
        return _objects(document, source.name)
    raise DataError(
        f"SQuAD json (an object with a list under 'data') or a list of objects in {source.name}",
        "an object without it" if isinstance(document, dict) else f"{document!r:.60}",
        "write one object a row into a list, or one a line into a .jsonl file",
    )


def _objects(document: list[object], name: str) -> MemoryTable:
    columns: dict[str, None] = {}
    rows: list[Row] = []
    for number, item in enumerate(document, start=1):
        if not isinstance(item, dict):
            raise DataError(
                f"a list of objects in {name}", f"{item!r:.60} as item {number}", "correct or remove it"
            )
        columns.update(dict.fromkeys(item))
        rows.append(Row(number, item))
    if not rows:
        raise DataError(
            f"at least one object in {name}", "an empty list", "check that it was written completely"
        )
    return MemoryTable(name, tuple(columns), rows)
