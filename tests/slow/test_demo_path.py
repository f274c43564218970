"""The way of ``make demo``, with its real backbone and a slice of its data."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from bertolt.data.packaged import packaged_tables
from process import run

SENTENCES = (
    "A gorgeous, witty, seductive film.",
    "The plot is thin and the jokes fall flat.",
    "Not half as bad as I feared.",
)
MOST_SECONDS = 90


def _write(file: Path, split: str, count: int) -> None:
    """As many rows of either class, spread over the part."""
    rows = list(packaged_tables("rotten-tomatoes")[split])
    chosen = [
        row
        for label in ("negative", "positive")
        for row in [row for row in rows if row.values["label"] == label][: count // 2]
    ]
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(
            [("text", "label"), *((row.values["text"], row.values["label"]) for row in chosen)]
        )


@pytest.mark.slow
def test_from_a_slice_of_reviews_to_a_model_that_is_better_than_chance(tmp_path: Path) -> None:
    _write(tmp_path / "reviews.csv", "train", 500)
    _write(tmp_path / "held-out.csv", "test", 200)
    start = time.monotonic()
    check = run("check", "reviews.csv", "--json", cwd=tmp_path)
    assert check.code == 0, check.err
    trained = run("train", "reviews.csv", "--out", "runs/demo", "--threads", "1", "--json", cwd=tmp_path)
    assert trained.code == 0, trained.err
    assert "labels: negative, positive" in trained.err
    evaluated = run("evaluate", "runs/demo", "held-out.csv", "--json", cwd=tmp_path)
    assert evaluated.code == 0, evaluated.err
    accuracy = evaluated.document["metrics"]["accuracy"]
    assert accuracy["low"] > 0.55, accuracy
    predicted = run("predict", "runs/demo", *SENTENCES, "--json", cwd=tmp_path)
    assert predicted.code == 0, predicted.err
    assert time.monotonic() - start < MOST_SECONDS
    results = predicted.document["results"]
    assert [result["label"] for result in results[:2]] == ["positive", "negative"]
    assert [result["truncated"] for result in results] == [False] * 3

    folder = tmp_path / "runs" / "demo"
    theirs = pipeline(
        "text-classification", model=AutoModelForSequenceClassification.from_pretrained(folder),
        tokenizer=AutoTokenizer.from_pretrained(folder), top_k=None, device="cpu",
    )  # fmt: skip
    for result, scores in zip(results, theirs(list(SENTENCES)), strict=True):
        assert {entry["label"]: entry["score"] for entry in scores} == pytest.approx(
            result["scores"], abs=1e-5
        )
