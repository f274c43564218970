"""Guessing columns from what they hold, where their names are unusual.

The text column is the one with many different strings of several words. The label column has few different
values. A part of a usual name counts as well: ``airline_sentiment`` holds the sentiment. Where two columns
are as likely, nothing is guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from bertolt.data.columns import find_columns, label_name, missing_column
from bertolt.data.table import Column, Table
from bertolt.errors import ColumnsError, DataError
from bertolt.wording import counted, listed

#: So many rows are looked at. In longer tables the counts are of the first rows, and the message says so.
ROWS_READ = 50_000
#: Different values that are counted one by one; a label has fewer.
MOST_LABELS = 100
#: Numbers with more different values than this are measurements, not labels.
MOST_NUMBERS = 20
#: A text has so many words on average.
TEXT_WORDS = 3.0
#: A second column whose texts have at least this share of the length of the longest is as likely a text.
AS_LIKELY = 0.5

#: Spellings of a column that says yes or no.
YES = frozenset({"1", "true", "yes"})
NO = frozenset({"0", "false", "no"})

# Scripts that are written without spaces: two characters count as a word.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|\.\d+)([eE][+-]?\d+)?%?")
_PART = re.compile(r"[a-z]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(slots=True)
class Profile:
    """What a column holds, of the rows that were looked at.

    Args:
        name: the column's.
        filled: rows with a value.
        rows: all of them.
        texts, numbers, whole, lists: values that are strings other than numbers; numbers; of these the whole
            ones; lists, also in the text form of JSON and Python.
        words, characters, digits: of all strings together.
        different: the different values, as hashes.
        values: how often each value occurs, as a label; only as long as there are few.
        list_of: kinds of the elements of lists: ``"text"``, ``"flag"`` for 0 and 1, or ``"other"``.
        single_items: lists with exactly one element.
    """

    name: str
    filled: int = 0
    rows: int = 0
    texts: int = 0
    numbers: int = 0
    whole: int = 0
    lists: int = 0
    words: float = 0.0
    characters: int = 0
    digits: int = 0
    different: set[int] = field(default_factory=set)
    values: Counter[str] | None = field(default_factory=Counter)
    list_of: set[str] = field(default_factory=set)
    single_items: int = 0

    @property
    def is_one_label_each(self) -> bool:
        """Whether every value is a list of exactly one string, as annotation tools write a class."""
        return self.list_of == {"text"} and self.single_items == self.lists == self.filled > 0

    @property
    def is_text(self) -> bool:
        """Whether it holds many different strings of several words."""
        return (
            self.texts > 0.5 * self.filled > 0
            and not self.lists
            and self.words / self.texts >= TEXT_WORDS
            and self.digits < 0.3 * self.characters
            and len(self.different) >= max(3, 0.2 * self.filled)
        )

    @property
    def is_numbers(self) -> bool:
        """Whether nearly all of its values are numbers."""
        return self.numbers >= 0.9 * self.filled > 0

    @property
    def is_fractions(self) -> bool:
        """Whether it holds numbers that no label could be: fractions, or very many different ones."""
        return self.is_numbers and (
            self.whole < self.numbers or self.values is None or len(self.values) > MOST_NUMBERS
        )

    @property
    def is_label(self) -> bool:
        """Whether it has few different values, each of several rows."""
        return (
            self.values is not None
            and 2 <= len(self.values) <= self.filled // 2
            and self.filled >= 0.5 * self.rows
            and not self.lists
            and not self.is_fractions
            and self.words <= 5 * self.filled
        )

    @property
    def is_flag(self) -> bool:
        """Whether it says yes or no: 0 and 1, true and false, yes and no, or only one of the two."""
        found = {value.lower() for value in self.values or ()} - {"-1"}
        return bool(found) and self.filled >= 0.5 * self.rows and found <= YES | NO

    def describe(self, *, as_text: bool) -> str:
        """Why it was chosen, such as ``14,485 different texts`` or ``3 values``."""
        more = f" in the first {self.rows:,} rows" if self.rows == ROWS_READ else ""
        if as_text:
            return counted(len(self.different), "different text") + more
        return counted(len(self.different), "value") + more


def profile_columns(table: Table, most: int = ROWS_READ) -> dict[str, Profile]:
    """Looks at the first rows of a table, up to a row that cannot be read: reading it all names that row."""
    found = {name: Profile(name) for name in table.columns}
    try:
        for row in islice(iter(table), most):
            for name, value in row.values.items():
                if name not in found:
                    found[name] = Profile(name)
                _add(found[name], value)
    except DataError:
        pass
    rows = max((each.rows for each in found.values()), default=0)
    for each in found.values():
        each.rows = rows
    return found


def _add(profile: Profile, value: Any) -> None:
    profile.rows += 1
    if value is None or value != value or (isinstance(value, str) and not value.strip()):
        return
    profile.filled += 1
    if isinstance(value, str):
        text = label_name(value)
        if text.startswith("[") and text.endswith("]"):
            _add_list(profile, [item for item in re.split(r"[\s,]+", text[1:-1]) if item])
        elif _NUMBER.fullmatch(text):
            _add_number(profile, text.lstrip("+-").isdecimal())
        else:
            profile.texts += 1
            profile.characters += len(text)
            profile.digits += sum(mark.isdecimal() for mark in text) if len(text) < 60 else 0
            profile.words += max(text.count(" ") + 1, len(_UNSPACED.findall(text)) / 2)
    elif isinstance(value, int | float):
        _add_number(profile, float(value).is_integer())
        text = str(value) if isinstance(value, bool) or not float(value).is_integer() else str(int(value))
    elif isinstance(value, list | tuple):
        _add_list(profile, value)
        text = repr(value)
    else:
        profile.list_of.add("other")
        profile.values = None  # an object is no label
        text = repr(value)
    profile.different.add(hash(text))
    if profile.values is not None:
        profile.values[text] += 1
        if len(profile.values) > MOST_LABELS:
            profile.values = None


def _add_number(profile: Profile, whole: bool) -> None:
    profile.numbers += 1
    profile.whole += whole


def _add_list(profile: Profile, items: Sequence[Any]) -> None:
    profile.lists += 1
    profile.single_items += len(items) == 1
    for item in items[:50]:
        bare = str(item).strip("'\"").lower().removesuffix(".0").removesuffix(".")
        flag = bare in YES | NO
        profile.list_of.add("flag" if flag else "text" if isinstance(item, str) else "other")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which column of a table is which column of a task.

    Args:
        mapping: the task's column name to the table's.
        note: the guess with its reasons, a line for people; empty where nothing was guessed.
        flags: the 0/1 columns that together are the labels; empty where one column holds them.
    """

    mapping: Mapping[str, str]
    note: str = ""
    flags: tuple[str, ...] = ()


#: Told the text columns and the label columns, gives the command that reads the data with them.
Command = Callable[[Sequence[str], Sequence[str]], str]


def choose_columns(
    columns: Sequence[Column],
    table: Table,
    *,
    text: Sequence[str] = (),
    label: Sequence[str] = (),
    targets: bool = True,
    command: Command,
) -> Chosen:
    """Finds the columns of a task in a table: as they were named, by their usual names, else by their values.

    Args:
        columns: what the task reads.
        table: where they are.
        text, label, targets: see ``map_columns``.
        command: writes the command that names other columns.

    Raises:
        DataError: a column is missing; or two columns are as likely: then both commands are in the message.
    """
    named = find_columns(columns, table.columns, name=table.name, text=text, label=label, targets=targets)
    if not named.missing:
        return Chosen(named.mapping)
    if any(column.holds is None for column in named.missing):
        raise missing_column(columns, named.missing[0], table.columns, table.name)
    guess = _Guess(columns, table, profile_columns(table), dict(named.mapping), command)
    for column in named.missing:
        guess.add(column)
    return guess.chosen([column.name for column in named.missing])


@dataclass(slots=True)
class _Guess:
    """Columns that are being chosen. Arguments as in ``choose_columns``."""

    columns: Sequence[Column]
    table: Table
    profiles: Mapping[str, Profile]
    mapping: dict[str, str]
    command: Command
    flags: tuple[str, ...] = ()

    def add(self, column: Column) -> None:
        """Chooses the table's column for one of the task's."""
        taken = set(self.mapping.values())
        free = [each for name, each in self.profiles.items() if name not in taken]
        if column.holds == "text":
            self._add_text(column, free)
            return
        if column.holds == "labels" and len(flags := flag_columns(free)) > 1:
            self.flags = flags
            self.mapping[column.name] = " + ".join(flags)
            return
        found = [each for each in free if each.lists] if column.holds == "labels" else []
        self._take(column, found or likely_labels([column], free))

    def _add_text(self, column: Column, free: Sequence[Profile]) -> None:
        several = sum(each.holds == "text" and not each.target and each.required for each in self.columns)
        found = likely_texts([column], free)
        if several > 1:  # of a pair: both, in the order of the table
            found = [each for each in free if each.is_text]
            still = [each for each in self.columns if each.holds == "text" and each.name not in self.mapping]
            if len(found) == len([each for each in still if each.required]):
                found = found[:1]
        self._take(column, found)

    def _take(self, column: Column, found: Sequence[Profile]) -> None:
        if not found:
            raise missing_column(self.columns, column, self.table.columns, self.table.name)
        if len(found) > 1:
            raise self._as_likely(column, found)
        self.mapping[column.name] = found[0].name

    def _as_likely(self, column: Column, found: Sequence[Profile]) -> ColumnsError:
        what = "label" if column.target else "text"
        shown = ", ".join(
            f"{each.name!r} ({each.describe(as_text=not column.target)})" for each in found[:6]
        ) + (", …" if len(found) > 6 else "")
        commands = [self._command({**self.mapping, column.name: each.name}) for each in found[:6]]
        return ColumnsError(
            f"one column that looks like the {what} in {self.table.name}",
            f"{len(found)} that are as likely: {shown}",
            "choose one: " + ", or: ".join(commands),
        )

    def _command(self, mapping: Mapping[str, str]) -> str:
        def named(target: bool) -> list[str]:
            these = [each for each in self.columns if each.target is target and each.name in mapping]
            return [mapping[each.name] for each in these]

        return self.command(named(False), self.flags or named(True))

    def chosen(self, guessed: Sequence[str]) -> Chosen:
        """The choice, with the sentence that says it."""
        parts = []
        for column in self.columns:
            if column.name not in self.mapping or (column.target and column.name not in guessed):
                continue
            name = self.mapping[column.name]
            if column.target and self.flags:
                parts.append(f"{column.name} = {listed(self.flags)} (columns of 0 and 1)")
                continue
            how = self.profiles[name].describe(as_text=not column.target)
            parts.append(f"{column.name} = {name!r} ({how})")
        others = self.command(["…"], ["…"] if any(column.target for column in self.columns) else [])
        return Chosen(self.mapping, f"columns: {', '.join(parts)}. To choose others: {others}", self.flags)


def likely_texts(columns: Sequence[Column], profiles: Sequence[Profile]) -> list[Profile]:
    """The columns that look like the text: the likeliest, and those that are as likely, the longest first."""
    found = [each for each in profiles if each.is_text]
    if not found:
        # Texts of one or two words: names, queries, single words.
        found = [each for each in profiles if each.texts > 0.5 * each.filled and not each.lists]
        found = [each for each in found if len(each.different) >= max(3, 0.5 * each.filled)]
    found = _by_name(columns, found)
    found.sort(key=lambda each: -each.characters / max(1, each.texts))
    longest = found[0].characters / max(1, found[0].texts) if found else 0.0
    return [each for each in found if each.characters / max(1, each.texts) >= AS_LIKELY * longest]


def likely_labels(columns: Sequence[Column], profiles: Sequence[Profile]) -> list[Profile]:
    """The columns that look like the label: those with a usual name in theirs, else all with few values."""
    return _by_name(columns, [each for each in profiles if each.is_label])


def flag_columns(profiles: Sequence[Profile]) -> tuple[str, ...]:
    """The columns of 0 and 1."""
    return tuple(each.name for each in profiles if each.is_flag)


def _by_name(columns: Sequence[Column], found: list[Profile]) -> list[Profile]:
    """Those whose names have a usual name as a part, if there are any; else all."""
    usual = {name for column in columns for name in (column.name, *column.aliases)}
    named = [each for each in found if usual & set(_PART.findall(_CAMEL.sub(" ", each.name).lower()))]
    return named or found


def number_text_warning(
    columns: Sequence[Column], table: Table, mapping: Mapping[str, str], *, command: Command
) -> str:
    """A warning where the text column holds numbers, naming a column that looks like text; else empty."""
    text = next((each for each in columns if each.holds == "text" and each.name in mapping), None)
    if text is None:
        return ""
    name = mapping[text.name]
    first = profile_columns(table, 1000)
    if name not in first or not first[name].is_numbers:
        return ""
    taken = set(mapping.values())
    better = likely_texts([text], [each for key, each in first.items() if key not in taken])
    what = f"the text column {name!r} holds numbers"
    if not better:
        return what
    labels = [mapping[each.name] for each in columns if each.target and each.name in mapping]
    others = command([better[0].name], labels)
    return f"{what}; {better[0].name!r} looks like text. To choose it: {others}"
