"""How well few steps of integrated gradients agree with the reference, and what both are worth.

python benchmarks/ours/explain_agreement.py DIR DATA/validation.csv --points 6 --sentences 200

``spearman``: rank correlation of the words' scores with captum's, the mean over sentences. ``deletion``: the
mean probability of the winning label while 20%, 40%, 60% and 80% of its words are removed, the strongest
first (``deletion_reference``: in the reference's order; ``deletion_random``: in a random one). Less is
better.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from bertolt.inference import attribution
from bertolt.inference.attribution_methods import few_points
from bertolt.inference.pipeline import Pipeline

SHARES = (0.2, 0.4, 0.6, 0.8)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("texts", type=Path)
    parser.add_argument("--points", type=int, default=6)
    parser.add_argument("--sentences", type=int, default=200)
    options = parser.parse_args()
    with options.texts.open(encoding="utf-8", newline="") as stream:
        rows = itertools.islice(csv.DictReader(stream), options.sentences)
        texts = [row["text"] for row in rows]
    pipeline = Pipeline.from_folder(options.model, device="cpu")
    attribution.few_points = partial(few_points, points=options.points)
    random = np.random.default_rng(0)
    figures: dict[str, list[float]] = {}
    for text in texts:
        for name, value in judge(pipeline, text, random).items():
            figures.setdefault(name, []).append(value)
    print(json.dumps({"sentences": len(texts), **{name: interval(found) for name, found in figures.items()}}))


def judge(pipeline: Pipeline, text: str, random: np.random.Generator) -> dict[str, float]:
    """The figures of one sentence."""
    fast = attribution.explain(pipeline, text)
    reference = attribution.explain(pipeline, text, method="integrated-gradients")
    ours, theirs = (np.asarray([each.score for each in found.tokens]) for found in (fast, reference))
    chance = random.permutation(len(ours)).astype(float)
    found = {
        f"deletion{name}": deletion(pipeline, fast, scores)
        for name, scores in (("", ours), ("_reference", theirs), ("_random", chance))
    }
    return {"spearman": float(spearmanr(ours, theirs).statistic), **found} if len(ours) > 2 else found


def deletion(pipeline: Pipeline, found: attribution.Attribution, scores: NDArray[Any]) -> float:
    """The mean probability of the target without its strongest words."""
    order = np.argsort(-scores)
    texts = [remaining(found, order[: round(share * len(order))].tolist()) for share in SHARES]
    results = [result.to_dict()["scores"][found.target] for result in pipeline(texts)]
    return float(np.mean(results))


def remaining(found: attribution.Attribution, gone: Sequence[int]) -> str:
    """The text without some of its words."""
    characters = list(found.texts["text"])
    for number in gone:
        word = found.tokens[number]
        characters[word.start : word.end] = [""] * (word.end - word.start)
    return " ".join("".join(characters).split())


def interval(values: Sequence[float]) -> dict[str, float]:
    """The mean with its 95% interval: percentiles of 1,000 resamples of the sentences."""
    array = np.asarray(values)
    draws = np.random.default_rng(0).integers(0, len(array), (1000, len(array)))
    low, high = np.percentile(array[draws].mean(axis=1), [2.5, 97.5])
    return {
        "value": round(float(array.mean()), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
    }


if __name__ == "__main__":
    main()
