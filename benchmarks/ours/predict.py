"""Bertolt's pipeline over a file of texts, timed as the peers' pipelines are.

    python benchmarks/ours/predict.py DIR DATA/short.csv

The texts go in as one list; one pass over a few warms the process up; tokenisation is part of the timed pass.
The last line of standard output is JSON.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from pathlib import Path

import torch

from bertolt.inference.pipeline import Pipeline


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path, help="model folder")
    parser.add_argument("texts", type=Path, help="csv file with a column text")
    parser.add_argument("--warmup-texts", type=int, default=32)
    parser.add_argument("--probabilities", type=Path, help="write them here, a JSON object a line")
    options = parser.parse_args()
    with options.texts.open(encoding="utf-8", newline="") as stream:
        texts = [row["text"] for row in csv.DictReader(stream)]
    pipeline = Pipeline.from_folder(options.model, device="cpu")
    pipeline(texts[: options.warmup_texts])
    start = time.perf_counter()
    results = pipeline(texts)
    seconds = time.perf_counter() - start
    if options.probabilities:
        with options.probabilities.open("w", encoding="utf-8") as stream:
            for result in results:
                stream.write(json.dumps(dict(sorted(result.to_dict()["scores"].items()))) + "\n")
    tokens = sum(result.tokens_read for result in results)
    figures = {
        "threads": torch.get_num_threads(),
        "texts": len(texts),
        "seconds": round(seconds, 3),
        "texts_per_second": round(len(texts) / seconds, 3),
        "tokens_per_second": round(tokens / seconds, 1),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
