"""What the model reads of an example: one or more rows of token ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertolt.data.tokenizer import Ids, Template
from bertolt.data.truncation import Piece


@dataclass(frozen=True, slots=True)
class Feature:
    """One row for the model.

    Args:
        ids: token ids, special ones included, shape (t,).
        types: token types, shape (t,), or None where all are 0.
        weight: how much its loss counts; a step's loss is divided by the sum of its weights. The features
            of one example share a weight of 1 in sequence tasks; in token tasks it is the number of
            labelled tokens.
        target: what is to be learnt, in the form that the task's loss reads; None when predicting.
        select: positions in ``ids`` at which alone outputs are wanted, or None for the head's usual ones.
    """

    ids: Ids
    types: NDArray[np.int32] | None = None
    weight: float = 1.0
    target: Any = None
    select: NDArray[np.int32] | None = None

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Encoded:
    """All rows of one example.

    Args:
        features: at least one.
        tokens: tokens of its texts, without special tokens.
        tokens_read: how many of them stand in at least one feature.
        unknown: how many of ``tokens`` the vocabulary lacks, read or not.
        context: what the task needs to turn the model's outputs into a result, such as offsets.
    """

    features: tuple[Feature, ...]
    tokens: int
    tokens_read: int
    unknown: int
    context: Any = field(default=None, compare=False)

    @property
    def truncated(self) -> bool:
        """Whether a part of the text is not read."""
        return self.tokens_read < self.tokens


def take(ids: Ids, piece: Piece) -> Ids:
    """The ids that a piece of ``truncation.cut`` keeps."""
    if len(piece) == 1:
        return ids[piece[0][0] : piece[0][1]]
    return np.concatenate([ids[start:stop] for start, stop in piece])


def assemble(template: Template, texts: Sequence[Ids]) -> tuple[Ids, NDArray[np.int32] | None]:
    """Puts the special tokens around one text or two.

    Returns:
        Token ids of shape (t,), and token types of the same shape, or None where all are 0.
    """
    parts: list[Any] = [template.before, texts[0], template.between, *texts[1:], template.after]
    kinds = template.types if len(texts) == 2 else (*template.types[:3], template.types[4])
    ids = np.concatenate([np.asarray(part, dtype=np.int32) for part in parts])
    if not any(kinds):
        return ids, None
    return ids, np.repeat(np.asarray(kinds, dtype=np.int32), [len(part) for part in parts])
