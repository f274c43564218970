"""What the loop trains. The loop knows nothing else of tasks, data or losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Step:
    """The work between two updates of the weights.

    Args:
        batches: micro-batches, in the form that the objective's ``loss`` reads.
        weight: what the sum of their losses is divided by.
        tokens: for the speed, padding excluded.
    """

    batches: Sequence[Any]
    weight: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Validation:
    """How good the network is now.

    Args:
        score: greater is better; decides which checkpoint is kept.
        figures: for the log.
    """

    score: float
    figures: dict[str, float] = field(default_factory=dict)


class Objective(Protocol):
    """Supervised, masked-LM, consistency, probe: each is one.

    Args:
        network: what is trained.
    """

    network: nn.Module

    def steps(self, epoch: int) -> Sequence[Step]:
        """The steps of an epoch: a pure function of the run's seed and ``epoch``, equal in number."""

    def loss(self, batch: Any) -> Tensor:
        """The sum of the losses of a micro-batch, a scalar with gradient."""

    def validate(self) -> Validation | None:
        """Measures the network, or None where there is nothing to measure it on."""

    def state(self) -> dict[str, Any]:
        """What a checkpoint must hold besides network and optimiser, as JSON."""

    def load_state(self, state: dict[str, Any]) -> None:
        """Takes up what ``state`` gave."""


@runtime_checkable
class Signalling(Protocol):
    """An objective that also says what its last step was made of, for the log and the pictures."""

    def signals(self) -> dict[str, float]:
        """Figures of all losses since the last call, which it forgets: means over their rows.

        Names that pictures know: ``labelled_loss``, ``unlabelled_loss`` (per row); of the outputs
        ``confidence`` (the mean of the highest probability), ``entropy`` (nats) and ``share LABEL`` (of
        the rows whose best label it is). Others, such as ``masked_share``, are kept in the log.
        """


def signals_of(objective: Objective) -> dict[str, float]:
    """The signals of an objective; none of one that gives none."""
    return objective.signals() if isinstance(objective, Signalling) else {}
