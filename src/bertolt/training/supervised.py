"""Learning from labelled examples, for every task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn

from bertolt.data.batching import fill, steps
from bertolt.data.features import Encoded, Feature
from bertolt.inference.engine import MAX_TOKENS, TorchEngine, tensors
from bertolt.inference.run import Model
from bertolt.training.objective import Step, Validation
from bertolt.training.signals import OutputSignals


@dataclass(frozen=True, slots=True)
class SupervisedData:
    """What is learnt from.

    Args:
        train: what the model reads of each training example.
        validation: the validation examples; none where there are too few to choose on.
        class_weight: weight of each class's loss, shape (K,), or None.
    """

    train: Sequence[Encoded]
    validation: Sequence[Any]
    class_weight: Tensor | None = None


class Supervised:
    """The task's loss on labelled examples. Implements ``Objective``.

    A step is ``batch_size`` examples of similar length, with all of their features, cut into
    micro-batches by tokens. Neither the budget nor the machine decides who shares a step.

    Args:
        model: task, spec, tokenizer, and an engine that holds the network.
        data: what is learnt from.
        batch_size: examples of a step.
        seed: of the order.
    """

    def __init__(self, model: Model, data: SupervisedData, *, batch_size: int, seed: int) -> None:
        if not isinstance(model.engine, TorchEngine):
            raise TypeError("only a torch engine can be trained")
        self._model = model
        self._data = data
        self._batch_size = batch_size
        self._seed = seed
        self._device = model.engine.device
        self._equal_lengths = model.engine.equal_lengths
        self._lengths = [sum(len(row) for row in each.features) for each in data.train]
        self.network: nn.Module = model.engine.network
        self._outputs = OutputSignals(model.spec.labels if model.task.activation == "softmax" else ())

    def steps(self, epoch: int) -> list[Step]:
        """See ``Objective.steps``."""
        return [self._step(chosen) for chosen in steps(self._lengths, self._batch_size, self._seed, epoch)]

    def _step(self, chosen: Sequence[int]) -> Step:
        rows = [row for index in chosen for row in self._data.train[index].features]
        lengths = [len(row) for row in rows]
        batches = fill(lengths, MAX_TOKENS[self._device.type], equal_lengths=self._equal_lengths)
        return Step(
            batches=[[rows[index] for index in batch] for batch in batches],
            weight=sum(row.weight for row in rows),
            tokens=sum(lengths),
        )

    def loss(self, batch: Sequence[Feature]) -> Tensor:
        """See ``Objective.loss``."""
        logits = self.logits(batch)
        loss = self._model.task.loss(logits, batch, self._data.class_weight)
        self._outputs.add(logits, loss, sum(row.weight for row in batch))
        return loss

    def logits(self, batch: Sequence[Feature]) -> Tensor:
        """What the head gives for a micro-batch, with gradient."""
        inputs = tensors(batch, self._model.tokenizer.pad_id, self._device)
        return self._model.task.head.forward(self.network, inputs)

    def signals(self) -> dict[str, float]:
        """See ``Signalling.signals``."""
        return self._outputs.take()

    def validate(self) -> Validation | None:
        """See ``Objective.validate``: the task's statistics on the validation examples, primary first."""
        if not self._data.validation:
            return None
        examples, outputs = zip(*self._model.outputs(self._data.validation), strict=True)
        # With thresholds fitted on these outputs, as they will be when training is over.
        spec = self._model.task.choose(examples, outputs, self._model.spec)
        statistics = self._model.task.statistics(examples, outputs, spec)
        once = np.ones((1, len(examples)))
        figures = {name: float(statistic(once)[0]) for name, statistic in statistics.items()}
        return Validation(score=next(iter(figures.values())), figures=figures)

    def state(self) -> dict[str, Any]:
        """See ``Objective.state``: the order is a function of seed and epoch, so there is none."""
        return {}

    def load_state(self, state: dict[str, Any]) -> None:
        """See ``Objective.load_state``."""
