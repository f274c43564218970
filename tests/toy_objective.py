"""A small objective for tests of the loop and of its checkpoints, and a log that can interrupt a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from bertolt.training.objective import Step, Validation


class Network(nn.Module):
    """Two layers, the first of which is known by two names, as a decoder that is tied to the embeddings."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.tied = self.first
        self.dropout = nn.Dropout(0.5)
        self.last = nn.Linear(4, 1)

    def forward(self, rows: Tensor) -> Tensor:
        found: Tensor = self.last(self.dropout(self.tied(rows)))
        return found


class Toy:
    """Fits a line through noise; its validation scores are given. Implements ``Objective``."""

    def __init__(self, scores: list[float] | None = None) -> None:
        torch.manual_seed(0)
        self.network: nn.Module = Network()
        self.scores = scores or []
        self.validated: list[Tensor] = []
        self.told: dict[str, Any] = {}

    def steps(self, epoch: int) -> list[Step]:
        torch.manual_seed(100 + epoch)
        return [Step(batches=[torch.randn(5, 3)], weight=5.0, tokens=5) for _ in range(3)]

    def loss(self, batch: Tensor) -> Tensor:
        return functional.mse_loss(self.network(batch)[:, 0], batch.sum(1), reduction="sum")

    def validate(self) -> Validation | None:
        self.validated.append(self.weights())
        return Validation(self.scores[len(self.validated) - 1]) if self.scores else None

    def weights(self) -> Tensor:
        return torch.cat([each.detach().flatten().clone() for each in self.network.parameters()])

    def state(self) -> dict[str, Any]:
        return {"seen": [1, 2]}

    def load_state(self, state: dict[str, Any]) -> None:
        self.told = state


class Log:
    """Keeps records, and may interrupt the run."""

    def __init__(self, stop: Callable[[str, float], bool] = lambda kind, step: False) -> None:
        self.records: list[tuple[str, dict[str, float]]] = []
        self._stop = stop

    def write(self, kind: str, figures: dict[str, float]) -> None:
        self.records.append((kind, figures))
        if self._stop(kind, figures["step"]):
            raise KeyboardInterrupt
