"""Training signal annealing: few labels are not learnt by heart before the pool has been read.

Xie et al. 2020 ("Unsupervised Data Augmentation for Consistency Training", §3.2): a labelled text counts only
while the model gives its label a probability below a threshold, which rises over training from chance to 1.
"""

from __future__ import annotations

import math
from typing import Literal

from torch import Tensor

Schedule = Literal["none", "log", "linear", "exp"]

#: How sharply ``log`` and ``exp`` bend.
STEEPNESS = 5.0


def threshold(schedule: Schedule, progress: float, classes: int) -> float:
    """The probability from which a labelled text no longer counts.

    ``a * (1 - 1/K) + 1/K`` with ``a`` = ``1 - exp(-5 t)`` (log: many labels, little to memorise), ``t``
    (linear) or ``exp(5 (t - 1))`` (exp: few labels; the signal comes late).

    Args:
        schedule: which; ``none`` counts every text from the first step on.
        progress: share ``t`` of the training that is over, 0..1.
        classes: K.
    """
    if schedule == "none":
        return math.inf
    if schedule == "log":
        share = 1 - math.exp(-STEEPNESS * progress)
    elif schedule == "linear":
        share = progress
    else:
        share = math.exp(STEEPNESS * (progress - 1))
    return share * (1 - 1 / classes) + 1 / classes


def annealed(losses: Tensor, gold_probability: Tensor, limit: float) -> Tensor:
    """The mean loss of the texts that still count; 0 where none does.

    Args:
        losses: of each labelled text, shape (L,).
        gold_probability: that the model gives to each text's label, shape (L,), without gradient.
        limit: from ``threshold``.
    """
    kept = (gold_probability <= limit).to(losses.dtype)
    return (losses * kept).sum() / kept.sum().clamp(min=1)
