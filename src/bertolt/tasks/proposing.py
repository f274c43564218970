"""Which task fits a table, by what its columns hold: the likeliest first, with the command that trains it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from bertolt.data.columns import find_columns
from bertolt.data.guessing import Profile, flag_columns, likely_labels, likely_texts, profile_columns
from bertolt.data.sources import open_source
from bertolt.data.table import Layout, Table
from bertolt.errors import ColumnsError, DataError, HeaderError
from bertolt.tasks.reading import USUAL_TASK, ColumnChoice
from bertolt.tasks.registry import all_tasks, get_task
from bertolt.tasks.task import Task, input_columns
from bertolt.wording import ANY, command, counted, listed

PAIRS = "sentence-pair-classification"
LABELS = "multi-label-classification"
GRADES = "sentence-grading"
NEXT = "next-sentence-prediction"
TAGS = "token-classification"
ANSWERS = "question-answering"
#: The names of columns that hold grades.
GRADED = frozenset({"stars", "rating", "ratings", "score", "grade", "overall"})
#: Longer scales are rather numbers than grades.
LONGEST_SCALE = 10
#: Label columns that are proposed one by one.
MOST = 4

NUMBERS = "a task that learns numbers is not there yet: it comes with a later version"


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something that can be done with a table.

    Args:
        task: its name; empty for what needs no labels.
        reason: why it fits.
        commands: that do it; the first is enough.
        choice: the columns, where they have no usual names.
        settings: of the task.
    """

    task: str
    reason: str
    commands: tuple[str, ...]
    choice: ColumnChoice = field(default_factory=ColumnChoice)
    settings: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        return {"task": self.task or None, "reason": self.reason, "commands": list(self.commands)}


@dataclass(slots=True)
class Proposals:
    """What can be done with a table, the likeliest first.

    Args:
        found: a proposal each.
        note: a sentence on what cannot be done yet; empty where there is nothing to say.
    """

    found: list[Proposal] = field(default_factory=list)
    note: str = ""


def layouts_of_all() -> tuple[Layout, ...]:
    """The headerless kinds of file that any task knows."""
    return tuple(dict.fromkeys(layout for task in all_tasks().values() for layout in task.layouts))


def propose_for(data: str, choice: ColumnChoice) -> Proposals:
    """The same of a DATA; nothing of one that cannot be read, whose fault the check names.

    Raises:
        UnknownNameError: there is no such file or name.
    """
    try:
        return propose(open_source(data, layouts_of_all(), choice.read).pick("train"), data, choice)
    except HeaderError:
        if choice.read.header is not None:
            return Proposals()
        found = propose_for(data, replace(choice, read=choice.read.model_copy(update={"header": False})))
        found.note = f"the first line of {data} looks like data: the columns are called 1, 2, … (--no-header)"
        return found
    except DataError:
        if not os.path.exists(data):
            raise
        return Proposals()


def propose(table: Table, name: str, choice: ColumnChoice) -> Proposals:
    """Proposes tasks for a table.

    Args:
        table: opened with ``layouts_of_all``.
        name: how a command names it.
        choice: the columns that the user named.
    """
    return _Look(table, name, choice, profile_columns(table)).propose()


@dataclass(slots=True)
class _Look:
    """A table that is looked at. Arguments as in ``propose``."""

    table: Table
    name: str
    choice: ColumnChoice
    profiles: Mapping[str, Profile]

    def propose(self) -> Proposals:
        """All that fits."""
        known = [
            task
            for task in all_tasks().values()
            if any(layout.columns == self.table.columns for layout in task.layouts)
        ]
        if known and not self.choice.text:
            reason = f"the file has the form of {known[0].layouts[0].name}"
            return Proposals([self._proposal(task.name, reason) for task in known])
        if self._fits(ANSWERS):
            return Proposals([self._proposal(ANSWERS, "a question, a context and an answer in each row")])
        if (words := self._tagged_words()) is not None:
            return Proposals([words])
        texts, pair = self._texts()
        if not texts:
            return Proposals()
        labels = self._labels({each.name for each in (*texts, *pair)})
        found = Proposals(note=self._numbers_for_text(texts[0]))
        self._several_labels(found, texts, pair, labels)
        for label in labels[:MOST]:
            self._one_label(found, texts, pair, label)
        if not found.found:
            self._without_labels(found, texts, pair)
        return found

    def _fits(self, name: str) -> bool:
        """Whether the table has all columns of a task by their usual names."""
        return not find_columns(get_task(name).columns, self.table.columns, name=self.name).missing

    def _proposal(
        self,
        name: str,
        reason: str,
        text: Sequence[str] = (),
        label: Sequence[str] = (),
        settings: str | None = None,
    ) -> Proposal:
        """The proposal of a task; columns are named in the command only where the usual names do not do."""
        task = get_task(name)
        if text and self._usual(task, text, label):
            text, label = (), ()
        shown = (task.name,) if task.name != USUAL_TASK else ()
        line = command(
            "train", self.name, *self.choice.read.as_words(), task=shown, text=text, label=label, set=settings
        )
        name, _, value = (settings or "").partition("=")
        given = {name: value} if value not in ("", ANY) else {}
        return Proposal(
            task.name, reason, (line,), replace(self.choice, text=tuple(text), label=tuple(label)), given
        )

    def _usual(self, task: Task, text: Sequence[str], label: Sequence[str]) -> bool:
        named = find_columns(task.columns, self.table.columns, name=self.name)
        chosen = [named.mapping.get(column.name) for column in task.columns if column.required]
        return not named.missing and chosen == [*text, *label]

    def _tagged_words(self) -> Proposal | None:
        """Lists of words beside lists of tags, of the same lengths."""
        lists = [name for name, each in self.profiles.items() if each.lists and "text" in each.list_of]
        rows = [row.values for row in islice(iter(self.table), 20)]

        def alike(first: str, second: str) -> bool:
            pairs = [(row.get(first), row.get(second)) for row in rows]
            return all(
                isinstance(a, list) and isinstance(b, list) and len(a) == len(b) for a, b in pairs
            ) and any(len(a) > 1 for a, _ in pairs)  # type: ignore[arg-type]

        every = [name for name, each in self.profiles.items() if each.lists]
        for words in lists:
            tags = [name for name in every if name != words and alike(words, name)]
            if tags:
                usual = find_columns(get_task(TAGS).columns, self.table.columns, name=self.name).mapping
                tag = usual["tags"] if usual.get("tags") in tags else tags[0]
                reason = f"a list of words ({words!r}) and a tag for each ({tag!r})"
                if usual.get("words") == words and usual.get("tags") == tag:
                    return self._proposal(TAGS, reason)
                return self._proposal(TAGS, reason, (words,), (tag,))
        return None

    def _texts(self) -> tuple[list[Profile], list[Profile]]:
        """The columns that may be the text, the likeliest first; and the two texts of a pair."""
        if self.choice.text:
            named = [self.profiles[name] for name in self.choice.text if name in self.profiles]
            return named[:1], named if len(named) == 2 else []
        pairs = get_task(PAIRS)
        usual = find_columns(pairs.columns, self.table.columns, name=self.name, targets=False)
        if not usual.missing:
            both = [self.profiles[usual.mapping[column.name]] for column in input_columns(pairs)]
            return both[:1], both
        columns = get_task(USUAL_TASK).columns
        named_text = find_columns(columns, self.table.columns, name=self.name).mapping.get("text")
        likely = likely_texts(input_columns(get_task(USUAL_TASK)), list(self.profiles.values()))
        if named_text is not None and not self.profiles[named_text].is_numbers:
            return [self.profiles[named_text]], []
        texts = [each for each in self.profiles.values() if each.is_text]
        return likely, texts if len(texts) == 2 and len(likely) == 2 else []

    def _numbers_for_text(self, chosen: Profile) -> str:
        """What to say where a column has a usual name of texts, but holds numbers."""
        columns = input_columns(get_task(USUAL_TASK))
        name = find_columns(columns, self.table.columns, name=self.name).mapping.get("text")
        if name in (None, chosen.name) or not self.profiles[str(name)].is_numbers:
            return ""
        return f"the column {name!r} holds numbers; {chosen.name!r} looks like text"

    def _labels(self, taken: set[str]) -> list[Profile]:
        """The columns that may be the label, the likeliest first."""
        if self.choice.label:
            return [self.profiles[name] for name in self.choice.label if name in self.profiles]
        free = [each for name, each in self.profiles.items() if name not in taken]
        for name in (USUAL_TASK, GRADES, LABELS, PAIRS):
            task = get_task(name)
            usual = find_columns(task.columns, [each.name for each in free], name=self.name).mapping
            label = usual.get("label", usual.get("labels"))
            if label is not None and self.profiles[label].filled:
                return [self.profiles[label]]
        lists = [each for each in free if each.lists and "other" not in each.list_of]
        columns = [column for column in get_task(USUAL_TASK).columns if column.target]
        numbers = [each for each in free if each.is_fractions and each.whole < each.numbers]
        return lists or likely_labels(columns, free) or numbers

    def _several_labels(
        self, found: Proposals, texts: Sequence[Profile], pair: Sequence[Profile], labels: list[Profile]
    ) -> None:
        """Several columns of 0 and 1."""
        flags = flag_columns(labels)
        if pair or len(flags) < 2 or len(flags) < len(labels):
            return
        reason = f"{len(flags)} columns of 0 and 1: {listed(flags)}"
        found.found.append(self._proposal(LABELS, reason, [texts[0].name], flags))

    def _one_label(
        self, found: Proposals, texts: Sequence[Profile], pair: Sequence[Profile], label: Profile
    ) -> None:
        """What one label column is good for."""
        if label.lists and label.list_of:
            self._listed_labels(found, texts[0], label)
            return
        if label.is_fractions:
            found.note = f"the column {label.name!r} holds numbers: {NUMBERS}"
            return
        values = counted(len(label.different), "value")
        if pair:
            both = [each.name for each in pair]
            reason = f"two texts in each row, {listed(both)}, and a label of {values} ({label.name!r})"
            proposals = [self._proposal(PAIRS, reason, both, [label.name])]
            spelled = {value.lower() for value in label.values or ()}
            if spelled <= {"isnext", "notnext", "is_next", "not_next", "follows", "does not follow"}:
                proposals.insert(0, self._proposal(NEXT, "whether a text follows", both, [label.name]))
            found.found += proposals
        for text in texts:
            self._label_of_text(found, text, label, values)

    def _label_of_text(self, found: Proposals, text: Profile, label: Profile, values: str) -> None:
        reason = f"a text in each row ({text.name!r}) and a label of {values} ({label.name!r})"
        plain = self._proposal(USUAL_TASK, reason, [text.name], [label.name])
        separated = [mark for mark in "|;" if any(mark in value for value in label.values or ())]
        if separated:
            reason = f"labels separated by {separated[0]!r} ({label.name!r})"
            found.found.append(self._proposal(LABELS, reason, [text.name], [label.name]))
        grades = _scale(label)
        if grades:
            named = ",".join(grades)
            reason = f"whole numbers from {grades[0]} to {grades[-1]} ({label.name!r}), such as stars"
            graded = self._proposal(GRADES, reason, [text.name], [label.name], f"order={named}")
            found.found.append(graded)
        found.found.append(plain)

    def _listed_labels(self, found: Proposals, text: Profile, label: Profile) -> None:
        settings = None
        reason = f"lists of labels ({label.name!r})"
        if label.list_of == {"flag"}:
            reason = f"lists of 0 and 1 ({label.name!r}), which need the names of the labels"
            settings = f"names={ANY}"
        elif label.is_one_label_each:
            single = f"lists of one label each ({label.name!r}), read as that label"
            found.found.append(self._proposal(USUAL_TASK, single, [text.name], [label.name]))
        found.found.append(self._proposal(LABELS, reason, [text.name], [label.name], settings))

    def _without_labels(self, found: Proposals, texts: Sequence[Profile], pair: Sequence[Profile]) -> None:
        if NUMBERS in found.note:
            return
        text = [texts[0].name]
        usual = text[0] == "text" or (not self.choice.text and self._usual_text(text[0]))
        found.found.append(
            Proposal("", "texts without labels", unlabelled_commands(self.name, () if usual else text))
        )

    def _usual_text(self, name: str) -> bool:
        columns = input_columns(get_task(USUAL_TASK))
        return find_columns(columns, self.table.columns, name=self.name).mapping.get("text") == name


def unlabelled_commands(name: str, text: Sequence[str] = ()) -> tuple[str, ...]:
    """What can be done with texts without labels: adapt a model, learn from them beside labels, predict."""
    return (
        command("adapt", "minilm", name, text=text, out="models/adapted"),
        command("train", "LABELLED", unlabelled=name),
        command("predict", "DIR", input=name, text=text),
    )


def _scale(label: Profile) -> list[str]:
    """The grades of a column of whole numbers without a gap, such as 1 to 5; empty where it is no scale."""
    values = [value for value in label.values or () if value.lstrip("-").isdecimal()]
    if not label.values or len(values) < len(label.values):
        return []
    numbers = sorted(int(value) for value in values)
    steps = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    named = label.name.lower() in GRADED
    stars = numbers == [1, 2, 3, 4, 5]
    if not steps or not 3 <= len(numbers) <= LONGEST_SCALE or not (stars or named):
        return []
    return [str(number) for number in numbers]


def with_proposals(error: ColumnsError, data: str, task: Task, choice: ColumnChoice) -> ColumnsError:
    """The error for columns of a training that were not found, with the commands for other tasks that fit."""
    if choice.text or choice.label or not os.path.exists(data):
        return error
    others = [each for each in propose_for(data, choice).found if each.task != task.name]
    lines = [line for each in others for line in each.commands if line not in error.do]
    if not lines:
        return error
    why = "for texts without labels" if not others[0].task else "for another task"
    return ColumnsError(error.expected, error.found, f"{error.do}; or, {why}: {', or: '.join(lines[:3])}")
