"""Texts without labels beside the labelled ones: what is read of them, and what is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bertolt.data.documents import Document, read_documents
from bertolt.data.duplicates import normalised_texts
from bertolt.data.examples import TextExample
from bertolt.data.features import Encoded
from bertolt.data.unknown import UnknownTally
from bertolt.errors import DataError, SettingError
from bertolt.tasks.single_label import SingleLabel
from bertolt.tasks.task import Task, input_columns
from bertolt.training.corpus import Corpus
from bertolt.training.prepare import Prepared, length_notes
from bertolt.training.settings import TrainSettings
from bertolt.wording import counted

#: Why a text is left out of the pool, in the order in which it is asked.
REASONS = {
    "test": "that stand in the test part",
    "validation": "that stand in the validation part",
    "labelled": "whose label is known from the training part",
    "repeated": "that stand in the pool already",
}


@dataclass(frozen=True, slots=True)
class Pool:
    """Unlabelled texts.

    Args:
        examples: of the task, without labels; no two of the same words, none of the words of a labelled one.
        rows: what the model reads of each.
        counts: how many there are (``texts``), and how many were left out by reason.
        notes: lines for people.
    """

    examples: Sequence[TextExample] = ()
    rows: Sequence[Encoded] = ()
    counts: dict[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()


def read_pool(settings: TrainSettings, prepared: Prepared) -> Pool:
    """The texts of ``settings.unlabelled``, cut like the labelled ones; no text of validation or test.

    Raises:
        SettingError: a task whose results are not one label a text.
        DataError, UnknownNameError: see ``read_documents``; or nothing is left.
    """
    if not settings.unlabelled:
        return Pool()
    check_task(prepared.task)
    found = read_documents(settings.unlabelled, settings.text, settings.read_options())
    examples, counts = without_known(found.documents, prepared.corpus)
    left_out = [
        f"unlabelled: {counted(counts[reason], 'text')} left out {why}"
        for reason, why in REASONS.items()
        if counts[reason]
    ]
    if not examples:
        raise DataError(
            "unlabelled texts that stand in no part of the labelled data",
            f"none among {len(found.documents):,}",
            "give other texts with --unlabelled",
        )
    encoded = [
        each
        for start in range(0, len(examples), 1000)
        for each in prepared.encode(examples[start : start + 1000])
    ]
    lengths = length_notes(encoded, prepared.spec)[-1]
    unknown = UnknownTally.of((each.tokens, each.unknown) for each in encoded)
    unknown.refuse()
    notes = [
        *found.notes,
        *left_out,
        f"unlabelled: {counted(len(examples), 'text')}; {lengths}",
        *unknown.notes(),
    ]
    return Pool(examples, encoded, counts, notes)


def check_task(task: Task) -> None:
    """Holds the task to be one that can learn from unlabelled texts.

    Raises:
        SettingError: its results are not one label a text.
    """
    if not isinstance(task, SingleLabel) or len(input_columns(task)) != 1:
        raise SettingError(
            "a task with one label a text for --unlabelled and --method, such as text-classification or "
            "acceptability",
            task.name,
            "leave --unlabelled and --method out",
        )


def without_known(documents: Sequence[Document], corpus: Corpus) -> tuple[list[TextExample], dict[str, int]]:
    """The documents that are new, but for case, marks and spaces, with an account of the others."""
    parts = {"test": corpus.test, "validation": corpus.validation, "labelled": corpus.train}
    seen = {
        reason: {normalised_texts((each.text,)) for each in examples} for reason, examples in parts.items()
    }
    seen["repeated"] = set()
    counts = {"texts": 0, **dict.fromkeys(REASONS, 0)}
    examples: list[TextExample] = []
    for document in documents:
        words = normalised_texts((document.text,))
        reason = next((reason for reason in REASONS if words in seen[reason]), None)
        counts[reason or "texts"] += 1
        if reason is None:
            seen["repeated"].add(words)
            examples.append(TextExample(line=document.line, text=document.text))
    return examples, counts
