"""A peer: transformers' text-classification pipeline over a file of texts, in fp32 on CPU.

    python benchmarks/peers/hf_pipeline.py DATA/classifier DATA/short.csv --batch-size 32

Texts go in as one list, in the order of the file, cut at ``--max-length`` tokens, as the documentation of
pipelines has it. One pass over a few texts warms the process up; tokenisation is part of the timed pass.
``--probabilities FILE`` keeps what was predicted, to hold another program's probabilities against. The last
line of standard output is the JSON of ``Figures``. Needs torch and transformers alone.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import torch
import transformers
from transformers import pipeline

Scores = list[dict[str, str | float]]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one pass gave; seconds are wall-clock."""

    batch_size: int
    max_length: int
    threads: int
    texts: int
    seconds: float
    texts_per_second: float
    transformers: str
    torch: str


def read_texts(path: Path, limit: int | None) -> list[str]:
    """Read the column ``text`` of a csv file, at most ``limit`` rows of it."""
    with path.open(encoding="utf-8", newline="") as stream:
        return [row["text"] for row in csv.DictReader(stream)][:limit]


def write_probabilities(path: Path, results: Sequence[Scores]) -> None:
    """Write one JSON object a text: probability by label name, sorted by name."""
    with path.open("w", encoding="utf-8") as stream:
        for scores in results:
            row = {str(score["label"]): score["score"] for score in scores}
            stream.write(json.dumps(dict(sorted(row.items()))) + "\n")


def run(options: argparse.Namespace) -> Figures:
    """Warm up, predict, time."""
    texts = read_texts(options.texts, options.limit)
    if not texts:
        raise SystemExit(f"error: {options.texts} holds no texts")
    classify = pipeline("text-classification", model=str(options.model), device="cpu", dtype=torch.float32)
    size, length = options.batch_size, options.max_length
    classify(texts[: options.warmup_texts], batch_size=size, truncation=True, max_length=length, top_k=None)
    start = time.perf_counter()
    results = classify(texts, batch_size=size, truncation=True, max_length=length, top_k=None)
    seconds = time.perf_counter() - start
    if options.probabilities:
        # With top_k=None a text gives the scores of all labels; the annotation knows one.
        write_probabilities(options.probabilities, cast("list[Scores]", results))
    return Figures(
        batch_size=options.batch_size,
        max_length=options.max_length,
        threads=torch.get_num_threads(),
        texts=len(texts),
        seconds=round(seconds, 3),
        texts_per_second=round(len(texts) / seconds, 3),
        transformers=transformers.__version__,
        torch=torch.__version__,
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path, help="folder of a text classifier")
    parser.add_argument("texts", type=Path, help="csv file with a column text")
    parser.add_argument("--batch-size", type=int, default=1)
    parser.add_argument("--max-length", type=int, default=512)
    parser.add_argument("--limit", type=int, help="read only the first rows")
    parser.add_argument("--warmup-texts", type=int, default=32, help="texts of the untimed pass")
    parser.add_argument("--probabilities", type=Path, help="write them here, a JSON object a line")
    parser.add_argument("--threads", type=int, help="of torch; its own choice by default")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    print(json.dumps(asdict(run(options))))


if __name__ == "__main__":
    main()
