"""A new head trained alone, so that the figures before adaptation are those of the body, not of chance."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from bertolt.training.loop import Log
from bertolt.training.objective import Objective, Step, Validation, signals_of

#: Peak learning rate of a new head; it is small, and nothing pre-trained can be spoilt.
HEAD_RATE = 1e-3


class FirstSteps:
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


class HeadLog:
    """Keeps the records of the head's steps apart from those of the run's.

    Args:
        log: the run's.
    """

    def __init__(self, log: Log) -> None:
        self._log = log

    def write(self, kind: str, figures: Mapping[str, float | str]) -> None:
        """See ``Log.write``."""
        self._log.write(f"warm-up {kind}", figures)


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
