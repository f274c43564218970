"""What a model that chooses one of several labels puts out while it learns: confidence, entropy, shares."""

from __future__ import annotations

from collections.abc import Sequence

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


class OutputSignals:
    """Sums the signals of the batches of a step.

    Args:
        labels: of a model whose rows have one of them each; empty: of another, whose loss alone is told.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = labels
        self._forget()

    def _forget(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._rows = 0
        self._weight = 0.0

    def add(self, logits: Tensor, loss: Tensor, weight: float) -> None:
        """Adds a batch.

        Args:
            logits: of the head; read where they are of shape (B, K).
            loss: the sum over the batch.
            weight: of its rows.
        """
        found = {"labelled_loss": loss.detach().float()}
        if self._labels and logits.ndim == 2 and logits.shape[1] == len(self._labels):
            found |= output_signals(logits, self._labels)
            self._rows += len(logits)
        self._weight += weight
        for name, value in found.items():
            self._sums[name] = self._sums[name] + value if name in self._sums else value

    def take(self) -> dict[str, float]:
        """The means since the last call: of the loss by weight, of the others by row."""
        names = list(self._sums)
        # One transfer from the device, not one for each figure.
        values = torch.stack([self._sums[name] for name in names]).tolist() if names else []
        weight, rows = max(self._weight, 1e-12), max(self._rows, 1)
        means = {
            name: value / (weight if name == "labelled_loss" else rows)
            for name, value in zip(names, values, strict=True)
        }
        self._forget()
        return means
