"""What a person reads: one frozen dataclass a kind of result.

The page and the command line choose their view by ``kind``, never by task. Offsets are character
positions in the original string, start included, end excluded.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What every kind shares.

    Args:
        truncated: whether a part of the text was not read by the model.
        tokens: tokens of the whole text, without special tokens.
        tokens_read: how many of them the model read.
    """

    kind: ClassVar[str] = "result"

    truncated: bool
    tokens: int
    tokens_read: int

    def to_dict(self) -> dict[str, Any]:
        """The result as plain numbers, strings, lists and dictionaries."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels(Result):
    """One label of a closed list, or those that hold of labels that each hold or do not.

    Args:
        label: the most probable one; of several those that pass, most probable first, with a comma
            between them, or ``"none"``; ``"unsure"`` where the caller asked to abstain.
        score: its probability, 0..1; of several labels the greatest of those that pass, and of
            ``"none"`` that of the likeliest label not holding.
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
        values = asdict(self)
        if self.passed is None:
            del values["passed"], values["thresholds"]
        else:
            values["passed"] = list(self.passed)
        return values
