"""The first steps of a training, timed: what the speed studies share."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from bertolt.progress import NoProgress
from bertolt.training.checkpoints import Checkpoints
from bertolt.training.duration import expected_time
from bertolt.training.loop import Plan, train
from bertolt.training.objective import Objective, Step, Validation
from bertolt.training.runlog import RunLog


class FirstSteps:
    """An objective cut to its first steps, of as many epochs as that takes, without validation."""

    def __init__(self, objective: Objective, count: int) -> None:
        self.network: nn.Module = objective.network
        endless = itertools.chain.from_iterable(map(objective.steps, itertools.count()))
        self.kept = list(itertools.islice(endless, count))
        self._objective = objective

    def steps(self, epoch: int) -> Sequence[Step]:
        """The kept steps, whatever the epoch."""
        return self.kept

    def loss(self, batch: Any) -> Tensor:
        """The objective's own."""
        return self._objective.loss(batch)

    def validate(self) -> Validation | None:
        """Nothing is measured."""
        return None

    def state(self) -> dict[str, Any]:
        """Nothing is kept."""
        return {}

    def load_state(self, state: dict[str, Any]) -> None:
        """Nothing was kept."""


def time_steps(objective: FirstSteps, plan: Plan, examples: int) -> dict[str, int | float]:
    """Train the kept steps, after one that warms the process up.

    Args:
        objective: what is trained.
        plan: how.
        examples: in the kept steps.
    """
    expected_time(objective, plan, "")
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        train(objective, plan, Checkpoints(Path(folder)), RunLog(Path(folder)), NoProgress())
        seconds = time.perf_counter() - start
    tokens = sum(step.tokens for step in objective.kept)
    return {
        "threads": torch.get_num_threads(),
        "steps": len(objective.kept),
        "examples": examples,
        "tokens": tokens,
        "steps_seconds": round(seconds, 3),
        "examples_per_second": round(examples / seconds, 3),
        "tokens_per_second": round(tokens / seconds, 1),
    }
