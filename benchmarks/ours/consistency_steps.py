"""Steps of consistency training, or supervised steps on the same texts, timed as the Trainer's are.

    python -m benchmarks.ours.consistency_steps DATA/imdb/labels-2500-0.csv \
        --unlabelled DATA/imdb/pool-4000.csv --kind consistency --max-steps 20

A consistency step reads labelled texts, texts of the pool and a view of each of those. ``supervised``: steps
on those labelled texts and texts of the pool themselves, as if the latter had labels. 128 tokens of a
review (head+tail). The last line of standard output is JSON; an example is a text, without its view.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.ours.first_steps import FirstSteps, time_steps

from bertolt.data.features import Encoded, Feature
from bertolt.models.backbone import load_backbone
from bertolt.progress import say
from bertolt.training.loop import Plan
from bertolt.training.method import TrainingContext
from bertolt.training.pool import read_pool
from bertolt.training.prepare import prepare
from bertolt.training.runlog import RunLog
from bertolt.training.runner import RunContext, Runner
from bertolt.training.settings import TrainSettings
from bertolt.training.supervised import Supervised, SupervisedData
from bertolt.training.trainable import build
from bertolt.unlabelled.method_consistency import ConsistencySettings, consistency, consistency_steps

PLAN = Plan(epochs=1, learning_rate=1e-4, seed=0)


def as_set(settings: TrainSettings, folder: Path) -> TrainingContext:
    """What a method would be told, its phases in a folder that is thrown away."""
    backbone = load_backbone(settings.model)
    prepared = prepare(settings, backbone, say)
    pool = read_pool(settings, prepared)
    return TrainingContext(
        model=build(prepared, backbone, settings),
        prepared=prepared,
        backbone=backbone,
        pool=pool.examples,
        pool_rows=pool.rows,
        plan=PLAN,
        class_weight=None,
        settings=settings,
        method_settings=ConsistencySettings(),
        runner=Runner(folder, RunContext(RunLog(folder), say, "")),
    )


def supervised_steps(context: TrainingContext, rows: list[Feature], each: int) -> FirstSteps:
    """Supervised steps of so many of the rows each; those of the pool are given a label."""
    known = [replace(row, target=0 if row.target is None else row.target) for row in rows]
    encoded = [Encoded((row,), len(row), len(row)) for row in known]
    data = SupervisedData(encoded, [])
    return FirstSteps(Supervised(context.model, data, batch_size=each, seed=0), len(rows) // each)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="csv file with the columns text and label")
    parser.add_argument("--unlabelled", type=Path, required=True, help="csv file with the column text")
    parser.add_argument("--kind", choices=("consistency", "supervised"), required=True)
    parser.add_argument("--max-steps", type=int, default=20)
    options = parser.parse_args()
    settings = TrainSettings(
        data=(str(options.data),),
        unlabelled=(str(options.unlabelled),),
        task="text-classification",
        max_length=128,
        long="head+tail",
        device="cpu",
    )
    with TemporaryDirectory() as name:
        context = as_set(settings, Path(name))
    steps = FirstSteps(consistency(context, consistency_steps(context)), options.max_steps)
    batches = [batch for step in steps.kept for batch in step.batches]
    rows = [row for batch in batches for row in (*batch.labelled, *batch.plain)]
    if options.kind == "supervised":
        steps = supervised_steps(context, rows, len(rows) // options.max_steps)
    sys.stdout.write(json.dumps(time_steps(steps, PLAN, len(rows))) + "\n")


if __name__ == "__main__":
    main()
