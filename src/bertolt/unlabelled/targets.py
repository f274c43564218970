"""The targets of consistency training: predictions on unlabelled texts are aligned, sharpened and masked.

Training signal annealing bounds how fast the few labelled texts are learnt (Xie et al. 2020, "Unsupervised
Data Augmentation for Consistency Training", §3.2): a labelled text counts only while the model gives its
label a probability below a threshold, which rises over training from chance to 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor

#: How much of the running mean stays at each step: about the last hundred steps count.
MOMENTUM = 0.99


class RelativeConfidence:
    """How sure the model is of labelled texts, as the measure of how sure it must be of others.

    Berthelot et al. 2022 (AdaMatch, §3.3): a model that is sure of nothing yet may learn from what it is
    surest of, and one that knows its labels by heart must be as sure of the pool. The mean runs over the
    batches.

    Args:
        classes: K; it begins at a confidence of 1/K.
        momentum: of the running mean.
    """

    def __init__(self, classes: int, momentum: float = MOMENTUM) -> None:
        self.mean = 1 / classes
        self._seen = False
        self._momentum = momentum

    def update(self, probabilities: Tensor) -> None:
        """Takes a labelled batch into the running mean; shape (B, K), B at least 1."""
        batch = probabilities.detach().double().max(-1).values.mean().item()
        self.mean = self._momentum * self.mean + (1 - self._momentum) * batch if self._seen else batch
        self._seen = True

    def state(self) -> tuple[float, bool]:
        """The running mean, and whether it has begun."""
        return self.mean, self._seen

    def load_state(self, state: Sequence[Any]) -> None:
        """Takes up what ``state`` gave."""
        self.mean, self._seen = float(state[0]), bool(state[1])


class DistributionAlignment:
    """Predictions are scaled so that their mean over the pool has the shares of the labels.

    Berthelot et al. 2020 (ReMixMatch, §3.1); without it, the commoner guess feeds on itself until the model
    says nothing else. The mean runs over the batches seen, and begins at the wanted shares.

    Args:
        prior: the wanted share of each class, shape (K,), all above 0.
        momentum: of the running mean.
    """

    def __init__(self, prior: Tensor, momentum: float = MOMENTUM) -> None:
        self.prior = prior.double().cpu()
        self.mean = self.prior.clone()
        self._momentum = momentum

    def update(self, probabilities: Tensor) -> None:
        """Takes a batch into the running mean; shape (B, K), B at least 1."""
        batch = probabilities.detach().double().mean(0).cpu()
        self.mean = self._momentum * self.mean + (1 - self._momentum) * batch

    def __call__(self, probabilities: Tensor) -> Tensor:
        """``p * prior / mean``, normalised; shape (B, K)."""
        factor = self.prior / self.mean.clamp(min=1e-6)
        scaled = probabilities * factor.to(probabilities)
        return scaled / scaled.sum(-1, keepdim=True)

    def state(self) -> list[float]:
        """The running mean; a double survives JSON bit for bit."""
        found: list[float] = self.mean.tolist()
        return found

    def load_state(self, state: Sequence[float]) -> None:
        """Takes up what ``state`` gave."""
        self.mean = torch.tensor(list(state), dtype=torch.float64)


def sharpen(probabilities: Tensor, temperature: float) -> Tensor:
    """``p ** (1 / T)``, normalised (Xie et al. 2020, §3.2; T 1 leaves them); shape (B, K)."""
    logits = probabilities.clamp(min=1e-12).log() / temperature
    return logits.softmax(-1)


def confident(probabilities: Tensor, threshold: float) -> Tensor:
    """Which texts count: 1 where the greatest probability reaches ``threshold``, else 0; shape (B,).

    UDA counts from 0.8 on, FixMatch (Sohn et al. 2020, §2.2) from 0.95. Read before sharpening, as both do.
    """
    return (probabilities.max(-1).values >= threshold).to(probabilities.dtype)


def divergence(target: Tensor, log_probabilities: Tensor) -> Tensor:
    """KL(target || prediction) of each text; shape (B,).

    Args:
        target: probabilities, shape (B, K), without gradient; zeros are allowed.
        log_probabilities: of the view, shape (B, K).
    """
    return (torch.xlogy(target, target) - target * log_probabilities).sum(-1)


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
