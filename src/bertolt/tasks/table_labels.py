"""What the labels of a whole table say: which of them are none, are read as other words, or are strange."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from bertolt.data.columns import NO_LABEL, read_label
from bertolt.data.splits import labels_of
from bertolt.data.table import Row
from bertolt.errors import DataError
from bertolt.tasks.task import Task, TaskSettings
from bertolt.wording import counted, line_list

#: Labels whose meaning is said.
MEANINGS = 12


def note_meaning(renamed: Row, example: Any, meanings: dict[str, str]) -> None:
    """Adds what a label is read as, where that is another word: 0 as ``follows``, 1 as ``acceptable``."""
    label = getattr(example, "label", None)
    if label is None or len(meanings) > MEANINGS:
        return
    raw = read_label(renamed, "label")
    if raw is not None and raw != label:
        meanings.setdefault(raw, label)


def meaning_notes(meanings: Mapping[str, str]) -> tuple[str, ...]:
    """One line that says what the labels of a table are read as; none where they are read as they are."""
    if not meanings:
        return ()
    shown = ", ".join(f"{raw!r} = {label!r}" for raw, label in sorted(meanings.items())[:MEANINGS])
    return (f"labels are read as: {shown}",)


def labels_in(task: Task, examples: Iterable[Any]) -> set[str]:
    """The labels of examples."""
    return {label for example in examples for label in labels_of(task.stratum(example))}


def minus_one_is_label(labels: Iterable[str]) -> bool:
    """Whether -1 is a label of its own beside the others, or stands where nobody gave one.

    It is a label in -1 and 1, in -1, 0 and 1 (sentiment), and where other labels are negative as well.
    Beside any other labels, such as 0, 1 and 2 (the usual form of SNLI) or words, it stands for no label.
    """
    others = set(labels) - {NO_LABEL}
    negative = any(label.startswith("-") and label[1:].isdecimal() for label in others)
    return bool(others) and (negative or others <= {"0", "1", "+1"})


def no_label_marker(settings: TaskSettings, known: Iterable[str]) -> tuple[str, str]:
    """The label that stands for no label, empty where every label is one; and a note where that is unsure.

    Args:
        settings: the task's.
        known: the labels that the model learns, or has.
    """
    said, labels = settings.no_label_name(), set(known)
    if said is not None:
        return said, ""
    if NO_LABEL not in labels or not minus_one_is_label(labels):
        return NO_LABEL, ""
    shown = ", ".join(sorted(labels))
    return "", (
        f"the labels are {shown}, so -1 is a label; if it stands for no label: --set no_label={NO_LABEL}"
    )


def strange_labels(
    task: Task, examples: Sequence[Any], labels: Collection[str], learnt: Sequence[Any]
) -> dict[str, list[int]]:
    """The labels of examples that a model does not know, with the lines of each, by alphabet.

    Args:
        task: what is learnt.
        examples: those of another part, or of a test.
        labels: the model's outputs.
        learnt: the examples that it is trained on.

    Returns:
        Nothing for tasks whose outputs are not the labels of their rows.
    """
    if not task.label_outputs:
        return {}
    known = set(labels) | labels_in(task, learnt)
    lines: dict[str, list[int]] = {}
    for each in examples:
        for label in set(labels_of(task.stratum(each))) - known:
            lines.setdefault(label, []).append(each.line)
    return dict(sorted(lines.items()))


def _with_lines(strange: Mapping[str, Sequence[int]]) -> str:
    return ", ".join(
        f"{label!r} on {line_list(lines, 1)}"
        if len(lines) == 1
        else f"{label!r} on {counted(len(lines), 'row')} ({line_list(lines, 3)})"
        for label, lines in strange.items()
    )


def strange_error(strange: Mapping[str, Sequence[int]], part: str) -> DataError:
    """The error for the labels of a part that training lacks."""
    return DataError(
        f"only labels of the training part in the {part} part",
        _with_lines(strange),
        "correct these labels, remove their rows, or add rows of them to the training data",
    )


def unknown_labels_error(strange: Mapping[str, Sequence[int]], labels: Sequence[str]) -> DataError:
    """The error for the labels of data that a model is measured on and does not know."""
    return DataError(
        f"the model's labels only: {', '.join(labels[:20])}{', …' * (len(labels) > 20)}",
        _with_lines(strange),
        "correct these labels, remove their rows, or train a model on data that has them",
    )
