"""Does the second text follow the first? What word overlap and frozen sentence embeddings know of it.

    python benchmarks/ours/next_sentence_baselines.py minilm DATA/imdb/train-5000.csv --seed 0

On the held-out pairs of ``bertolt adapt --next-sentence`` with the same texts and seed. A baseline is a
logistic regression on one number of a pair, fitted in ten folds on the other nine: the Jaccard overlap of
the texts' words, the cosine of their mean-pooled embeddings (the pooling that all-MiniLM-L6-v2 was tuned
with), or both. The last line of standard output is JSON: accuracies with 95% intervals.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from transformers import AutoModel, AutoTokenizer

from bertolt.data.examples import PairExample
from bertolt.data.tokenizer import Tokenizer
from bertolt.metrics.classification import accuracy
from bertolt.metrics.intervals import estimate
from bertolt.metrics.statistic import Statistic
from bertolt.models.backbone import load_backbone
from bertolt.tasks.next_sentence_prediction import FOLLOWS
from bertolt.unlabelled.adapt import ROW_LENGTH
from bertolt.unlabelled.corpus import read_adapt_data
from bertolt.unlabelled.settings import AdaptSettings

Floats = NDArray[np.float64]


def overlap(pair: PairExample) -> float:
    """Jaccard index of the two texts' words."""
    first, second = (set(re.findall(r"\w+", text.lower())) for text in (pair.text, pair.text_pair))
    return len(first & second) / max(1, len(first | second))


def embed(texts: Sequence[str], folder: str) -> Floats:
    """Mean-pooled embeddings of length 1, shape (N, H)."""
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    rows = []
    for start in range(0, len(texts), 64):
        batch = tokenizer(
            list(texts[start : start + 64]), padding=True, truncation=True, max_length=ROW_LENGTH,
            return_tensors="pt",
        )  # fmt: skip
        with torch.inference_mode():
            hidden = model(**batch).last_hidden_state
        mask = batch["attention_mask"][..., None]
        rows.append((hidden * mask).sum(1) / mask.sum(1))
    found = torch.cat(rows).double()
    return np.asarray(found / found.norm(dim=1, keepdim=True))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", help="backbone")
    parser.add_argument("data", help="file of texts")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    settings = AdaptSettings(
        model=options.model, data=(options.data,), out="-", next_sentence=True, seed=options.seed
    )
    backbone = load_backbone(options.model)
    pairs = read_adapt_data(settings, Tokenizer.from_folder(backbone.folder), ROW_LENGTH).pairs
    gold = np.asarray([int(pair.label != FOLLOWS) for pair in pairs])
    first, second = (
        embed(texts, str(backbone.folder))
        for texts in ([pair.text for pair in pairs], [pair.text_pair for pair in pairs])
    )
    words, cosines = np.asarray([overlap(pair) for pair in pairs]), (first * second).sum(1)
    accuracies: dict[str, Statistic] = {}
    for name, numbers in {
        "overlap": words[:, None],
        "embeddings": cosines[:, None],
        "both": np.stack([words, cosines], axis=1),
    }.items():
        found = cross_val_predict(LogisticRegression(C=1e3), numbers, gold, cv=10)
        accuracies[name] = accuracy(gold, found, classes=2)
    figures = {name: found.to_dict() for name, found in estimate(accuracies, len(gold)).items()}
    sys.stdout.write(json.dumps({"pairs": len(pairs), **figures}) + "\n")


if __name__ == "__main__":
    main()
