"""What a model that chooses one of several labels puts out while it learns: confidence, entropy, shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor


def output_signals(logits: Tensor, labels: Sequence[str]) -> dict[str, Tensor]:
    """Sums over a batch, whose gradient nobody needs.

    Args:
        logits: shape (B, K).
        labels: their K names.

    Returns:
        Scalars: ``confidence``, ``entropy`` (nats) and ``share LABEL``, each summed over the rows.
    """
    log_odds = torch.log_softmax(logits.detach().float(), dim=-1)
    probabilities = log_odds.exp()
    highest, best = probabilities.max(dim=-1)
    counts = torch.bincount(best, minlength=len(labels)).float()
    return {
        "confidence": highest.sum(),
        "entropy": -(probabilities * log_odds).sum(),
        **{f"share {label}": count for label, count in zip(labels, counts, strict=True)},
    }


class Means:
    """Means of named figures over the batches of a step."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, float] = {}

    def add(self, sums: Mapping[str, Tensor], count: float) -> None:
        """Adds a batch.

        Args:
            sums: scalars by name, each over the rows of the batch.
            count: of those rows, or their weight.
        """
        for name, value in sums.items():
            self._sums[name] = self._sums[name] + value if name in self._sums else value
            self._counts[name] = self._counts.get(name, 0.0) + count

    def take(self) -> dict[str, float]:
        """The means since the last call; a figure without any rows has none."""
        names = list(self._sums)
        # One transfer from the device, not one for each figure.
        values = torch.stack([self._sums[name] for name in names]).tolist() if names else []
        counts = self._counts
        self._forget()
        return {name: value / counts[name] for name, value in zip(names, values, strict=True) if counts[name]}


class OutputSignals:
    """The loss of a step, and where each row has one of several labels, what the model puts out.

    Args:
        labels: of a model whose rows have one of them each; empty: of another, whose loss alone is told.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = labels
        self._means = Means()

    def add(self, logits: Tensor, loss: Tensor, weight: float) -> None:
        """Adds a batch.

        Args:
            logits: of the head; read where they are of shape (B, K).
            loss: the sum over the batch.
            weight: of its rows.
        """
        self._means.add({"labelled_loss": loss.detach().float()}, weight)
        if self._labels and logits.ndim == 2 and logits.shape[1] == len(self._labels):
            self._means.add(output_signals(logits, self._labels), len(logits))

    def take(self) -> dict[str, float]:
        """The means since the last call: of the loss by weight, of the others by row."""
        return self._means.take()
