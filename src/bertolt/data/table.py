"""A table as every reader hands it on: named columns and rows that know their line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Row:
    """One record.

    Args:
        line: 1-based line of the file on which the record begins; in parquet, and for what is not
            a file, the 1-based number of the record.
        values: column name to value: str, int, float, bool, None, list or dict, as the format has it.
    """

    line: int
    values: Mapping[str, Any]


class LeftOut(dict[str, list[int]]):
    """The lines that a reader passes over, by reason, such as header lines in the middle of a file."""

    def add(self, reason: str, line: int) -> None:
        """Adds a line; once only, for a table can be read again and again."""
        lines = self.setdefault(reason, [])
        if not lines or line > lines[-1]:
            lines.append(line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """The part of a table that every reader has in common.

    Args:
        notes: what was guessed or passed over when the table was opened: a line for people each.
        left_out: lines that are no rows; filled while rows are read.
    """

    notes: tuple[str, ...] = ()
    left_out: LeftOut = field(default_factory=LeftOut, compare=False)


class Table(Protocol):
    """Rows that can be read again and again, in constant memory."""

    @property
    def name(self) -> str:
        """How messages call it."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was guessed or passed over when the table was opened: a line for people each."""

    @property
    def left_out(self) -> LeftOut:
        """Lines that are no rows; complete once the rows were read to their end."""

    def __iter__(self) -> Iterator[Row]: ...


@runtime_checkable
class Numbered(Protocol):
    """A table whose columns can be chosen by number, because its file does not name them."""

    def by_number(self, text: Sequence[str], label: Sequence[str]) -> Table:
        """The table with the columns that ``--text`` and ``--label`` name by their 1-based number."""


def by_number(table: Table, text: Sequence[str], label: Sequence[str]) -> Table:
    """The table with its numbered columns, where the user named one by number and the file has no names."""
    if isinstance(table, Numbered) and any(name.isdecimal() for name in (*text, *label)):
        return table.by_number(text, label)
    return table


def remarks(table: Table) -> list[str]:
    """The notes of a table and the lines that were no rows, a line for people each."""
    lines = [f"{table.name}: {note}" for note in table.notes]
    for reason, found in table.left_out.items():
        shown = ", ".join(map(str, found[:10])) + (", …" if len(found) > 10 else "")
        lines.append(f"{table.name}: left out, {reason}: {len(found):,}, lines {shown}")
    return lines


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind of file without a header line that a task knows, such as CoLA's tsv.

    Args:
        name: how messages call it, such as ``"CoLA tsv"``.
        columns: the names of its columns, in order.
        matches: told the fields of the first line, says whether the file is of this kind.
        suffixes: the endings of file names for which it is tried.
        delimiter: what stands between two fields.
        sentences: whether a line is a word with its tag, and blank lines stand between sentences: the file
            is then read as CoNLL, and only ``name`` and ``suffixes`` count.
    """

    name: str
    columns: tuple[str, ...]
    matches: Callable[[Sequence[str]], bool]
    suffixes: tuple[str, ...] = (".tsv",)
    delimiter: str = "\t"
    sentences: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a task reads.

    Args:
        name: its name in Bertolt, as in an object input: ``"text"``.
        aliases: other names under which files have it, most usual first.
        target: whether it holds what is to be learnt, so that prediction does without it.
        required: whether a row without it is an error (a target is required when training).
        unless: another column, whose presence makes this one needless: words in place of a text.
        same_as: another column, which stands in where the table has none for this one: a text that is its
            own target.
        holds: what its values look like, by which it is found where its name is unusual; None: it is found by
            its name only.
    """

    name: str
    aliases: tuple[str, ...] = ()
    target: bool = False
    required: bool = True
    unless: str | None = None
    same_as: str | None = None
    holds: Literal["text", "label", "labels"] | None = None


@dataclass(frozen=True, slots=True)
class MemoryTable(Noted):
    """Rows that are in memory already.

    Args:
        name: how messages call it.
        columns: the names of its columns.
        rows: its rows.
    """

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Row]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)
