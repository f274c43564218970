"""An ordered list of labels, learnt by CORN or by cross-entropy, decoded by the mode and by the median.

    python -m benchmarks.ours.grade_order DATA/sst/train.csv --test DATA/sst/test.csv --order 0,1,2,3,4 \
        --loss corn --out OUT/model --predictions DATA/predictions/sst-seed-0-corn

One training; its outputs are decoded twice, into ``PREDICTIONS-mode.jsonl`` and ``PREDICTIONS-median.jsonl``:
JSON lines in the order of the file, ``gold`` and ``predicted``. The checkpoint is chosen by kappa on
validation, decoded by the median, for both losses. The last line of standard output is JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from bertolt.evaluation.evaluate import Evaluation
from bertolt.inference.run import Model
from bertolt.metrics.intervals import estimate
from bertolt.progress import say
from bertolt.training.fine_tune import fine_tune
from bertolt.training.settings import TrainSettings


def decoded(model: Model, evaluation: Evaluation, decode: str, path: Path) -> dict[str, Any]:
    """Write the predictions of one way to decode; return its metrics with their 95% intervals."""
    spec = model.spec.model_copy(update={"settings": {**model.spec.settings, "decode": decode}})
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as stream:
        for example, output in zip(evaluation.examples, evaluation.outputs, strict=True):
            predicted = model.task.decode(example, output, spec).to_dict()["name"]
            stream.write(json.dumps({"gold": example.label, "predicted": predicted}) + "\n")
    statistics = model.task.statistics(evaluation.examples, evaluation.outputs, spec)
    found = estimate(statistics, len(evaluation.examples))
    return {name: each.to_dict() for name, each in found.items()}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", help="training file")
    parser.add_argument("--test", required=True)
    parser.add_argument("--order", required=True, help="labels, the lowest first, with commas between")
    parser.add_argument("--loss", choices=("corn", "cross-entropy"), required=True)
    parser.add_argument("--group", help="column whose equal values stay on one side of the split")
    parser.add_argument("--cap", type=int, default=8000, help="rows drawn for training")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", required=True, help="model folder")
    parser.add_argument("--predictions", required=True, help="first part of the files' paths")
    options = parser.parse_args()
    settings = TrainSettings(
        data=(options.data,),
        task="sentence-grading",
        test=options.test,
        out=options.out,
        group=options.group,
        epochs=options.epochs,
        seed=options.seed,
        device=options.device,
        set={"order": options.order, "loss": options.loss, "cap": options.cap},
    )
    run = fine_tune(settings, say)
    assert run.evaluation is not None  # there is a test file
    figures = {
        decode: decoded(
            run.pipeline.model, run.evaluation, decode, Path(f"{options.predictions}-{decode}.jsonl")
        )
        for decode in ("mode", "median")
    }
    sizes = {"examples": run.record.examples, "seed": options.seed, "seconds": round(run.seconds, 3)}
    sys.stdout.write(json.dumps({**figures, **sizes}) + "\n")


if __name__ == "__main__":
    main()
