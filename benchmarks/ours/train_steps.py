"""Bertolt's training steps, timed as the Trainer's are: the first N steps of a training, all of them.

    python benchmarks/ours/train_steps.py minilm DATA/rotten-tomatoes/train.csv --max-steps 100
    python benchmarks/ours/train_steps.py minilm DATA/sets/mrpc/train.tsv --max-steps 150 \
        --task sentence-pair-classification

The same work as the Trainer's: every parameter trained, hidden dropout, batch 32, clipping, fused AdamW. A
step without its optimiser warms the process up. The last line of standard output is JSON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from bertolt.models.backbone import load_backbone
from bertolt.progress import NoProgress, say
from bertolt.training.checkpoints import Checkpoints
from bertolt.training.fine_tune import build, expected_time
from bertolt.training.loop import Plan, train
from bertolt.training.objective import Step, Validation
from bertolt.training.prepare import prepare
from bertolt.training.runlog import RunLog
from bertolt.training.settings import TrainSettings
from bertolt.training.supervised import Supervised, SupervisedData


class FirstSteps:
    """An objective cut to its first steps, of as many epochs as that takes, without validation."""

    def __init__(self, objective: Supervised, count: int) -> None:
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


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", help="backbone")
    parser.add_argument("data", type=Path, help="file of examples")
    parser.add_argument("--task", default="text-classification")
    parser.add_argument("--max-steps", type=int, default=100)
    parser.add_argument("--max-length", type=int, default=None)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    settings = TrainSettings(
        data=(str(options.data),),
        task=options.task,
        model=options.model,
        seed=options.seed,
        max_length=options.max_length,
    )
    start = time.perf_counter()
    prepared = prepare(settings, load_backbone(settings.model), say)
    prepare_seconds = time.perf_counter() - start
    model = build(prepared, load_backbone(settings.model), settings)
    data = SupervisedData(prepared.encoded, [])
    objective = FirstSteps(
        Supervised(model, data, batch_size=settings.batch_size, seed=settings.seed), options.max_steps
    )
    plan = Plan(epochs=1, learning_rate=1e-4, seed=settings.seed)
    expected_time(objective, plan, "")
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        train(objective, plan, Checkpoints(Path(folder)), RunLog(Path(folder)), NoProgress())
        seconds = time.perf_counter() - start
    examples = sum(len(batch) for step in objective.kept for batch in step.batches)
    tokens = sum(step.tokens for step in objective.kept)
    slots = sum(len(batch) * max(map(len, batch)) for step in objective.kept for batch in step.batches)
    figures = {
        "threads": torch.get_num_threads(),
        "steps": len(objective.kept),
        "examples": examples,
        "tokens": tokens,
        "padding_share": round(1 - tokens / slots, 4),
        "steps_seconds": round(seconds, 3),
        "examples_per_second": round(examples / seconds, 3),
        "tokens_per_second": round(tokens / seconds, 1),
        "prepare_seconds": round(prepare_seconds, 3),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
