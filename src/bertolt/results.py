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
    """A label out of a closed list.

    Args:
        label: the most probable one, or ``"unsure"`` where the caller asked to abstain.
        score: its probability, 0..1.
        scores: the probability of every label, in the model's order.
    """

    kind: ClassVar[str] = "labels"

    label: str
    score: float
    scores: dict[str, float]
