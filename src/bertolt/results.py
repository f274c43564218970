"""What a person reads: one frozen dataclass a kind of result.

The page and the command line choose their view by ``kind``, never by task. Offsets are character
positions in the original string, start included, end excluded.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What every kind shares.

    Args:
        truncated: whether a part of the text was not read by the model.
        tokens: tokens of the whole text, without special tokens.
        tokens_read: how many of them the model read.
        unknown: how many of them stand for characters that the model's vocabulary lacks; it cannot tell such
            tokens apart.
    """

    kind: ClassVar[str] = "result"

    truncated: bool
    tokens: int
    tokens_read: int
    unknown: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The result as plain numbers, strings, lists and dictionaries."""
        return _fields(self)


#: What stands for several labels of which none holds: an empty list. A label may be called "none".
NO_LABELS = "[]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels(Result):
    """One label of a closed list, or those that hold of labels that each hold or do not.

    Args:
        label: the most probable one; of several those that pass, most probable first, with a comma
            between them, or ``NO_LABELS``; ``"unsure"`` where the caller asked to abstain.
        score: its probability, 0..1; of several labels the greatest of those that pass, and of
            ``NO_LABELS`` that of the likeliest label not holding.
        scores: the probability of every label, in the model's order.
        passed: the labels whose probability reaches their threshold, most probable first; None where
            exactly one label holds.
        thresholds: the threshold of every label, in the model's order; None likewise.
    """

    kind: ClassVar[str] = "labels"

    label: str
    score: float
    scores: dict[str, float]
    passed: tuple[str, ...] | None = None
    thresholds: dict[str, float] | None = None

    def to_dict(self) -> dict[str, Any]:
        """See ``Result.to_dict``; ``passed`` and ``thresholds`` only where several labels can hold."""
        values = _fields(self)
        if self.passed is None:
            del values["passed"], values["thresholds"]
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedWord:
    """A word and its tag.

    Args:
        text: the word.
        start, end: its place in the text.
        tag: the most probable one.
        score: its probability, 0..1.
    """

    text: str
    start: int
    end: int
    tag: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A span of words of one type.

    Args:
        label: its type, such as ``"PER"``.
        text: the text from its first word to its last.
        start, end: its place in the text.
        score: the least probability of its words' tags, 0..1.
    """

    label: str
    text: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags(Result):
    """A tag for each word of a text.

    Args:
        words: in the order of the text. Of words that were given as a list, offsets are into them with
            one blank between.
        entities: the spans that the tags mark, in the order of the text; None where the model's tags mark
            none, as parts of speech.
    """

    kind: ClassVar[str] = "tags"

    words: tuple[TaggedWord, ...]
    entities: tuple[Entity, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSpan:
    """A candidate for an answer.

    Args:
        text: its words: the context from ``start`` to ``end``.
        start, end: its place in the context.
        score: its share, 0..1, of the candidates and of no answer together.
    """

    text: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers(Result):
    """The answer to a question in the words of a context.

    Args:
        answer: the context from ``start`` to ``end``; empty where there is no answer.
        score: its share, 0..1, of the candidates and of no answer together; not calibrated.
        start, end: its place in the context; 0 and 0 where there is no answer.
        answers: the best candidates, best first, whether or not there is an answer.
        no_answer_score: the share of no answer, 0..1.
    """

    kind: ClassVar[str] = "answers"

    answer: str
    score: float
    start: int
    end: int
    answers: tuple[AnswerSpan, ...]
    no_answer_score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A word for a missing one.

    Args:
        token: as it stands in a text, without the vocabulary's marks.
        score: its probability, 0..1, among all tokens of the vocabulary.
        text: the whole text with this word in its place, and the likeliest one in every other.
    """

    token: str
    score: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates(Result):
    """What may stand for the missing words of a text, or how likely a whole text is.

    Args:
        text: the text with the likeliest word in every missing place.
        masks: for each missing place, in the order of the text, its candidates, best first.
        log_likelihood: where it was asked for, the sum over the text's tokens of the natural logarithm of
            each one's probability given all others (Salazar et al. 2020); else None.
        pseudo_perplexity: its exponential, per token and negated; else None.
    """

    kind: ClassVar[str] = "candidates"

    text: str
    masks: tuple[tuple[Candidate, ...], ...]
    log_likelihood: float | None = None
    pseudo_perplexity: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """See ``Result.to_dict``; the likelihood only where it was asked for."""
        values = _fields(self)
        if self.log_likelihood is None:
            del values["log_likelihood"], values["pseudo_perplexity"]
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade(Result):
    """A grade out of an ordered list.

    Args:
        grade: its place in the order, from 0.
        name: its name.
        probabilities: the probability of every grade, in the order of the grades; they sum to 1.
        judgements: the probability of each judgement behind the grade, by name; empty where it rests on none.
        unsure: the grade that is given where those above it cannot be told; None where there is none.
    """

    kind: ClassVar[str] = "grade"

    grade: int
    name: str
    probabilities: dict[str, float]
    judgements: dict[str, float]
    unsure: int | None = None

    @property
    def score(self) -> float:
        """The probability of the grade, 0..1."""
        return self.probabilities[self.name]

    def to_dict(self) -> dict[str, Any]:
        """See ``Result.to_dict``; without ``unsure``, which is the same for all texts."""
        values = _fields(self)
        del values["unsure"]
        return values


def _fields(result: Any) -> dict[str, Any]:
    return {name: _plain(getattr(result, name)) for name in _names(type(result))}  # type: ignore[arg-type]


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    """A kind's own fields first, then those that all results share."""
    shared = [each.name for each in fields(Result)] if issubclass(kind, Result) else []
    own = [each.name for each in fields(kind) if each.name not in shared]
    return (*own, *shared)


def _plain(value: Any) -> Any:
    """As ``dataclasses.asdict``, several times faster, and with lists for tuples."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    return _fields(value) if is_dataclass(value) else value
