"""The typed records of tasks. Field names are the names of the task's columns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What every record has.

    Args:
        line: 1-based line of its file on which it begins; 0 where it is not from a file.
        note: what was repaired or decided when it was read, or why it cannot be learnt from; empty where
            there is nothing to say.
    """

    line: int = 0
    note: str = ""

    def values(self) -> dict[str, Any]:
        """The record as a row of the task's columns."""
        values = asdict(self)
        del values["line"], values["note"]
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class TextExample(Example):
    """A text and its label; ``label`` is None where it is to be predicted."""

    text: str
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairExample(Example):
    """Two texts and the label of the pair; ``label`` is None where it is to be predicted."""

    text: str
    text_pair: str
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiLabelExample(Example):
    """A text and all labels that hold, maybe none; ``labels`` is None where they are to be predicted."""

    text: str
    labels: tuple[str, ...] | None = None

    def values(self) -> dict[str, Any]:
        """See ``Example.values``: the labels as a list."""
        return {"text": self.text, "labels": None if self.labels is None else list(self.labels)}


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedExample(Example):
    """A text with missing words, or without, and the text as it was.

    Args:
        text: with mask tokens where words are missing; none where they are to be drawn.
        unmasked: the whole text; None where the missing words are to be predicted.
    """

    text: str
    unmasked: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedExample(Example):
    """A sentence, what it is read beside, and its grade.

    Args:
        text: the sentence.
        context: what it is to be judged by, such as what happened before; None where it stands alone.
        label: its grade's name, or a word that leaves several grades open; None where it is to be predicted.
        judged: names of the judgements that somebody gave, of those that follow from the label; empty: all.
    """

    text: str
    context: str | None = None
    label: str | None = None
    judged: tuple[str, ...] = ()

    def values(self) -> dict[str, Any]:
        """See ``Example.values``. What was judged only matters in training."""
        return {"text": self.text, "context": self.context, "label": self.label}


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsExample(Example):
    """A text, the place of each of its words, and their tags.

    Args:
        text: the whole text.
        words: first character of each word and the one after its last, in the order of the text.
        tags: the tag of each word, None where it is open; None where they are to be predicted.
    """

    text: str
    words: tuple[tuple[int, int], ...]
    tags: tuple[str | None, ...] | None = None

    def values(self) -> dict[str, Any]:
        """See ``Example.values``: the words as strings."""
        words = [self.text[start:end] for start, end in self.words]
        return {"text": self.text, "words": words, "tags": None if self.tags is None else list(self.tags)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer in the words of a context: ``context[start : start + len(text)] == text``."""

    text: str
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionExample(Example):
    """A question, the context that may answer it, and its answers.

    Args:
        question: the question.
        context: the passage.
        answers: all that count as right, the one to be learnt first; empty where the context has none;
            None where they are to be predicted.
        id: of the question, for official scripts.
        title: of the article that the context is from.
    """

    question: str
    context: str
    answers: tuple[Answer, ...] | None = None
    id: str | None = None
    title: str | None = None

    @property
    def is_impossible(self) -> bool:
        """Whether the context is known to have no answer."""
        return self.answers is not None and not self.answers

    def values(self) -> dict[str, Any]:
        """See ``Example.values``: the answers as objects, which hold their starts."""
        answers = None if self.answers is None else [asdict(answer) for answer in self.answers]
        return {
            "question": self.question,
            "context": self.context,
            "id": self.id,
            "title": self.title,
            "answers": answers,
            "answer_start": None,
            "is_impossible": None if answers is None else not answers,
        }


def fingerprint(examples: Iterable[Example]) -> str:
    """A hash of the records in their order: equal data, equal hash, whatever the file format.

    Returns:
        The first 16 hexadecimal digits of a SHA-256.
    """
    digest = hashlib.sha256()
    for example in examples:
        record = json.dumps(example.values(), sort_keys=True, default=list)
        digest.update(record.encode())
        digest.update(b"\n")
    return digest.hexdigest()[:16]
