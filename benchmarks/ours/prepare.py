"""Writes the files of the studies on the packaged reviews: seeded draws out of fixed splits.

    python benchmarks/ours/prepare.py --out build/benchmarks

``imdb/train-5000.csv``, ``validation-500.csv`` and ``test-2000.csv``: as many reviews of each class, drawn
from the split of that name (seed 0); ``imdb/train-500-SEED.csv``: 500 labelled reviews, three draws;
``imdb/train-2500.csv`` and ``train-10000.csv``: texts for adaptation (half of the split), whose labels
nobody reads; ``imdb/labels-COUNT-SEED.csv``: few labelled reviews, the draws of the study of unlabelled
text, and with ``-dev-`` in the name the draws on which its defaults were chosen; ``imdb/pool-4000.csv``:
texts alone, none of which is in any of those draws, nor in those with ``-dev-`` that were added later.
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
    **{f"validation-{count}": ("validation", count, 0) for count in (500, 2000)},
    "test-2000": ("test", 2000, 0),
    **{f"train-500-{seed}": ("train", 500, seed) for seed in range(3)},
}

#: Few labels: of the study, then of the choice of its defaults.
LABELS = {
    **{f"labels-20-{seed}": (20, seed) for seed in (0, 1, 2)},
    **{f"labels-100-{seed}": (100, seed) for seed in (0, 1)},
    "labels-2500-0": (2500, 0),
    **{f"labels-20-dev-{seed}": (20, seed) for seed in (100, 101, 102)},
    **{f"labels-100-dev-{seed}": (100, seed) for seed in (100, 101)},
}
POOL = 4000
#: More draws for choices, of rows that stand neither in those nor in the pool.
MORE_LABELS = {
    **{f"labels-20-dev-{seed}": (20, seed) for seed in (103, 104, 105, 106)},
    **{f"labels-100-dev-{seed}": (100, seed) for seed in (102, 103, 104, 105)},
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


def draw_pool(rows: list[Row], labelled: set[int], count: int) -> list[Row]:
    """Rows that are not labelled, whatever their label, in their old order.

    Args:
        rows: all.
        labelled: lines of those that some draw of labels has.
        count: how many.
    """
    left = [row for row in rows if row.line not in labelled]
    picked = np.random.default_rng((0, count)).permutation(len(left))[:count]
    return [left[index] for index in sorted(picked)]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    folder = parser.parse_args().out / "imdb"
    folder.mkdir(parents=True, exist_ok=True)
    tables = packaged_tables("imdb")
    for name, (split, count, seed) in DRAWS.items():
        write(folder / f"{name}.csv", ("text", "label"), draw(list(tables[split]), count, seed))
    train, labelled = list(tables["train"]), set()
    for name, (count, seed) in LABELS.items():
        rows = draw(train, count, seed)
        labelled |= {row.line for row in rows}
        write(folder / f"{name}.csv", ("text", "label"), rows)
    pool = draw_pool(train, labelled, POOL)
    write(folder / f"pool-{POOL}.csv", ("text",), pool)
    taken = labelled | {row.line for row in pool}
    rest = [row for row in train if row.line not in taken]
    for name, (count, seed) in MORE_LABELS.items():
        write(folder / f"{name}.csv", ("text", "label"), draw(rest, count, seed))


def write(file: Path, columns: tuple[str, ...], rows: list[Row]) -> None:
    """Writes these columns of the rows."""
    with open_writer(file, columns) as writer:
        for row in rows:
            writer.write({name: row.values[name] for name in columns})


if __name__ == "__main__":
    main()
