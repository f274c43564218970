"""Bertolt's training as ``bertolt train`` does it, and what the model predicts for each test example.

    python benchmarks/ours/train_and_predict.py DATA/sets/cola/in_domain_train.tsv --task acceptability \
        --test DATA/sets/cola/in_domain_dev.tsv --out OUT/model --predictions DATA/predictions/cola.jsonl

For tasks whose result is one label. Predictions are JSON lines in the order of the file, ``gold`` and
``predicted``, as the peers' are, so that the two sides can be paired. The last line of standard output is
JSON: the metrics with their 95% intervals, the sizes of the parts, and wall-clock seconds.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from bertolt.cli.options import settings_from
from bertolt.evaluation.evaluate import Evaluation
from bertolt.inference.run import Model
from bertolt.progress import say
from bertolt.training.fine_tune import fine_tune
from bertolt.training.settings import TrainSettings
from bertolt.unlabelled.methods import find_method


def write_predictions(path: Path, model: Model, evaluation: Evaluation) -> None:
    """Write one JSON object an example: the label and the predicted one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as stream:
        for example, output in zip(evaluation.examples, evaluation.outputs, strict=True):
            predicted = model.task.decode(example, output, model.spec).to_dict()["label"]
            stream.write(json.dumps({"gold": example.label, "predicted": predicted}) + "\n")


def main() -> None:
    """The command line: options of ``bertolt train``."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", help="training file")
    parser.add_argument("--task", required=True)
    parser.add_argument("--validation", help="file for the choices, instead of a part that is cut off")
    parser.add_argument("--test", required=True, help="file that is predicted and measured")
    parser.add_argument("--out", required=True, help="model folder")
    parser.add_argument("--predictions", type=Path, required=True, help="write them here")
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--lr", type=float)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--max-length", type=int)
    parser.add_argument("--long", default="head", help="what is done with texts of more tokens")
    parser.add_argument("--unlabelled", action="append", default=[], help="texts without labels")
    parser.add_argument("--method", help="how they are learnt from")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    settings = TrainSettings(
        data=(options.data,),
        task=options.task,
        validation=options.validation,
        test=options.test,
        out=options.out,
        model=options.model,
        epochs=options.epochs,
        lr=options.lr,
        batch_size=options.batch_size,
        max_length=options.max_length,
        long=options.long,
        seed=options.seed,
        device=options.device,
        unlabelled=tuple(options.unlabelled),
        method=options.method,
        set=settings_from(options.set),
    )
    run = fine_tune(settings, say, method=find_method(settings))
    assert run.evaluation is not None  # there is a test file
    write_predictions(options.predictions, run.pipeline.model, run.evaluation)
    figures = {
        **run.evaluation.to_dict(),
        "seed": options.seed,
        "examples": run.record.examples,
        **({} if run.record.method is None else {"method": run.record.method.model_dump(mode="json")}),
        "seconds": round(run.seconds, 3),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
