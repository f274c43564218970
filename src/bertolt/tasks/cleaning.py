"""``bertolt check --fix``: a cleaned copy of a table, with an account of every row that differs."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from bertolt.data.checks import ENTITY, TAG, commonest, near_equal, zero_for_o
from bertolt.data.columns import label_name, rename
from bertolt.data.flags import joined_name
from bertolt.data.table import Row, Table
from bertolt.data.writers import open_writer
from bertolt.errors import DataError, InputError
from bertolt.tasks.checking import is_tagging
from bertolt.tasks.label_list import join_labels, split_labels
from bertolt.tasks.reading import ColumnChoice, Located, has_text, locate_columns, view
from bertolt.tasks.table_labels import labels_in, no_label_marker
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
    and tags that are near-equal (see ``near_equal``) take the commonest spelling; of tags, the digit 0
    becomes the letter O. Near-duplicates and texts with two labels stay: only a person can decide on them.
    Texts of tasks with character offsets stay as they are.

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
    labels = _look_at_labels(located, task, settings)
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
            _respell(values, labels, row.line, cleaning)
            renamed = rename(Row(row.line, values), mapping)
            reason = _reason_to_drop(renamed, task, settings, labels.marker, seen)
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


@dataclass(frozen=True, slots=True)
class _Labels:
    """What is known of the labels of the whole table.

    Args:
        column: the table's column; empty where the task has no labels.
        names: the spelling of every label or tag that is to change.
        marker: the label that stands for no label; empty where there is none.
        split: takes a text of several labels apart; see ``split_labels``.
    """

    column: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    marker: str = ""
    split: Callable[[str], tuple[list[str], str] | None] = lambda text: None

    def words(self, value: Any) -> list[str]:
        """The labels or tags in a value, as the file spells them."""
        if isinstance(value, list | tuple):
            return [str(each) for each in value if isinstance(each, str | int)]
        if not isinstance(value, str) or not value.strip():
            return []
        pieces = self.split(value)
        return [value] if pieces is None else pieces[0]

    def respelled(self, value: Any) -> Any:
        """The value with the labels as they are to be."""
        if not isinstance(value, str):
            return [self.names.get(str(each), each) for each in value]
        pieces = self.split(value)
        if pieces is None:
            return self.names[value]
        return join_labels([self.names.get(piece, piece) for piece in pieces[0]], pieces[1])


def _look_at_labels(located: Located, task: Task, settings: TaskSettings) -> _Labels:
    columns = [each for each in task.columns if each.target and (each.holds or each.name == "tags")]
    if len(columns) != 1 or located.flags:
        return _Labels()
    column, several = located.mapping[columns[0].name], columns[0].holds == "labels"
    delimiter = getattr(settings, "delimiter", None)
    plain = _Labels(
        column, split=partial(split_labels, delimiter=delimiter) if several else lambda text: None
    )
    counts: Counter[str] = Counter()
    known: set[str] = set()
    for row, renamed in located.rows():
        example = _readable(task, settings, renamed)
        if example is not None and has_target(task, example):
            counts.update(plain.words(row.values.get(column)))
            known.update(labels_in(task, [example]))
    tags = is_tagging(task)
    names: dict[str, str] = {}
    for group in near_equal(list(counts), tags=tags):
        kept = label_name(commonest(group, counts))
        names.update({name: kept for name in group if name != kept})
    if tags and zero_for_o(counts):
        names["0"] = "O"
    return replace(plain, names=names, marker=no_label_marker(settings, known)[0])


def _readable(task: Task, settings: TaskSettings, row: Row) -> Any:
    try:
        return task.example(row, settings)
    except DataError:
        return None


def _respell(values: dict[str, Any], labels: _Labels, line: int, cleaning: Cleaning) -> None:
    value = values.get(labels.column)
    wrong = [name for name in dict.fromkeys(labels.words(value)) if name in labels.names]
    for name in wrong:
        cleaning.note(f"label {name!r} written as {labels.names[name]!r}", line)
    if wrong:
        values[labels.column] = labels.respelled(value)


def _reason_to_drop(
    renamed: Row, task: Task, settings: TaskSettings, marker: str, seen: set[tuple[Any, ...]]
) -> str | None:
    example = _readable(task, settings, renamed)
    if example is None:
        return "as it cannot be used"
    if not has_text(task, example):
        return "without text"
    if not has_target(task, example):
        return example.note or "without a label"
    if marker and task.stratum(example) == marker:
        return f"without a label ({marker})"
    key = (*(repr(renamed.values.get(column.name)) for column in task.columns),)
    if key in seen:
        return "the same as an earlier row"
    seen.add(key)
    return None
