"""When learning from one's own guesses goes wrong: how it is noticed, and what is done about it.

A network that teaches itself may end by saying the same of every text: one class, or nothing at all. Both
show in what it says of the pool, without any label.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

#: A class is lost when it is the best guess for less than this part of its wanted share.
LOST_SHARE = 0.2
#: Below this part of the greatest entropy, log K, the mean entropy of the guesses is near 0.
MIN_ENTROPY = 0.005
#: Below this part of log K the guesses hardly depend on the text.
MIN_INFORMATION = 0.001
#: What the weight of the unlabelled loss is multiplied by after a rollback.
CAUTION = 0.5


class CollapseStats:
    """Sums over the guesses on the pool since the last check.

    Args:
        labels: names of the K classes.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = labels
        self.clear()

    def clear(self) -> None:
        """Forgets all."""
        self.counts = torch.zeros(len(self._labels), dtype=torch.float64)
        self.total = torch.zeros(len(self._labels), dtype=torch.float64)
        self.entropy = 0.0

    def add(self, probabilities: Tensor) -> None:
        """Takes a batch in; shape (B, K)."""
        batch = probabilities.detach().double().cpu()
        self.counts += torch.bincount(batch.argmax(-1), minlength=len(self._labels))
        self.total += batch.sum(0)
        self.entropy -= torch.xlogy(batch, batch).sum().item()

    def collapse(self, prior: Sequence[float]) -> str | None:
        """What has collapsed, in words, or None.

        Besides the shares of the classes and the mean entropy it reads how much a guess depends on its text:
        the entropy of the mean guess less the mean entropy (Bridle et al. 1991, "Unsupervised Classifiers,
        Mutual Information and 'Phantom Targets'").

        Args:
            prior: the wanted share of each class, shape (K,).
        """
        texts = self.counts.sum().item()
        if texts == 0:
            return None
        most = math.log(len(self._labels))
        shares = (self.counts / texts).tolist()
        entropy, mean = self.entropy / texts, self.total / texts
        information = -torch.xlogy(mean, mean).sum().item() - entropy
        lost = [index for index, share in enumerate(shares) if share < LOST_SHARE * prior[index]]
        if lost:
            share, wanted = shares[lost[0]], prior[lost[0]]
            return (
                f"{self._labels[lost[0]]} is the guess for {share:.1%} of texts, not for about {wanted:.0%}"
            )
        if entropy < MIN_ENTROPY * most:
            return f"the mean entropy of guesses is {entropy:.2g}"
        if information < MIN_INFORMATION * most:
            return "guesses are the same for every text"
        return None

    def state(self) -> dict[str, Any]:
        """The sums; doubles survive JSON bit for bit."""
        return {"counts": self.counts.tolist(), "total": self.total.tolist(), "entropy": self.entropy}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Takes up what ``state`` gave."""
        self.counts = torch.tensor(state["counts"], dtype=torch.float64)
        self.total = torch.tensor(state["total"], dtype=torch.float64)
        self.entropy = state["entropy"]


class RollbackPolicy:
    """How much the unlabelled loss still counts after rollbacks.

    Args:
        most: rollbacks after which it no longer counts.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.rollbacks = 0

    @property
    def factor(self) -> float:
        """Of the weight: halved by each rollback, and at last 0."""
        return 0.0 if self.rollbacks > self._most else CAUTION**self.rollbacks

    def roll_back(self) -> str:
        """Counts a rollback, and says what follows from it."""
        self.rollbacks += 1
        if self.factor == 0.0:
            return "the unlabelled loss is switched off: the rest is learnt from labels alone"
        return f"goes on with {self.factor:g} of the unlabelled loss's weight"
