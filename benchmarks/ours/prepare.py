"""Writes the files of the studies on the packaged reviews: seeded draws out of fixed splits.

    python benchmarks/ours/prepare.py --out build/benchmarks

``imdb/train-5000.csv``, ``validation-500.csv`` and ``test-2000.csv``: as many reviews of each class, drawn
from the split of that name (seed 0); ``imdb/train-500-SEED.csv``: 500 labelled reviews, three draws;
``imdb/train-2500.csv`` and ``train-10000.csv``: texts for adaptation (half of the split), whose labels
nobody reads.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from bertolt.data.packaged import packaged_tables
from bertolt.data.table import Row
from bertolt.data.writers import open_writer

DRAWS = {
    **{f"train-{count}": ("train", count, 0) for count in (2500, 5000, 10000)},
    "validation-500": ("validation", 500, 0),
    "test-2000": ("test", 2000, 0),
    **{f"train-500-{seed}": ("train", 500, seed) for seed in range(3)},
}


def draw(rows: list[Row], count: int, seed: int) -> list[Row]:
    """As many rows of each class, in their old order."""
    random = np.random.default_rng((seed, count))
    labels = sorted({str(row.values["label"]) for row in rows})
    chosen: list[Row] = []
    for label in labels:
        part = [row for row in rows if row.values["label"] == label]
        picked = random.permutation(len(part))[: count // len(labels)]
        chosen.extend(part[index] for index in sorted(picked))
    return chosen


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    folder = parser.parse_args().out / "imdb"
    folder.mkdir(parents=True, exist_ok=True)
    tables = packaged_tables("imdb")
    for name, (split, count, seed) in DRAWS.items():
        with open_writer(folder / f"{name}.csv", ("text", "label")) as writer:
            for row in draw(list(tables[split]), count, seed):
                writer.write(row.values)


if __name__ == "__main__":
    main()
