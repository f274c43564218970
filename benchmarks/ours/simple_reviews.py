"""What few labels are worth without fine-tuning: bag of words, and embeddings of a frozen network.

    python benchmarks/ours/simple_reviews.py bag-of-words DATA/imdb/labels-20-0.csv \
        --test DATA/imdb/test-2000.csv

``bag-of-words``: TF-IDF of words and pairs of words; ``embeddings``: the mean over tokens of ``minilm``'s
last layer, of length 1, 128 tokens of a review (head+tail). Both with scikit-learn's logistic regression as
it comes, learnt from all labels. The last line of standard output is JSON: error, log loss, seconds.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from bertolt.data.examples import TextExample
from bertolt.models.backbone import load_backbone
from bertolt.training.corpus import Corpus
from bertolt.training.prepare import prepare
from bertolt.training.settings import TrainSettings
from bertolt.training.trainable import build
from bertolt.unlabelled.embeddings import layer_embeddings

Vectors = NDArray[np.float64]


def read(path: Path) -> list[TextExample]:
    """The rows of a csv file."""
    with path.open(encoding="utf-8", newline="") as file:
        return [TextExample(text=row["text"], label=row["label"]) for row in csv.DictReader(file)]


def embed(train: list[TextExample], test: list[TextExample], device: str) -> tuple[Vectors, Vectors]:
    """Mean vectors of the last layer, of length 1, of both files; shape (n, H) each."""
    settings = TrainSettings(data=("given",), max_length=128, long="head+tail", device=device)  # type: ignore[arg-type]
    backbone = load_backbone(settings.model)
    prepared = prepare(settings, backbone, lambda line: None, Corpus(train=train, test=test))
    model = build(prepared, backbone, settings)
    found = layer_embeddings(model, [*prepared.encoded, *prepared.encode(test)])[-1]
    found = found / np.linalg.norm(found, axis=1, keepdims=True)
    return found[: len(train)], found[len(train) :]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kind", choices=("bag-of-words", "embeddings"))
    parser.add_argument("train", type=Path, help="csv file with the columns text and label")
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    train, test = read(options.train), read(options.test)
    start = time.perf_counter()
    if options.kind == "embeddings":
        inputs, test_inputs = embed(train, test, options.device)
    else:
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
        inputs = words.fit_transform([row.text for row in train])
        test_inputs = words.transform([row.text for row in test])
    regression = LogisticRegression(max_iter=1000).fit(inputs, [row.label for row in train])
    probabilities = regression.predict_proba(test_inputs)
    gold = np.asarray([row.label for row in test])
    figures = {
        "error": float((regression.classes_[probabilities.argmax(axis=1)] != gold).mean()),
        "log_loss": float(log_loss(gold, probabilities, labels=regression.classes_)),
        "labels": len(train),
        "seconds": round(time.perf_counter() - start, 3),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
