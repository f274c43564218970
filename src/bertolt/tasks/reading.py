"""Tables to a task's examples, with an account of what was left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bertolt.data.columns import rename
from bertolt.data.flags import FlagTable, joined_name
from bertolt.data.guessing import Command, choose_columns, number_text_warning
from bertolt.data.readers.options import DEFAULT, ReadSettings
from bertolt.data.table import Row, Table, by_number
from bertolt.errors import DataError, InputError
from bertolt.tasks.table_labels import labels_in, meaning_notes, no_label_marker, note_meaning
from bertolt.tasks.task import Task, TaskSettings, has_target, input_columns
from bertolt.wording import command, counted

USUAL_TASK = "text-classification"


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """The columns that the user named, in the task's order; empty for the usual names.

    Args:
        text, label: the names.
        group: the column of groups, or None.
        read: how the user said that files are read.
        verb: the command that reads the data, for messages: ``("train",)`` or ``("evaluate", "DIR")``.
    """

    text: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    group: str | None = None
    verb: tuple[str, ...] = ("train",)
    read: ReadSettings = DEFAULT


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
        notes: what was guessed or passed over when the table was opened, and warnings about its columns.
        guess: which columns were guessed and why; empty where none was.
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
    guess: str = ""


@dataclass(frozen=True, slots=True)
class Located:
    """A table with the columns of a task in it.

    Args:
        table: as it is to be read; a view of the file where the task or the labels need one.
        mapping: the task's column name to the table's.
        guess: which columns were guessed and why, a line for people; empty where none was.
        warning: what is suspicious about the columns, a line for people; else empty.
        flags: the columns of 0 and 1 that are the labels; empty where one column holds them.
    """

    table: Table
    mapping: Mapping[str, str]
    guess: str = ""
    warning: str = ""
    flags: tuple[str, ...] = ()

    def rows(self) -> Iterator[tuple[Row, Row]]:
        """Each row as the file has it, and with the task's column names."""
        for row in self.table:
            yield row, rename(row, self.mapping)


def locate_columns(
    task: Task, table: Table, settings: TaskSettings, choice: ColumnChoice, *, targets: bool = True
) -> Located:
    """Finds the columns of a task in a table; see ``choose_columns``.

    Args:
        task: what is learnt or predicted.
        table: the data.
        settings: the task's.
        choice: the columns that the user named.
        targets: whether the targets are read. Without them only the input columns are found.

    Raises:
        DataError: a column is missing, or two are as likely; the message has the commands that name them.
    """
    columns = task.columns if targets else input_columns(task)
    table = view(table, settings, choice) if targets else by_number(table, choice.text, choice.label)
    write = reading_command(task, table, choice)
    spread = any(column.holds == "labels" for column in columns) and len(choice.label) > 1
    flags = choice.label if spread else ()
    label = choice.label if targets else ()
    if spread:
        _refuse_missing_flags(flags, table)
        table, label = FlagTable(table, flags), (joined_name(flags),)
    chosen = choose_columns(columns, table, text=choice.text, label=label, targets=targets, command=write)
    if chosen.flags:
        table, flags = FlagTable(table, chosen.flags), chosen.flags
    warning = number_text_warning(columns, table, chosen.mapping, command=write)
    return Located(table, chosen.mapping, chosen.note, warning, flags)


def _refuse_missing_flags(flags: Sequence[str], table: Table) -> None:
    for name in flags:
        if name not in table.columns:
            raise DataError(
                f"a column {name!r} (--label) in {table.name}",
                f"the columns {', '.join(map(repr, table.columns))}"[:400],
                "give --label one of these names",
            )


def reading_command(task: Task, table: Table, choice: ColumnChoice) -> Command:
    """Writes the command that reads a table with the columns that it is told."""
    verb, *words = choice.verb
    named = (task.name,) if verb == "train" and task.name != USUAL_TASK else ()

    def write(text: Sequence[str], label: Sequence[str]) -> str:
        return command(verb, *words, table.name, *choice.read.as_words(), task=named, text=text, label=label)

    return write


def read_labelled(
    task: Task,
    table: Table,
    settings: TaskSettings,
    choice: ColumnChoice,
    *,
    known: Sequence[str] | None = None,
) -> Reading:
    """Reads what training and evaluation need. Rows without text or label are left out and listed.

    Args:
        task: what is learnt.
        table: the data.
        settings: the task's.
        choice: the columns that the user named.
        known: the labels of the model that is measured, which say whether -1 is a label; None: those of the
            table say it, see ``table_labels``.

    Raises:
        DataError: a column is missing, a value cannot be used, or no row is left.
    """
    reading = read_rows(task, table, settings, choice)
    settle_no_label(task, settings, [reading], labels_in(task, reading.examples) if known is None else known)
    return reading


def read_rows(task: Task, table: Table, settings: TaskSettings, choice: ColumnChoice) -> Reading:
    """The same, before it is known whether -1 is a label: call ``settle_no_label`` with the result."""
    located = locate_columns(task, table, settings, choice)
    if choice.group is not None and choice.group not in table.columns:
        raise DataError(
            f"a column {choice.group!r} (--group) in {table.name}",
            ", ".join(map(repr, table.columns)),
            "give --group one of these names",
        )
    reading = Reading(located.table.name, located.mapping, notes=table.notes, guess=located.guess)
    if located.warning:
        reading.notes += (f"warning: {located.warning}",)
    meanings: dict[str, str] = {}
    for row, renamed in located.rows():
        example = task.example(renamed, settings)
        note_meaning(renamed, example, meanings)
        if not has_text(task, example):
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
    reading.left_out.update(located.table.left_out)
    reading.notes += meaning_notes(meanings)
    unheard = set(located.flags) - labels_in(task, reading.examples)
    if unheard and reading.examples:
        names = ", ".join(repr(name) for name in located.flags if name in unheard)
        reading.notes += (f"no row has the label {names}: a model trained on these rows will not know it",)
    return reading


def has_text(task: Task, example: Any) -> bool:
    """Whether there is something to read: every text of the example holds more than blanks.

    The one rule for rows of tables. Training, evaluation and checks leave other rows out and count them;
    prediction keeps them, without a result, and counts them. A text that is given by itself (in Python, to
    the server, on the command line) is always judged: that it has no tokens stands in its result.
    """
    return all(text.strip() for text in task.texts(example))


def settle_no_label(
    task: Task, settings: TaskSettings, readings: Sequence[Reading], known: Iterable[str]
) -> None:
    """Leaves out the rows whose label stands for no label: -1, or what the setting ``no_label`` says.

    Args:
        task: what is learnt.
        settings: the task's.
        readings: tables that were read for one model.
        known: the labels that the model learns, or has.

    Raises:
        DataError: no row of a table is left.
    """
    marker, note = no_label_marker(settings, known)
    for reading in readings:
        _leave_out(task, reading, marker)
        if note:
            reading.notes += (note,)
        if not reading.examples:
            raise _nothing_left(reading)


def _leave_out(task: Task, reading: Reading, marker: str) -> None:
    without = [place for place, each in enumerate(reading.examples) if task.stratum(each) == marker]
    if not marker or not without:
        return
    lines = reading.left_out.setdefault(f"without a label ({marker})", [])
    lines += [reading.examples[place].line for place in without]
    gone = set(without)
    reading.examples = [each for place, each in enumerate(reading.examples) if place not in gone]
    reading.groups = [each for place, each in enumerate(reading.groups) if place not in gone]


def view(table: Table, settings: TaskSettings, choice: ColumnChoice) -> Table:
    """The table as the settings read it; where the user named columns, with columns of these names."""
    if not (choice.text or choice.label):
        return settings.view(table)
    return by_number(table, choice.text, choice.label)


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
        "with an empty text": len(reading.without_text),
        "without a label": len(reading.without_label),
        **{reason: len(lines) for reason, lines in reading.left_out.items()},
    }
    found = ", ".join(f"{counted(count, 'row')} {what}" for what, count in counts.items() if count)
    return DataError(
        f"rows with a text and a label in {reading.name}",
        found or "no rows, only the names of the columns",
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
    task: Task, table: Table, settings: TaskSettings, choice: ColumnChoice
) -> Iterator[tuple[Row, Any]]:
    """The rows of a table with the example of each, for prediction; targets are not read.

    Raises:
        DataError: an input column is missing, or a value cannot be used.
    """
    located = locate_columns(task, table, settings, choice, targets=False)
    for row, renamed in located.rows():
        yield row, task.example(renamed, settings)
