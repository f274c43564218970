"""Which predictions on unlabelled texts become labels: balanced first, then the most confident ones.

Balance comes first because a teacher of few labels leans to one side: the most confident predictions are
then mostly of that side, and the student leans more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Rounds of scaling rows and columns; the shares are then exact to far below one text.
_ROUNDS = 100


@dataclass(frozen=True, slots=True)
class PseudoLabels:
    """The texts that are learnt from, and as what.

    Args:
        rows: their places in the pool, ascending, shape (m,).
        targets: balanced probabilities of each, shape (m, K).
        classes: the most probable class of each, shape (m,).
        confidence: the least probability of that class among them; 0 where there are none.
    """

    rows: NDArray[np.int64]
    targets: Floats
    classes: NDArray[np.int64]
    confidence: float

    def counts(self, classes: int) -> list[int]:
        """How many texts each of the ``classes`` has."""
        return [int(count) for count in np.bincount(self.classes, minlength=classes)]


def balanced(probabilities: Floats, shares: Floats) -> Floats:
    """Probabilities scaled by class until their mean has the wanted shares (Asano et al. 2020, §3.1).

    Args:
        probabilities: shape (n, K), rows of sum 1.
        shares: of the classes, shape (K,), sum 1.
    """
    scaled = np.clip(probabilities, 1e-12, None)
    for _ in range(_ROUNDS):
        scaled = scaled * (shares / scaled.mean(axis=0))
        scaled = scaled / scaled.sum(axis=1, keepdims=True)
    return np.asarray(scaled)


def choose(probabilities: Floats, shares: Floats, take: float, confidence: float) -> PseudoLabels:
    """The most confident texts of each class, in numbers of the wanted shares.

    Where a class has too few texts that are confident enough, the others get fewer too.

    Args:
        probabilities: of the pool, shape (n, K).
        shares: of the classes, shape (K,), sum 1.
        take: share of the pool that is taken, 0..1.
        confidence: the least balanced probability with which a text is taken.
    """
    targets = balanced(probabilities, shares)
    classes = targets.argmax(axis=1)
    highest = targets.max(axis=1)
    able = [np.flatnonzero((classes == label) & (highest >= confidence)) for label in range(len(shares))]
    wanted = [label for label in range(len(shares)) if shares[label] > 0]
    total = min([take * len(targets), *(len(able[label]) / shares[label] for label in wanted)])
    chosen: list[NDArray[np.int64]] = []
    for label in wanted:
        # The place decides among equals, so that the choice is a function of the numbers alone.
        order = np.lexsort((able[label], -highest[able[label]]))
        chosen.append(able[label][order[: int(total * shares[label] + 1e-9)]])
    rows = np.sort(np.concatenate(chosen))
    least = float(highest[rows].min()) if len(rows) else 0.0
    return PseudoLabels(rows, targets[rows], classes[rows], least)
