"""A peer: fine-tune a classifier of texts or of text pairs with transformers' Trainer; how fast, how well.

    python -m benchmarks.peers.hf_trainer DATA/backbone DATA/rotten-tomatoes/train.csv --max-steps 100
    python -m benchmarks.peers.hf_trainer DATA/backbone DATA/mrpc/train.csv --epochs 3 \
        --eval-file DATA/mrpc/dev.csv --predictions DATA/predictions/mrpc.jsonl

The recipe is that of transformers' text classification examples (run_glue), but padded to the longest text
of a batch by DataCollatorWithPadding (the examples' own default, 128 tokens for every text, is slower still).
See ``trainer_run`` for the modes and for what is timed. Files with a column ``text_pair`` are read as pairs.

The last line of standard output is JSON: ``TrainingFigures`` and, with --eval-file, ``EvaluationFigures``.
Needs torch, transformers and accelerate alone.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from benchmarks.peers.trainer_run import Job, Rows, add_options, read_config, train
from numpy.typing import NDArray
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)


@dataclass(frozen=True, slots=True)
class Text:
    """A row: a text, or two, and its label."""

    text: str
    pair: str | None
    label: str


@dataclass(frozen=True, slots=True)
class EvaluationFigures:
    """What the trained model is worth on --eval-file."""

    eval_examples: int
    accuracy: float
    accuracy_interval: tuple[float, float]  # Wilson, 95%
    matthews: float  # 0 where it is undefined
    f1: float | None  # of the label that is last by alphabet, where there are two
    eval_seconds: float


def read_rows(paths: Sequence[Path]) -> list[Text]:
    """Read csv files with the columns ``text``, ``label`` and, for pairs, ``text_pair``."""
    rows: list[Text] = []
    for path in paths:
        with path.open(encoding="utf-8", newline="") as stream:
            rows += [Text(row["text"], row.get("text_pair"), row["label"]) for row in csv.DictReader(stream)]
    return rows


def encode_rows(
    rows: Sequence[Text], labels: Sequence[str], tokenizer: PreTrainedTokenizerBase, max_length: int
) -> Rows:
    """Tokenize rows, cut at ``max_length`` tokens (of a pair the longer text), without padding.

    Raises:
        SystemExit: a label that is not among ``labels``, or pairs mixed with single texts.
    """
    unknown = {row.label for row in rows} - set(labels)
    if unknown:
        raise SystemExit(f"error: labels {sorted(unknown)} are not among the training labels {list(labels)}")
    pairs = [row.pair for row in rows if row.pair is not None]
    if pairs and len(pairs) < len(rows):
        raise SystemExit("error: some files have a column text_pair and some have not")
    texts = [row.text for row in rows]
    encoded = tokenizer(texts, pairs or None, truncation=True, max_length=max_length)
    columns = list(encoded.keys())
    return Rows(
        [
            {**{column: encoded[column][index] for column in columns}, "labels": labels.index(row.label)}
            for index, row in enumerate(rows)
        ]
    )


def build_model(options: argparse.Namespace, labels: Sequence[str]) -> PreTrainedModel:
    """The classifier with a new head."""
    model: PreTrainedModel = AutoModelForSequenceClassification.from_pretrained(
        options.backbone, config=read_config(options.backbone, options.mode, labels), dtype=torch.float32
    )
    return model


def evaluate_classes(
    gold: NDArray[np.int64], predicted: NDArray[np.int64], classes: int, seconds: float
) -> EvaluationFigures:
    """Accuracy, Matthews' correlation (Gorodkin 2004 for more than two classes) and F1."""
    table = np.zeros((classes, classes))
    np.add.at(table, (gold, predicted), 1)
    total, right = table.sum(), np.trace(table)
    of_gold, of_predicted = table.sum(axis=1), table.sum(axis=0)
    spread = (total**2 - (of_gold**2).sum()) * (total**2 - (of_predicted**2).sum())
    covariance = right * total - (of_gold * of_predicted).sum()
    f1 = 2 * table[-1, -1] / max(1.0, of_gold[-1] + of_predicted[-1])
    accuracy = float(right / total)
    return EvaluationFigures(
        eval_examples=int(total),
        accuracy=accuracy,
        accuracy_interval=wilson_interval(accuracy, int(total)),
        matthews=float(covariance / math.sqrt(spread)) if spread else 0.0,
        f1=float(f1) if classes == 2 else None,
        eval_seconds=round(seconds, 3),
    )


def wilson_interval(share: float, count: int) -> tuple[float, float]:
    """The 95% interval of a share (Wilson, 1927)."""
    z = 1.959964
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return round(centre - half, 4), round(centre + half, 4)


def write_predictions(
    path: Path, labels: Sequence[str], gold: Sequence[int], predicted: Sequence[int]
) -> None:
    """Write one JSON object a row, in the order of the file: the label and the predicted one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as stream:
        for right, found in zip(gold, predicted, strict=True):
            stream.write(json.dumps({"gold": labels[right], "predicted": labels[found]}) + "\n")


def run(options: argparse.Namespace) -> dict[str, object]:
    """Train, evaluate."""
    rows = read_rows(options.train_files)
    labels = sorted({row.label for row in rows})
    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(options.backbone)
    start = time.perf_counter()
    encoded = encode_rows(rows, labels, tokenizer, options.max_length)
    tokenize_seconds = round(time.perf_counter() - start, 3)
    job = Job(lambda: build_model(options, labels), encoded, DataCollatorWithPadding(tokenizer), tokenizer)
    trainer, training = train(job, options)
    figures: dict[str, object] = {**asdict(training), "tokenize_seconds": tokenize_seconds}
    if options.eval_file:
        test = encode_rows(read_rows([options.eval_file]), labels, tokenizer, options.max_length)
        start = time.perf_counter()
        predicted = np.argmax(trainer.predict(test).predictions, axis=-1)
        seconds = time.perf_counter() - start
        gold = np.asarray([row["labels"] for row in test.rows])
        figures.update(asdict(evaluate_classes(gold, predicted, len(labels), seconds)))
        if options.predictions:
            write_predictions(options.predictions, labels, gold.tolist(), predicted.tolist())
    return figures


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("backbone", type=Path, help="folder that prepare.py cleaned")
    parser.add_argument("train_files", type=Path, nargs="+", help="csv files: text[,text_pair],label")
    parser.add_argument("--eval-file", type=Path, help="csv file, for accuracy after training")
    parser.add_argument("--predictions", type=Path, help="write those on --eval-file here, as JSON lines")
    parser.add_argument("--max-length", type=int, default=512)
    add_options(parser)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(json.dumps(run(options)))


if __name__ == "__main__":
    main()
