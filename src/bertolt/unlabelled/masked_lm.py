"""Learning missing words, and on request the next sentence, from text alone (Devlin et al. 2019, §3.1)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from bertolt.data.batching import fill, steps
from bertolt.data.features import Feature
from bertolt.data.masking import Masking, draw
from bertolt.inference.engine import MAX_TOKENS, tensors
from bertolt.models.families import family_of
from bertolt.models.masked_head import MaskedHead, masked_loss
from bertolt.models.next_sentence_head import both_logits
from bertolt.training.objective import Objective, Step, Validation, signals_of
from bertolt.unlabelled.rows import Rows, UnmaskedRow

#: Peak learning rate of a new head; it is small, and nothing pre-trained can be spoilt.
HEAD_RATE = 1e-3


class HeadWarmup:
    """The beginning of each epoch of an objective, without validation. Implements ``Objective``.

    Args:
        inner: the whole objective.
        total: steps in all epochs together, rounded up to a multiple of the epochs.
    """

    def __init__(self, inner: Objective, total: int) -> None:
        self.network = inner.network
        self.epochs = math.ceil(total / len(inner.steps(0)))
        self._inner = inner
        self._each = math.ceil(total / self.epochs)

    def steps(self, epoch: int) -> Sequence[Step]:
        """See ``Objective.steps``."""
        return self._inner.steps(epoch)[: self._each]

    def loss(self, batch: Any) -> Tensor:
        """See ``Objective.loss``."""
        return self._inner.loss(batch)

    def signals(self) -> dict[str, float]:
        """See ``Signalling.signals``."""
        return signals_of(self._inner)

    def validate(self) -> Validation | None:
        """See ``Objective.validate``: nothing is chosen here."""
        return None

    def state(self) -> dict[str, Any]:
        """See ``Objective.state``: none."""
        return {}

    def load_state(self, state: dict[str, Any]) -> None:
        """See ``Objective.load_state``."""


@contextmanager
def only(network: nn.Module, parameters: Sequence[nn.Parameter]) -> Iterator[None]:
    """Lets these parameters alone be trained while the body of the ``with`` runs."""
    chosen = {id(parameter) for parameter in parameters}
    before = [(parameter, parameter.requires_grad) for parameter in network.parameters()]
    for parameter, _ in before:
        parameter.requires_grad_(id(parameter) in chosen)
    try:
        yield
    finally:
        for parameter, required in before:
            parameter.requires_grad_(required)


#: A last number of the seeds of pairs, apart from those of rows, which are seed, epoch and row.
_PAIRS = 2**31


@dataclass(frozen=True, slots=True)
class MaskedBatch:
    """Rows with tokens hidden.

    Args:
        features: with the hidden tokens' places selected and their ids as targets.
        follows: of pairs, 0 where the second text follows and 1 where not, shape (B,); else None.
        pair_weight: what a pair's loss is multiplied by, so that, divided by the step's hidden tokens, it
            is the mean over the step's pairs.
    """

    features: Sequence[Feature]
    follows: Tensor | None
    pair_weight: float


@dataclass(frozen=True, slots=True)
class Reading:
    """How rows are read.

    Args:
        masking: which tokens are hidden.
        pad_id: the token that fills up a row.
        batch_size: rows of a step.
        seed: of the order and the masks.
    """

    masking: Masking
    pad_id: int
    batch_size: int
    seed: int


class MaskedLM:
    """The loss of hidden tokens, in the mean over a step's hidden tokens, plus, of pairs, that of the next
    sentence in the mean over its pairs. Implements ``Objective``.

    The masks of a row are a function of seed, epoch and row: drawn anew in each epoch, and the same after a
    resume. Logits are computed at the hidden tokens only.

    Args:
        network: of ``build_both``, on its device.
        rows: what is read.
        reading: how.
        measure: measures the network on held-out documents, or None where they are too few.
    """

    def __init__(
        self, network: nn.Module, rows: Rows, reading: Reading, measure: Callable[[], Validation | None]
    ) -> None:
        self.network = network
        self._rows = rows
        self._reading = reading
        self._measure = measure
        self._device = next(network.parameters()).device
        self._equal_lengths = family_of(getattr(network, "config", None)).equal_lengths
        self._drawn: tuple[int, list[Step]] | None = None
        self._losses: list[tuple[Tensor, int]] = []

    def steps(self, epoch: int) -> list[Step]:
        """See ``Objective.steps``."""
        if self._drawn is None or self._drawn[0] != epoch:
            self._drawn = (epoch, self._draw(epoch))
        return self._drawn[1]

    def _draw(self, epoch: int) -> list[Step]:
        seed = self._reading.seed
        rows = self._rows.epoch(np.random.default_rng((seed, epoch, _PAIRS)))
        features = [self._mask(row, (seed, epoch, number)) for number, row in enumerate(rows)]
        lengths = [len(row.ids) for row in rows]
        chosen = steps(lengths, self._reading.batch_size, seed, epoch)
        return [self._step(rows, features, each) for each in chosen]

    def _mask(self, row: UnmaskedRow, seed: tuple[int, int, int]) -> Feature:
        masked = draw(row.ids, self._reading.masking, np.random.default_rng(seed), row.words)
        weight = float(len(masked.positions))
        return Feature(masked.ids, row.types, weight, target=masked.originals, select=masked.positions)

    def _step(self, rows: Sequence[UnmaskedRow], features: Sequence[Feature], chosen: Sequence[int]) -> Step:
        lengths = [len(features[index]) for index in chosen]
        # A step without any word, such as of empty texts, has no loss; it must not divide by 0 either.
        weight = max(1.0, sum(features[index].weight for index in chosen))
        batches = []
        for places in fill(lengths, MAX_TOKENS[self._device.type], equal_lengths=self._equal_lengths):
            batch = [chosen[place] for place in places]
            pairs = [rows[index].follows for index in batch if rows[index].follows is not None]
            follows = torch.tensor([0 if follow else 1 for follow in pairs]) if pairs else None
            batches.append(MaskedBatch([features[index] for index in batch], follows, weight / len(chosen)))
        return Step(batches=batches, weight=weight, tokens=sum(lengths))

    def loss(self, batch: MaskedBatch) -> Tensor:
        """See ``Objective.loss``."""
        inputs = tensors(batch.features, self._reading.pad_id, self._device)
        known = np.concatenate([feature.target for feature in batch.features]).astype(np.int64)
        tokens = torch.from_numpy(known).to(self._device)
        if batch.follows is None:
            loss = masked_loss(MaskedHead().forward(self.network, inputs), tokens)
            self._losses.append((loss.detach(), len(tokens)))
            return loss
        logits, pair_logits = both_logits(self.network, inputs)
        words = masked_loss(logits, tokens)
        self._losses.append((words.detach(), len(tokens)))
        follows = batch.follows.to(self._device)
        pairs = functional.cross_entropy(pair_logits.float(), follows, reduction="sum")
        return words + batch.pair_weight * pairs

    def signals(self) -> dict[str, float]:
        """See ``Signalling.signals``: the loss of a hidden token, which no label tells."""
        losses, self._losses = self._losses, []
        tokens = sum(count for _, count in losses)
        return {"unlabelled_loss": sum(loss.item() for loss, _ in losses) / tokens} if tokens else {}

    def validate(self) -> Validation | None:
        """See ``Objective.validate``."""
        return self._measure()

    def state(self) -> dict[str, Any]:
        """See ``Objective.state``: none, as all draws are a function of seed and epoch."""
        return {}

    def load_state(self, state: dict[str, Any]) -> None:
        """See ``Objective.load_state``."""
