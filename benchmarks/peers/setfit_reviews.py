"""SetFit on few labelled reviews, with the package's own defaults (Tunstall et al. 2022).

    build/setfit/bin/python benchmarks/peers/setfit_reviews.py DATA/backbone DATA/imdb/labels-20-0.csv \
        --test DATA/imdb/test-2000.csv --seed 0

In an environment of its own (see setfit.sh). It reads 128 tokens, of longer reviews a quarter from the
beginning and three quarters from the end, as Bertolt's ``head+tail`` does. It learns from all labels. The
last line of standard output is JSON: error, log loss, seconds of training and of predicting.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import setfit
import torch
from datasets import Dataset
from setfit import SetFitModel, Trainer, TrainingArguments
from transformers import AutoTokenizer

LENGTH = 128
HEAD_SHARE = 0.25


def read(path: Path) -> tuple[list[str], list[str]]:
    """Texts and labels of a csv file."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], [row["label"] for row in rows]


def head_and_tail(texts: list[str], backbone: str) -> list[str]:
    """The two ends of each text that is too long, as text again."""
    tokenizer = AutoTokenizer.from_pretrained(backbone)
    budget = LENGTH - tokenizer.num_special_tokens_to_add()
    head = round(budget * HEAD_SHARE)
    found = []
    for text in texts:
        ids = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        long = len(ids) > budget
        found.append(tokenizer.decode(ids[:head] + ids[head - budget :]) if long else text)
    return found


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("backbone", help="a sentence encoder's folder")
    parser.add_argument("train", type=Path, help="csv file with the columns text and label")
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    texts, labels = read(options.train)
    test_texts, gold = read(options.test)
    names = sorted(set(labels))
    start = time.perf_counter()
    model = SetFitModel.from_pretrained(options.backbone, labels=names, device=options.device)
    model.model_body.max_seq_length = LENGTH
    data = Dataset.from_dict(
        {"text": head_and_tail(texts, options.backbone), "label": [names.index(label) for label in labels]}
    )
    with tempfile.TemporaryDirectory() as out:
        arguments = TrainingArguments(output_dir=out, seed=options.seed, report_to="none", save_strategy="no")
        Trainer(model=model, args=arguments, train_dataset=data).train()
    trained = time.perf_counter()
    found = model.predict_proba(head_and_tail(test_texts, options.backbone), as_numpy=True)
    probabilities = np.clip(np.asarray(found, dtype=np.float64), 1e-12, 1)
    places = np.asarray([names.index(label) for label in gold])
    figures = {
        "error": float((probabilities.argmax(axis=1) != places).mean()),
        "log_loss": float(-np.log(probabilities[np.arange(len(places)), places]).mean()),
        "labels": len(labels),
        "train_seconds": round(trained - start, 3),
        "predict_seconds": round(time.perf_counter() - trained, 3),
        "setfit": setfit.__version__,
        "torch": torch.__version__,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
