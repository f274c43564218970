"""Bertolt's training steps, timed as the Trainer's are: the first N steps of a training, all of them.

    python -m benchmarks.ours.train_steps minilm DATA/rotten-tomatoes/train.csv --max-steps 100
    python -m benchmarks.ours.train_steps minilm DATA/sets/mrpc/train.tsv --max-steps 150 \
        --task sentence-pair-classification

The same work as the Trainer's: every parameter trained, hidden dropout, batch 32, clipping, fused AdamW. A
step without its optimiser warms the process up. The last line of standard output is JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from benchmarks.ours.first_steps import FirstSteps, time_steps

from bertolt.models.backbone import load_backbone
from bertolt.progress import say
from bertolt.training.loop import Plan
from bertolt.training.prepare import prepare
from bertolt.training.settings import TrainSettings
from bertolt.training.supervised import Supervised, SupervisedData
from bertolt.training.trainable import build


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
    batches = [batch for step in objective.kept for batch in step.batches]
    slots = sum(len(batch) * max(map(len, batch)) for batch in batches)
    figures = time_steps(objective, plan, sum(map(len, batches)))
    figures["padding_share"] = round(1 - figures["tokens"] / slots, 4)
    figures["prepare_seconds"] = round(prepare_seconds, 3)
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
