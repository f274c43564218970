"""Learning from labels and from a teacher's labels in the same steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from bertolt.data.features import Encoded, Feature
from bertolt.inference.run import Model
from bertolt.training.signals import Means, output_signals
from bertolt.training.supervised import Supervised, SupervisedData


@dataclass(frozen=True, slots=True)
class Target:
    """What a row is to be.

    Args:
        probabilities: of the classes, shape (K,).
        pseudo: whether a teacher said so.
    """

    probabilities: NDArray[np.float64]
    pseudo: bool


def labelled_target(encoded: Encoded, classes: int) -> Encoded:
    """An example whose target is its label's place, with a ``Target`` instead."""
    rows = [
        replace(row, target=Target(np.eye(classes)[int(row.target)], pseudo=False))
        for row in encoded.features
    ]
    return replace(encoded, features=tuple(rows))


def pseudo_target(encoded: Encoded, probabilities: NDArray[np.float64], weight: float) -> Encoded:
    """An example without a label, with what a teacher says of it.

    Args:
        encoded: the example.
        probabilities: shape (K,).
        weight: how much it counts beside a labelled example.
    """
    target = Target(probabilities, pseudo=True)
    rows = [replace(row, target=target, weight=row.weight * weight) for row in encoded.features]
    return replace(encoded, features=tuple(rows))


class PseudoSupervised(Supervised):
    """Cross-entropy with the probabilities of each row's ``Target``. Implements ``Objective``.

    Args:
        model, batch_size, seed: see ``Supervised``.
        data: whose training rows have ``Target``s.
    """

    def __init__(self, model: Model, data: SupervisedData, *, batch_size: int, seed: int) -> None:
        super().__init__(model, data, batch_size=batch_size, seed=seed)
        self._means = Means()

    def loss(self, batch: Sequence[Feature]) -> Tensor:
        """See ``Objective.loss``."""
        logits = self.logits(batch).float()
        given = np.stack([row.target.probabilities for row in batch]).astype(np.float32)
        weights = torch.tensor([row.weight for row in batch], device=logits.device)
        losses = functional.cross_entropy(
            logits,
            torch.from_numpy(given).to(logits.device),
            weight=self._data.class_weight,
            reduction="none",
        )
        pseudo = torch.tensor([row.target.pseudo for row in batch], device=logits.device)
        known, taught = losses.detach(), sum(row.target.pseudo for row in batch)
        self._means.add({"labelled_loss": known[~pseudo].sum()}, len(batch) - taught)
        self._means.add({"unlabelled_loss": known[pseudo].sum()}, taught)
        self._means.add(output_signals(logits, self._model.spec.labels), len(batch))
        return (losses * weights).sum()

    def signals(self) -> dict[str, float]:
        """See ``Signalling.signals``: a loss is told where there were rows of its kind."""
        return self._means.take()
