"""Which column of a table is which column of a task: by its name. ``guessing`` looks at the values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bertolt.data.table import Column, Row
from bertolt.errors import ColumnsError, DataError
from bertolt.wording import counted, listed

#: Names under which files have a text and a label, most usual first.
TEXT_NAMES = ("text", "review", "sentence", "content", "comment", "body", "tweet", "phrase", "document")
LABEL_NAMES = ("label", "labels", "sentiment", "class", "category", "target", "stars", "rating", "gold_label")


#: What files write where nobody gave a label.
NO_LABEL = "-1"
#: A whole number that is written with a fraction: pandas writes 1.0 where a column has empty cells.
_WHOLE = re.compile(r"([+-]?\d+)\.0+")
REWRITTEN = "a label such as 1.0 read as 1"


@dataclass(slots=True)
class NamedColumns:
    """The columns that were found by their names.

    Args:
        mapping: the task's column name to the table's.
        missing: the columns that are needed and were not found.
    """

    mapping: dict[str, str] = field(default_factory=dict)
    missing: list[Column] = field(default_factory=list)


def map_columns(
    columns: Sequence[Column],
    found: Sequence[str],
    *,
    name: str,
    text: Sequence[str] = (),
    label: Sequence[str] = (),
    targets: bool = True,
) -> dict[str, str]:
    """Finds the columns of a task in a table by their names.

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
    named = find_columns(columns, found, name=name, text=text, label=label, targets=targets)
    if named.missing:
        raise missing_column(columns, named.missing[0], found, name)
    return named.mapping


def find_columns(
    columns: Sequence[Column],
    found: Sequence[str],
    *,
    name: str,
    text: Sequence[str] = (),
    label: Sequence[str] = (),
    targets: bool = True,
) -> NamedColumns:
    """The same, without an error for a column that nobody named.

    Raises:
        DataError: a column that --text or --label names is missing, or there are too many of them.
    """
    named = NamedColumns()
    _refuse_twice([*text, *label])
    free = [column for column in found if column not in {*text, *label}]
    for is_target, given in ((False, text), (True, label)):
        needed = [column for column in columns if column.target is is_target]
        option = "--label" if is_target else "--text"
        if len(given) > len(needed):
            raise DataError(
                f"at most {counted(len(needed), 'column name')} in {option}",
                f"{len(given)}: {', '.join(given)}",
                f"name the columns for {', '.join(column.name for column in needed)}, in this order",
            )
        for position, column in enumerate(needed):
            asked = given[position] if position < len(given) else None
            actual = _find(column, found if asked is not None else free, asked, option, name)
            if actual is None and column.same_as is not None:
                actual = named.mapping.get(column.same_as)
            if actual is not None:
                named.mapping[column.name] = actual
                free = [other for other in free if other != actual]
            elif column.required and (targets or not is_target):
                named.missing.append(column)
    named.missing = [column for column in named.missing if column.unless not in named.mapping]
    return named


def _refuse_twice(named: Sequence[str]) -> None:
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice is not None:
        raise DataError(
            "a different column for each --text and --label", f"{twice!r} twice", "name another column"
        )


def _find(column: Column, found: Sequence[str], given: str | None, option: str, name: str) -> str | None:
    if given is not None:
        if given not in found and given.partition(".")[0] not in found:
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


def missing_column(
    columns: Sequence[Column], missing: Column, found: Sequence[str], name: str
) -> ColumnsError:
    """The error for a column that nobody named and that has none of its usual names."""
    these = [missing, *(other for other in columns if other.name == missing.unless)]
    names = dict.fromkeys(alias for column in these for alias in (column.name, *column.aliases))
    option = "--label" if missing.target else "--text"
    return ColumnsError(
        f"a {'label' if missing.target else 'text'} column in {name}: {', '.join(names)}",
        _listed(found),
        f"name it with {option} COLUMN, or add a first line with the columns' names",
    )


def _listed(found: Sequence[str]) -> str:
    if not found:
        return "no columns"
    return f"the column{'s' * (len(found) > 1)} {listed(found)}"


def nested(values: Mapping[str, Any], name: str) -> Any:
    """The value of a column, or of a field in an object, such as ``review.body``; None if missing."""
    if name in values or "." not in name:
        return values.get(name)
    first, _, rest = name.partition(".")
    inner = values.get(first)
    return nested(inner, rest) if isinstance(inner, Mapping) else None


def rename(row: Row, mapping: Mapping[str, str]) -> Row:
    """The row with the task's column names; other columns are left out."""
    values = row.values
    return Row(row.line, {ours: nested(values, theirs) for ours, theirs in mapping.items()})


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

    A whole number has one form, however it is written: 1, 1.0 and "1.0" are the label 1.

    Returns:
        None where there is no value.

    Raises:
        DataError: the value is a fraction, a list or the like.
    """
    value: Any = row.values.get(column)
    if isinstance(value, list) and len(value) < 2:
        value = value[0] if value else None  # exports of annotation tools have a list of one label
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, str):
        return label_name(value) or None
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return str(value) if isinstance(value, bool) else str(int(value))
    raise DataError(
        f"a label in the column {column!r} on line {row.line}",
        f"{type(value).__name__} {str(value)[:60]!r}",
        "choose --task multi-label-classification, for several labels in a row"
        if isinstance(value, list | tuple)
        else "write each label as text or as a whole number",
    )


def label_name(text: str) -> str:
    """A label without outer space; of a whole number such as 1.0 without its fraction."""
    bare = text.strip()
    whole = _WHOLE.fullmatch(bare)
    return whole[1] if whole else bare


def is_rewritten(value: Any) -> bool:
    """Whether a value is a whole number that is written with a fraction; see ``read_label``."""
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, str) and _WHOLE.fullmatch(value.strip()) is not None
