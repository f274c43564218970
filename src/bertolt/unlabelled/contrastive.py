"""Pairs of labelled texts: those of one label are drawn together, those of two apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from bertolt.data.features import Encoded, Feature
from bertolt.inference.engine import tensors
from bertolt.models.mean_reading import head_input
from bertolt.training.objective import Step, Validation
from bertolt.training.trainable import TrainableModel

#: A last number of the seeds of draws, apart from those of other drawings.
_DRAWS = 2**31 + 2


class Contrastive:
    """The cosine of two texts is to be 1 if they share a label, else 0. Implements ``Objective``.

    Tunstall et al. 2022 (SetFit, §3), on what the head reads. They encode each pair by itself; here a step
    encodes a few texts of every label and compares each with each, which gives as many pairs for a fraction
    of the work. Pairs of equal and of different labels weigh the same in a step.

    Args:
        model: with the network to train.
        labelled: what is read of each labelled text; of a text in windows, a window is drawn.
        steps: of an epoch.
        batch_size: texts of a step, at least one of each label.
        seed: of the draws.
    """

    def __init__(
        self, model: TrainableModel, labelled: Sequence[Encoded], *, steps: int, batch_size: int, seed: int
    ) -> None:
        self.network: nn.Module = model.engine.network
        self._model = model
        self._steps = steps
        self._seed = seed
        self._by_label: dict[int, list[Encoded]] = defaultdict(list)
        for each in labelled:
            self._by_label[int(each.features[0].target)].append(each)
        self._signals: dict[str, float] = {}
        self._each = max(2, batch_size // max(1, len(self._by_label)))

    def steps(self, epoch: int) -> list[Step]:
        """See ``Objective.steps``."""
        random = np.random.default_rng((self._seed, epoch, _DRAWS))
        return [self._step(random) for _ in range(self._steps)]

    def _step(self, random: np.random.Generator) -> Step:
        rows: list[Feature] = []
        for label in sorted(self._by_label):
            texts = self._by_label[label]
            for place in random.permutation(len(texts))[: self._each]:
                windows = texts[int(place)].features
                rows.append(windows[int(random.integers(len(windows)))])
        return Step(batches=[rows], weight=1.0, tokens=sum(len(row) for row in rows))

    def loss(self, batch: Sequence[Feature]) -> Tensor:
        """See ``Objective.loss``: the mean over the step's pairs."""
        engine = self._model.engine
        inputs = tensors(batch, self._model.tokenizer.pad_id, engine.device)
        vectors = functional.normalize(head_input(self.network, engine.head, inputs).float(), dim=-1)
        labels = torch.tensor([int(row.target) for row in batch], device=vectors.device)
        loss = pair_loss(vectors, labels)
        self._signals = {"labelled_loss": loss.item()}
        return loss

    def signals(self) -> dict[str, float]:
        """See ``Signalling.signals``: the head does not fit these vectors, so no outputs are told."""
        found, self._signals = self._signals, {}
        return found

    def validate(self) -> Validation | None:
        """See ``Objective.validate``: the head does not fit these vectors, so there is nothing to measure."""
        return None

    def state(self) -> dict[str, Any]:
        """See ``Objective.state``: the draws are a function of seed and epoch, so there is none."""
        return {}

    def load_state(self, state: dict[str, Any]) -> None:
        """See ``Objective.load_state``."""


def pair_loss(vectors: Tensor, labels: Tensor) -> Tensor:
    """The mean squared error of cosines over all pairs, equal and different ones of the same weight.

    Args:
        vectors: of length 1, shape (B, H).
        labels: shape (B,).

    Returns:
        A scalar; of one kind of pairs alone where there is no other.
    """
    first, second = torch.triu_indices(len(vectors), len(vectors), offset=1, device=vectors.device)
    same = (labels[first] == labels[second]).to(vectors.dtype)
    errors = ((vectors[first] * vectors[second]).sum(-1) - same) ** 2
    kinds = [(errors * kind).sum() / kind.sum() for kind in (same, 1 - same) if bool(kind.any())]
    return torch.stack(kinds).mean()
