"""Tables to a task's examples, with an account of what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bertolt.data.columns import map_columns, rename
from bertolt.data.table import Row, Table
from bertolt.errors import DataError, InputError
from bertolt.tasks.task import Task, TaskSettings, has_target, input_columns


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """The columns that the user named, in the task's order; empty for the usual names."""

    text: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    group: str | None = None


@dataclass(slots=True)
class Reading:
    """The examples of a table.

    Args:
        name: the table's.
        columns: the task's column to the table's.
        examples: those that can be learnt from, or predicted.
        groups: the group of each example; empty without a group column.
        without_text, without_label: lines that were left out.
        left_out: lines that were left out for another reason, by reason.
        repaired: lines of which something was repaired or remarked, by what.
        notes: what was guessed or passed over when the table was opened.
    """

    name: str
    columns: Mapping[str, str]
    examples: list[Any] = field(default_factory=list)
    groups: list[Any] = field(default_factory=list)
    without_text: list[int] = field(default_factory=list)
    without_label: list[int] = field(default_factory=list)
    left_out: dict[str, list[int]] = field(default_factory=dict)
    repaired: dict[str, list[int]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_labelled(task: Task, table: Table, settings: TaskSettings, choice: ColumnChoice) -> Reading:
    """Reads what training and evaluation need. Rows without text or label are left out and listed.

    Raises:
        DataError: a column is missing, a value cannot be used, or no row is left.
    """
    table = view(table, settings, choice)
    mapping = map_columns(task.columns, table.columns, name=table.name, text=choice.text, label=choice.label)
    if choice.group is not None and choice.group not in table.columns:
        raise DataError(
            f"a column {choice.group!r} (--group) in {table.name}",
            ", ".join(map(repr, table.columns)),
            "give --group one of these names",
        )
    reading = Reading(table.name, mapping, notes=table.notes)
    for row in table:
        example = task.example(rename(row, mapping), settings)
        if not all(text.strip() for text in task.texts(example)):
            reading.without_text.append(row.line)
        elif not has_target(task, example):
            lines = reading.left_out.setdefault(example.note, []) if example.note else reading.without_label
            lines.append(row.line)
        else:
            if example.note:
                reading.repaired.setdefault(example.note, []).append(row.line)
            reading.examples.append(example)
            if choice.group is not None:
                reading.groups.append(_group(row, choice.group))
    reading.left_out.update(table.left_out)
    if not reading.examples:
        raise _nothing_left(reading)
    return reading


def view(table: Table, settings: TaskSettings, choice: ColumnChoice) -> Table:
    """The table as the settings read it; as it is where the user named columns."""
    return table if choice.text or choice.label else settings.view(table)


def _group(row: Row, column: str) -> str | int | float:
    value = row.values.get(column)
    if isinstance(value, str | int | float) and str(value).strip():
        return value
    raise DataError(
        f"a group in the column {column!r} (--group) on line {row.line}",
        repr(value)[:60],
        "fill in the value, or remove the row",
    )


def _nothing_left(reading: Reading) -> DataError:
    counts = {
        "whose text is empty": len(reading.without_text),
        "without a label": len(reading.without_label),
        **{f"left out ({reason})": len(lines) for reason, lines in reading.left_out.items()},
    }
    found = ", ".join(f"{count} rows {what}" for what, count in counts.items() if count) or "no rows"
    return DataError(
        f"rows with a text and a label in {reading.name}",
        found,
        "check the columns (--text, --label) or the file",
    )


def input_example(task: Task, value: Any, settings: TaskSettings, line: int = 0) -> Any:
    """One input of a person or a request: a string, or an object of the task's input columns.

    Raises:
        InputError: another type, or an object with missing or unknown columns.
    """
    columns = input_columns(task)
    needed = [column for column in columns if column.required]
    if isinstance(value, str):
        if len(needed) == 1:
            return task.example(Row(line, {needed[0].name: value}), settings)
    elif isinstance(value, Mapping):
        known = {column.name for column in columns}
        wanted = {column.name for column in needed if column.unless not in value}
        if wanted <= set(value) <= known:
            return task.example(Row(line, value), settings)
    form = ", ".join(
        f'"{column.name}": …' + (f' or "{column.unless}": …' if column.unless else "") for column in needed
    )
    raise InputError(
        f"a string or an object {{{form}}}" if len(needed) == 1 else f"an object {{{form}}}",
        _shape(value),
        f"give every input of {task.name} in this form",
    )


def _shape(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"an object with {', '.join(map(repr, value)) or 'nothing in it'}"[:200]
    return "a string" if isinstance(value, str) else f"a value of type {type(value).__name__}"


def unlabelled_rows(
    task: Task, table: Table, settings: TaskSettings, text: Sequence[str]
) -> Iterator[tuple[Row, Any]]:
    """The rows of a table with the example of each, for prediction; targets are not read.

    Raises:
        DataError: an input column is missing, or a value cannot be used.
    """
    columns = input_columns(task)
    mapping = map_columns(columns, table.columns, name=table.name, text=text, targets=False)
    for row in table:
        yield row, task.example(rename(row, mapping), settings)
