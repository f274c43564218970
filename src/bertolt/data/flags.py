"""One column of 0 and 1 for each label (one-hot columns), read as one column of lists of labels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bertolt.data.guessing import NO, YES
from bertolt.data.table import LeftOut, Row, Table
from bertolt.errors import DataError


def joined_name(columns: Sequence[str]) -> str:
    """The name of the column of lists, which messages show."""
    return " + ".join(columns)


@dataclass(frozen=True, slots=True)
class FlagTable:
    """A table with a list of labels beside its columns: the names of the columns that say yes.

    1, true and yes say that a label holds; 0, false and no that it does not. A row has no list where one of
    the values is missing or -1, as in test data whose labels are held back.

    Args:
        table: as it was read.
        flags: the columns.
    """

    table: Table
    flags: tuple[str, ...]

    @property
    def name(self) -> str:
        """The table's."""
        return self.table.name

    @property
    def columns(self) -> tuple[str, ...]:
        """The table's, and the one of lists."""
        return (*self.table.columns, joined_name(self.flags))

    @property
    def notes(self) -> tuple[str, ...]:
        """The table's."""
        return self.table.notes

    @property
    def left_out(self) -> LeftOut:
        """The table's."""
        return self.table.left_out

    def __iter__(self) -> Iterator[Row]:
        for row in self.table:
            yield Row(row.line, {**row.values, joined_name(self.flags): self._labels(row)})

    def _labels(self, row: Row) -> list[str] | None:
        holds = [_holds(row.values.get(name), name, row.line) for name in self.flags]
        if None in holds:
            return None
        return [name for name, each in zip(self.flags, holds, strict=True) if each]


def _holds(value: Any, column: str, line: int) -> bool | None:
    """Whether a label holds; None where nobody said so."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    word = str(value).strip().lower()
    if isinstance(value, str | float):
        word = word.removesuffix(".0")
    if word in ("", "-1"):
        return None
    if word in YES or word in NO:
        return word in YES
    raise DataError(
        f"0 or 1, false or true, no or yes in the label column {column!r} on line {line}",
        f"{str(value)[:60]!r}",
        "correct the value, or leave the column out: several --label name one column for each label",
    )
