"""``bertolt check --fix``: a cleaned copy of a table, with an account of every row that differs."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bertolt.data.checks import ENTITY, TAG, near_equal
from bertolt.data.columns import rename
from bertolt.data.flags import joined_name
from bertolt.data.table import Row, Table
from bertolt.data.writers import open_writer
from bertolt.errors import DataError, InputError
from bertolt.tasks.reading import ColumnChoice, locate_columns, view
from bertolt.tasks.task import Task, TaskSettings, has_target


@dataclass(slots=True)
class Cleaning:
    """What became of a table.

    Args:
        out: the file that was written.
        rows: rows in it.
        changes: what was done, with the lines of the rows that it was done to.
    """

    out: Path
    rows: int = 0
    changes: dict[str, list[int]] = field(default_factory=dict)

    def note(self, what: str, line: int) -> None:
        """Adds a line to an account."""
        self.changes.setdefault(what, []).append(line)

    def to_dict(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        return {"out": str(self.out), "rows": self.rows, "changes": self.changes}


def clean_table(
    table: Table, task: Task, settings: TaskSettings, choice: ColumnChoice, out: Path
) -> Cleaning:
    """Writes a copy without what is surely wrong.

    Left out are rows without text or label, those whose values cannot be used, and repetitions that are
    equal to the letter (the first stays). Tags and entities of HTML become what they stand for, and labels
    that differ only in case, spaces or marks take the commonest spelling. Near-duplicates and texts with
    two labels stay: only a person can decide on them. Texts of tasks with character offsets stay as they are.

    Raises:
        DataError: a column is missing, or the table cannot be read; nothing is written.
        InputError: ``out`` is the file that is read.
        DiskError: ``out`` cannot be written.
    """
    if Path(table.name).exists() and out.exists() and out.samefile(table.name):
        raise InputError(
            "another file to write the copy to", f"{str(out)!r}, the data itself", "choose another --fix OUT"
        )
    if (seen_as := view(table, settings, choice)) is not table:
        raise DataError(
            f"a table in the columns of {task.name} for --fix",
            f"{seen_as.name}, whose labels mean something else",
            "leave --fix out, or name its columns with --text and --label",
        )
    columns = table.columns
    located = locate_columns(task, table, settings, choice)
    table, mapping = located.table, located.mapping
    spelling = _spellings(table, task, settings, mapping)
    text_columns = [
        mapping[column.name] for column in task.columns if not column.target and column.name in mapping
    ]
    cleaning = Cleaning(out)
    seen: set[tuple[Any, ...]] = set()
    with open_writer(out, columns) as writer:
        for row in table:
            values = dict(row.values)
            if not task.offsets:
                _clean_texts(values, text_columns, row.line, cleaning)
            _respell(values, spelling, row.line, cleaning)
            reason = _reason_to_drop(Row(row.line, values), task, settings, mapping, seen)
            if reason is not None:
                cleaning.note(f"left out, {reason}", row.line)
                continue
            values.pop(joined_name(located.flags), None)
            writer.write(values)
            cleaning.rows += 1
    return cleaning


def _clean_texts(values: dict[str, Any], columns: list[str], line: int, cleaning: Cleaning) -> None:
    for column in columns:
        text = values.get(column)
        if isinstance(text, str) and (TAG.search(text) or ENTITY.search(text)):
            bare = ENTITY.sub(lambda found: html.unescape(found.group()), TAG.sub(" ", text))
            values[column] = " ".join(bare.split())
            cleaning.note("HTML removed", line)


def _spellings(
    table: Table, task: Task, settings: TaskSettings, mapping: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """For each target column of strings, the spelling of every label that is to change."""
    found: dict[str, dict[str, str]] = {}
    targets = [mapping[column.name] for column in task.columns if column.target and column.name in mapping]
    if len(targets) != 1:
        return found
    counts: Counter[str] = Counter()
    for row in table:
        value = row.values.get(targets[0])
        if isinstance(value, str) and value.strip() and _has_label(task, settings, rename(row, mapping)):
            counts[value] += 1
    for names in near_equal(list(counts)):
        kept = max(names, key=lambda name: (counts[name], name == name.strip(), name))
        for name in names:
            if name != kept.strip():
                found.setdefault(targets[0], {})[name] = kept.strip()
    return found


def _has_label(task: Task, settings: TaskSettings, row: Row) -> bool:
    """Whether the row has one label as a string, so that its spelling may be changed."""
    try:
        return isinstance(task.stratum(task.example(row, settings)), str)
    except DataError:
        return False


def _respell(
    values: dict[str, Any], spelling: Mapping[str, Mapping[str, str]], line: int, cleaning: Cleaning
) -> None:
    for column, names in spelling.items():
        name = values.get(column)
        if isinstance(name, str) and name in names:
            values[column] = names[name]
            cleaning.note(f"label {name!r} written as {names[name]!r}", line)


def _reason_to_drop(
    row: Row, task: Task, settings: TaskSettings, mapping: Mapping[str, str], seen: set[tuple[Any, ...]]
) -> str | None:
    renamed = rename(row, mapping)
    try:
        example = task.example(renamed, settings)
    except DataError:
        return "as it cannot be used"
    if not all(text.strip() for text in task.texts(example)):
        return "without text"
    if not has_target(task, example):
        return example.note or "without a label"
    key = (*(repr(renamed.values.get(column.name)) for column in task.columns),)
    if key in seen:
        return "the same as an earlier row"
    seen.add(key)
    return None
