"""Which column of a table is which column of a task: the one door for foreign data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bertolt.data.table import Column, Row
from bertolt.errors import DataError

#: Names under which files have a text and a label, most usual first.
TEXT_NAMES = ("text", "review", "sentence", "content", "comment", "body", "tweet", "phrase", "document")
LABEL_NAMES = ("label", "labels", "sentiment", "class", "category", "target", "stars", "rating", "gold_label")


def map_columns(
    columns: Sequence[Column],
    found: Sequence[str],
    *,
    name: str,
    text: Sequence[str] = (),
    label: Sequence[str] = (),
    targets: bool = True,
) -> dict[str, str]:
    """Finds each of a task's columns in a table.

    Args:
        columns: what the task reads.
        found: the table's columns.
        name: the table's name, for messages.
        text: the table's columns that are the task's inputs, in the task's order; instead of the usual names.
        label: likewise for its targets.
        targets: whether the targets are needed.

    Returns:
        The task's column name to the table's. Optional columns, and unneeded targets, that the table
        lacks are left out.

    Raises:
        DataError: a column that is needed is missing.
    """
    mapping: dict[str, str] = {}
    missing: list[tuple[Column, str]] = []
    _refuse_twice([*text, *label])
    free = [column for column in found if column not in {*text, *label}]
    for is_target, named in ((False, text), (True, label)):
        wanted = [column for column in columns if column.target is is_target]
        option = "--label" if is_target else "--text"
        if len(named) > len(wanted):
            raise DataError(
                f"at most {len(wanted)} column name{'s' * (len(wanted) != 1)} in {option}",
                f"{len(named)}: {', '.join(named)}",
                f"name the columns for {', '.join(column.name for column in wanted)}, in this order",
            )
        for position, column in enumerate(wanted):
            given = named[position] if position < len(named) else None
            actual = _find(column, found if given is not None else free, given, option, name)
            if actual is None and column.same_as is not None:
                actual = mapping.get(column.same_as)
            if actual is not None:
                mapping[column.name] = actual
                free = [other for other in free if other != actual]
            elif column.required and (targets or not is_target):
                missing.append((column, option))
    for column, option in missing:
        if column.unless not in mapping:
            names = [column, *(other for other in columns if other.name == column.unless)]
            raise _missing(names, found, option, name)
    return mapping


def _refuse_twice(named: Sequence[str]) -> None:
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice is not None:
        raise DataError(
            "a different column for each --text and --label", f"{twice!r} twice", "name another column"
        )


def _find(column: Column, found: Sequence[str], given: str | None, option: str, name: str) -> str | None:
    if given is not None:
        if given not in found:
            raise DataError(
                f"a column {given!r} ({option}) in {name}",
                _listed(found),
                f"give {option} one of these names, or correct the file's first line",
            )
        return given
    lowered = {actual.strip().lower(): actual for actual in reversed(found)}
    for alias in (column.name, *column.aliases):
        if alias in lowered:
            return lowered[alias]
    return None


def _missing(wanted: Sequence[Column], found: Sequence[str], option: str, name: str) -> DataError:
    names = dict.fromkeys(alias for column in wanted for alias in (column.name, *column.aliases))
    return DataError(
        f"a {'label' if wanted[0].target else 'text'} column in {name}: {', '.join(names)}",
        _listed(found),
        f"name it with {option} COLUMN, or add a first line with the columns' names",
    )


def _listed(found: Sequence[str]) -> str:
    shown = ", ".join(repr(column) for column in found[:12])
    return f"the columns {shown}{', …' if len(found) > 12 else ''}" if found else "no columns"


def rename(row: Row, mapping: Mapping[str, str]) -> Row:
    """The row with the task's column names; other columns are left out."""
    values = row.values
    return Row(row.line, {ours: values.get(theirs) for ours, theirs in mapping.items()})


def read_text(row: Row, column: str) -> str:
    """A value that must be a text; None is the empty text.

    Raises:
        DataError: the value is a number, a list or the like.
    """
    value = row.values.get(column)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    raise DataError(
        f"text in the column {column!r} on line {row.line}",
        f"{type(value).__name__} {str(value)[:60]!r}",
        "choose the column that holds text with --text, or write the value in quotes",
    )


def read_label(row: Row, column: str) -> str | None:
    """A value that is a label's name: text without outer space, or a whole number as text.

    Returns:
        None where there is no value.

    Raises:
        DataError: the value is a fraction, a list or the like.
    """
    value: Any = row.values.get(column)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return str(value) if isinstance(value, bool) else str(int(value))
    raise DataError(
        f"a label in the column {column!r} on line {row.line}",
        f"{type(value).__name__} {str(value)[:60]!r}",
        "write each label as text or as a whole number",
    )
