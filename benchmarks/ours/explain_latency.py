"""Milliseconds of one explanation of 60 tokens by the fast method: median and 95th percentile of 50.

python benchmarks/ours/explain_latency.py DIR
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

from bertolt.inference.attribution import explain
from bertolt.inference.pipeline import Pipeline


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path)
    pipeline = Pipeline.from_folder(parser.parse_args().model, device="cpu")
    text = "the film was good " * 15
    seconds = []
    for _ in range(55):
        start = time.perf_counter()
        found = explain(pipeline, text)
        seconds.append(time.perf_counter() - start)
    median, p95 = (1000 * np.percentile(seconds[5:], share) for share in (50, 95))
    figures = {"threads": torch.get_num_threads(), "tokens": found.result.tokens}
    print(json.dumps({**figures, "median_ms": round(float(median), 1), "p95_ms": round(float(p95), 1)}))


if __name__ == "__main__":
    main()
