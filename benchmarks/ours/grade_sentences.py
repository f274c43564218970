"""The five grades on the composed dev set, beside baselines that read less.

    python -m benchmarks.ours.grade_sentences --data-root DATA --seed 0 --out DATA/models/grading-seed-0

Trains on CoLA, LIAR, FEVER and JOCI together, each of at most 8,000 rows, and measures on ``composed.csv``:

    model       the most probable grade, nothing withheld
    majority    the commonest grade of the training rows
    words       logistic regression on the words of the sentence, without its context
    set         the same, but that only guesses which set a sentence came from, and says its commonest grade

each over all sets and within each one, where kappa shows what is known beside the set; what the pipeline
withholds; and the coverage at which grades 2 and 4 are right three times in four. What the model says of
CoLA's sentences goes to ``DATA/predictions/cola-seed-SEED-joint.jsonl``. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from bertolt.data.examples import GradedExample
from bertolt.data.readers import open_table
from bertolt.data.sources import open_source
from bertolt.evaluation.abstention import abstain_at, claims_coverage
from bertolt.evaluation.judging import Judgement, judge
from bertolt.metrics.intervals import estimate
from bertolt.metrics.ordinal import mean_absolute_error, quadratic_weighted_kappa, within_one
from bertolt.metrics.statistic import IntArray, Statistic, mean
from bertolt.progress import say
from bertolt.tasks.grades import GRADES
from bertolt.tasks.reading import ColumnChoice, read_labelled
from bertolt.tasks.sentence_grading import TASK
from bertolt.training.corpus import read_corpus
from bertolt.training.fine_tune import fine_tune
from bertolt.training.settings import TrainSettings

SETS = {
    "CoLA": "sets/cola/in_domain_train.tsv",
    "LIAR": "sets/liar/train.tsv",
    "FEVER": "fever/train.jsonl",
    "JOCI": "joci/train.csv",
}


def grades_of(examples: Sequence[GradedExample]) -> IntArray:
    """The known grade of each example, -1 where several are open, shape (n,)."""
    known = [GRADES.index(str(each.label)) if each.label in GRADES else -1 for each in examples]
    return np.asarray(known, dtype=np.int64)


def figures(gold: IntArray, predicted: IntArray) -> dict[str, Any]:
    """Metrics of the examples whose grade is known, with 95% intervals; empty where there is none."""
    known = gold >= 0
    a, b = gold[known], predicted[known]
    if not known.any():
        return {}
    statistics: dict[str, Statistic] = {
        "quadratic_weighted_kappa": quadratic_weighted_kappa(a, b),
        "mean_absolute_error": mean_absolute_error(a, b),
        "accuracy": mean(a == b),
        "within_one": within_one(a, b),
    }
    found = estimate(statistics, len(a))
    return {"n": len(a), **{name: each.to_dict() for name, each in found.items()}}


def baselines(root: Path, settings: TrainSettings, texts: Sequence[str]) -> dict[str, IntArray]:
    """What each baseline says of the texts, fitted on the rows that the model is trained on."""
    corpus = read_corpus(TASK, TASK.Settings(), settings)
    came_from: dict[str, str] = {}
    for name, file in SETS.items():
        table = open_source(str(root / file), TASK.layouts).pick("train")
        for each in read_labelled(TASK, table, TASK.Settings(), ColumnChoice()).examples:
            came_from.setdefault(each.text, name)
    gold = grades_of(corpus.train)
    graded = [each for each, grade in zip(corpus.train, gold, strict=True) if grade >= 0]
    known = gold[gold >= 0]
    commonest = {
        name: Counter(
            grade for each, grade in zip(graded, known.tolist(), strict=True) if came_from[each.text] == name
        ).most_common(1)[0][0]
        for name in SETS
    }
    words = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), min_df=2), LogisticRegression(max_iter=1000))
    said = words.fit([each.text for each in graded], known).predict(texts)
    origin = words.fit(
        [each.text for each in corpus.train], [came_from[each.text] for each in corpus.train]
    ).predict(texts)
    return {
        "majority": np.full(len(texts), np.bincount(known).argmax()),
        "words": np.asarray(said, dtype=np.int64),
        "set": np.asarray([commonest[name] for name in origin], dtype=np.int64),
    }


def write_cola(path: Path, examples: Sequence[GradedExample], outputs: Sequence[Any]) -> None:
    """What the model says of whether each sentence is acceptable, as the single task's files say it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = ("unacceptable", "acceptable")
    with path.open("w", encoding="utf-8") as stream:
        for example, output in zip(examples, outputs, strict=True):
            row = {
                "gold": names[example.label != GRADES[0]],
                "predicted": names[bool(output.logits[0] >= 0)],
            }
            stream.write(json.dumps(row) + "\n")


def claims(judged: Sequence[Judgement]) -> dict[str, float] | None:
    """The coverage at which grades 2 and 4 are right three times in four, of the rows with a known grade."""
    rows = [row for row in judged if row.gold in GRADES]
    found = claims_coverage(rows, (GRADES[2], GRADES[4])) if rows else None
    return None if found is None else {"coverage": found[0], "probability": found[1]}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data-root", type=Path, required=True, help="what prepare_grading made")
    parser.add_argument("--out", required=True, help="model folder")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    root: Path = options.data_root
    settings = TrainSettings(
        data=tuple(str(root / file) for file in SETS.values()),
        task="sentence-grading",
        test=str(root / "composed.csv"),
        out=options.out,
        epochs=options.epochs,
        seed=options.seed,
        device=options.device,
    )
    run = fine_tune(settings, say)
    assert run.evaluation is not None  # there is a test file
    model, evaluation = run.pipeline.model, run.evaluation
    came_from = np.asarray([row.values["set"] for row in open_table(root / "composed.csv")])
    assert len(came_from) == len(evaluation.examples)  # no row is without text or label
    judged = judge(model, evaluation)
    said = {"model": np.asarray([GRADES.index(row.predicted) for row in judged], dtype=np.int64)}
    said |= baselines(root, settings, [each.text for each in evaluation.examples])
    gold = grades_of(evaluation.examples)
    table = {
        name: {
            "all": figures(gold, found),
            **{each: figures(gold[came_from == each], found[came_from == each]) for each in SETS},
        }
        for name, found in said.items()
    }
    cola = np.flatnonzero(came_from == "CoLA")
    write_cola(
        root / "predictions" / f"cola-seed-{options.seed}-joint.jsonl",
        [evaluation.examples[index] for index in cola],
        [evaluation.outputs[index] for index in cola],
    )
    below = model.withheld_below
    withheld = None if below is None else abstain_at(judged, below)
    document = {
        **table,
        "metrics": evaluation.to_dict()["metrics"],
        "choices": model.spec.choices,
        "withheld": None if withheld is None else withheld.to_dict(),
        "claims": {
            "all": claims(judged),
            **{
                each: claims([row for row, name in zip(judged, came_from, strict=True) if name == each])
                for each in SETS
            },
        },
        "examples": run.record.examples,
        "seed": options.seed,
        "seconds": round(run.seconds, 3),
    }
    sys.stdout.write(json.dumps(document) + "\n")


if __name__ == "__main__":
    main()
