"""From DATA to the examples of each split, with an account of what was taken and what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from bertolt.data.sources import Source, open_source
from bertolt.data.splits import MIN_FOR_TEST, cut_off, refuse_rare
from bertolt.data.table import Table
from bertolt.errors import ColumnsError, DataError
from bertolt.tasks.checking import quick_notes
from bertolt.tasks.proposing import with_proposals
from bertolt.tasks.reading import ColumnChoice, Reading, read_rows, settle_no_label
from bertolt.tasks.table_labels import labels_in, strange_error, strange_labels
from bertolt.tasks.task import Task, TaskSettings
from bertolt.training.settings import TrainSettings
from bertolt.wording import counted, line_list, shortened

Part = Literal["train", "validation", "test"]


@dataclass(slots=True)
class Corpus:
    """The examples of a training.

    Args:
        train, validation, test: the examples of each part; the last two may be empty.
        notes: lines for people: columns, split, what was left out.
        labels: the outputs, where the training part alone does not say them; else None.
    """

    train: list[Any] = field(default_factory=list)
    validation: list[Any] = field(default_factory=list)
    test: list[Any] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    labels: tuple[str, ...] | None = None

    def sizes(self) -> dict[str, int]:
        """How many examples each part has."""
        return {"train": len(self.train), "validation": len(self.validation), "test": len(self.test)}


def read_corpus(
    task: Task,
    task_settings: TaskSettings,
    settings: TrainSettings,
    tables: Mapping[Part, Table] | None = None,
) -> Corpus:
    """Reads and splits the data of a training.

    A named data set gives its train and validation parts. Of files, what ``--validation`` and ``--test``
    do not give is cut off: seeded, stratified, a tenth each; no test under 200 rows.

    Args:
        task: what is learnt.
        task_settings: the task's.
        settings: of the training.
        tables: the parts themselves, such as from memory, instead of ``settings.data``; nothing is cut off.

    Raises:
        DataError, UnknownNameError: see ``open_source`` and ``read_labelled``.
    """
    corpus, of_data = Corpus(), 0
    if tables is not None:
        choice = ColumnChoice(settings.text, settings.label, settings.group, read=settings.read_options())
        found = [(part, read_rows(task, table, task_settings, choice)) for part, table in tables.items()]
    else:
        found = _read_data(task, task_settings, settings)
        of_data = len(found)
        found += _read_given(task, task_settings, settings)
    gathered = _gather(task, task_settings, settings, found, corpus=corpus, of_data=of_data)
    groups = gathered["train"]
    if tables is None:
        _cut_missing(task, corpus, settings, _whole_groups(task, corpus.train, groups, settings))
        _refuse_unmeasured(corpus)
    return _described(task, corpus, settings)


def read_all(
    task: Task, task_settings: TaskSettings, settings: TrainSettings
) -> tuple[Corpus, list[Any] | None]:
    """Reads all data that is not kept for testing into the training part, for cross-validation.

    Returns:
        The corpus, and the group of each of its examples, or None where each may stand alone.

    Raises:
        DataError, UnknownNameError: see ``read_corpus``.
    """
    corpus = Corpus()
    found = _read_data(task, task_settings, settings)
    groups_of = _gather(task, task_settings, settings, found, corpus=corpus, of_data=len(found))
    corpus.train, corpus.validation = corpus.train + corpus.validation, []
    groups = _whole_groups(task, corpus.train, groups_of["train"] + groups_of["validation"], settings)
    corpus.labels = task.label_names(corpus.train, task_settings)
    corpus.notes.extend(quick_notes(task, {"train": corpus.train}))
    return corpus, groups


def _read_data(
    task: Task, task_settings: TaskSettings, settings: TrainSettings
) -> list[tuple[Part, Reading]]:
    """Reads ``settings.data``, each table for its part."""
    choice = ColumnChoice(settings.text, settings.label, settings.group, read=settings.read_options())
    found: list[tuple[Part, Reading]] = []
    for name in settings.data:
        for part, table in _training_tables(open_source(name, task.layouts, choice.read)):
            try:
                found.append((part, read_rows(task, table, task_settings, choice)))
            except ColumnsError as error:
                raise with_proposals(error, name, task, choice) from error
    return found


def _read_given(
    task: Task, task_settings: TaskSettings, settings: TrainSettings
) -> list[tuple[Part, Reading]]:
    """Reads ``--validation`` and ``--test``, where they are given."""
    choice = ColumnChoice(settings.text, settings.label, read=settings.read_options())
    given: dict[Part, str | None] = {"validation": settings.validation, "test": settings.test}
    return [
        (
            part,
            read_rows(
                task,
                open_source(name, task.layouts, choice.read).pick(part),
                task_settings,
                choice,
            ),
        )
        for part, name in given.items()
        if name is not None
    ]


def _gather(
    task: Task,
    task_settings: TaskSettings,
    settings: TrainSettings,
    found: Sequence[tuple[Part, Reading]],
    *,
    corpus: Corpus,
    of_data: int,
) -> dict[Part, list[Any]]:
    """Puts what was read into the corpus, with notes; the group of each example, where a column says it.

    Args:
        task, task_settings, settings: of the training.
        found: what was read, for its part.
        corpus: receives it.
        of_data: how many of the first were read from DATA, of which rows may be drawn; ``--validation`` and
            ``--test``, which come after, stand in the place of a named data set's own part.
    """
    known = {label for part, each in found if part == "train" for label in labels_in(task, each.examples)}
    settle_no_label(task, task_settings, [each for _, each in found], known)
    groups: dict[Part, list[Any]] = {"train": [], "validation": [], "test": []}
    for place, (part, reading) in enumerate(found):
        corpus.notes.extend(describe(reading))
        if place < of_data:
            corpus.notes.extend(_draw(reading, task_settings.most_rows(), settings.seed))
        elif replaced := getattr(corpus, part):
            corpus.notes.append(
                f"left out, {counted(len(replaced), 'row')} of the data's own {part} part: "
                f"--{part} stands in its place"
            )
            replaced.clear()
            groups[part].clear()
        getattr(corpus, part).extend(reading.examples)
        groups[part].extend(reading.groups)
    return groups


def _refuse_unmeasured(corpus: Corpus) -> None:
    """Refuses a training after which nothing could be measured.

    Raises:
        DataError: one row, or rows of which none could be cut off.
    """
    if corpus.validation or corpus.test:
        return
    raise DataError(
        "rows to learn from and at least one other row to measure on",
        f"{counted(len(corpus.train), 'row')}, of which none can be cut off",
        "add rows, or name rows to measure on with --validation FILE",
    )


def refuse_strange(task: Task, corpus: Corpus, labels: Sequence[str]) -> None:
    """Refuses labels of the validation and the test part that training lacks.

    Raises:
        DataError: names all of them, with their rows.
    """
    for part, examples in (("validation", corpus.validation), ("test", corpus.test)):
        strange = strange_labels(task, examples, labels, corpus.train)
        if strange:
            raise strange_error(strange, part)


def _draw(reading: Reading, most: int | None, seed: int) -> list[str]:
    """Leaves at most so many examples of a table, in their order: a seeded draw. Says so."""
    total = len(reading.examples)
    if most is None or total <= most:
        return []
    chosen = np.sort(np.random.default_rng((seed, most)).permutation(total)[:most])
    reading.examples = [reading.examples[index] for index in chosen]
    reading.groups = [reading.groups[index] for index in chosen] if reading.groups else []
    return [f"{reading.name}: {most:,} of {total:,} rows are drawn (seed {seed}); --set cap=N changes that"]


def _whole_groups(
    task: Task, examples: Sequence[Any], groups: list[Any], settings: TrainSettings
) -> list[Any] | None:
    """The group of each example, by the user's column or else by the task; None where there is none."""
    if not settings.group:
        groups = [task.group(example) for example in examples]
    return None if None in groups else groups


def cut_validation(task: Task, corpus: Corpus, seed: int, groups: Sequence[Any] | None) -> None:
    """Cuts a tenth of the training part off as validation, as ``read_corpus`` does."""
    corpus.validation, _ = _cut(task, corpus, 0.1, seed + 1, groups)


def _described(task: Task, corpus: Corpus, settings: TrainSettings) -> Corpus:
    """The corpus with notes on its split and on what is worth a look in it."""
    corpus.notes.append(
        f"split: {len(corpus.train):,} train, {len(corpus.validation):,} validation, "
        f"{len(corpus.test):,} test (seed {settings.seed})"
    )
    parts = {"train": corpus.train, "validation": corpus.validation, "test": corpus.test}
    corpus.notes.extend(quick_notes(task, parts))
    return corpus


def _training_tables(source: Source) -> list[tuple[Part, Table]]:
    if source.whole is not None:
        return [("train", source.whole)]
    found: list[tuple[Part, Table]] = [("train", source.pick("train"))]
    if "validation" in source.parts:
        found.append(("validation", source.pick("validation")))
    return found


def _cut_missing(task: Task, corpus: Corpus, settings: TrainSettings, groups: list[Any] | None) -> None:
    """Cuts test, then validation, off the training part, where nothing else gives them."""
    total = len(corpus.train)
    named = bool(corpus.validation) and settings.validation is None
    cut_test = settings.test is None and not named and total >= MIN_FOR_TEST
    if groups is None:
        strata = [task.stratum(example) for example in corpus.train]
        refuse_rare(strata, 1 + cut_test + (not corpus.validation))
    if cut_test:
        corpus.test, groups = _cut(task, corpus, 0.1, settings.seed, groups)
    if not corpus.validation:
        share = 0.1 if total == len(corpus.train) else 0.1 * total / len(corpus.train)
        corpus.validation, _ = _cut(task, corpus, share, settings.seed + 1, groups)


def _cut(
    task: Task, corpus: Corpus, share: float, seed: int, groups: Sequence[Any] | None
) -> tuple[list[Any], list[Any] | None]:
    strata = [task.stratum(example) for example in corpus.train]
    stay, taken = cut_off(strata, share, seed, groups)
    part = [corpus.train[index] for index in taken]
    corpus.train = [corpus.train[index] for index in stay]
    return part, None if groups is None else [groups[index] for index in stay]


def describe(reading: Reading) -> list[str]:
    """What was taken from a table and what was left out, for people."""
    columns = ", ".join(f"{ours} = {shortened(theirs, 80)}" for ours, theirs in reading.columns.items())
    lines = [f"{reading.name}: {note}" for note in reading.notes]
    lines.append(f"{reading.name}: {counted(len(reading.examples), 'row')}; columns {columns}")
    if reading.guess:
        lines.append(reading.guess)
    accounts = {
        "left out, without text": reading.without_text,
        "left out, without a label": reading.without_label,
        **{f"left out, {reason}": found for reason, found in reading.left_out.items()},
        **{f"with a note, {what}": found for what, found in reading.repaired.items()},
    }
    for what, found in accounts.items():
        if found:
            lines.append(f"{reading.name}: {counted(len(found), 'row')} {what}: {line_list(found)}")
    return lines
