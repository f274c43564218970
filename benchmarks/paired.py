"""Bertolt against a peer on the same examples: the paired difference over the seeds, with its 95% interval.

    python -m benchmarks.paired --predictions build/tasks/predictions

Reads what the study tasks-accuracy left: SET-seed-SEED-VARIANT.jsonl, a JSON object an example with ``gold``
and ``predicted``. A figure is the mean over the seeds; the interval is a paired bootstrap over examples, in
which an example brings its predictions of all seeds and both sides along: they are not independent of each
other. "Not below" means that the interval does not lie wholly below 0. Each comparison is printed, and added
to results/tasks-paired.jsonl; one that has a line there is not made again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.machine import Json, describe_machine
from benchmarks.study import RESULTS, StudyError, append_line, finished_cells
from numpy.typing import NDArray

from bertolt.metrics.classification import f1, matthews
from bertolt.metrics.paired import paired
from bertolt.metrics.statistic import Statistic

STUDY = "tasks-paired"
OURS = "bertolt"
PEERS = ("trainer",)
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared on a data set.

    Args:
        data: the first word of its files of predictions.
        metric: for people.
        statistic: (gold, predicted), both numbers of labels, to the metric.
        labels: both labels, the positive one last.
    """

    data: str
    metric: str
    statistic: Callable[[Labels, Labels], Statistic]
    labels: tuple[str, str]


COMPARISONS = (
    Comparison(
        "cola",
        "matthews",
        lambda gold, found: matthews(gold, found, classes=2),
        ("unacceptable", "acceptable"),
    ),
    Comparison("mrpc", "f1", lambda gold, found: f1(gold, found, classes=2), ("0", "1")),
)


def read_predictions(path: Path, labels: Sequence[str]) -> tuple[Labels, Labels]:
    """Gold and predicted labels of a file, as numbers.

    Raises:
        StudyError: no such file, or another label.
    """
    if not path.exists():
        raise StudyError(f"no file {path}; run the study tasks-accuracy first")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    unknown = {row[key] for row in rows for key in ("gold", "predicted")} - set(labels)
    if unknown:
        raise StudyError(f"labels {sorted(unknown)} in {path}; expected {', '.join(labels)}")
    gold, found = ([labels.index(row[key]) for row in rows] for key in ("gold", "predicted"))
    return np.asarray(gold), np.asarray(found)


def over_seeds(
    comparison: Comparison, variant: str, seeds: Sequence[int], folder: Path
) -> tuple[Labels, Statistic]:
    """Gold labels, and a variant's metric averaged over its seeds.

    Raises:
        StudyError: the seeds' files hold different examples.
    """
    golds: list[Labels] = []
    statistics: list[Statistic] = []
    for seed in seeds:
        path = folder / f"{comparison.data}-seed-{seed}-{variant}.jsonl"
        gold, found = read_predictions(path, comparison.labels)
        golds.append(gold)
        statistics.append(comparison.statistic(gold, found))
        if not np.array_equal(gold, golds[0]):
            raise StudyError(f"{path} holds other examples than the first seed's file")
    return golds[0], lambda weights: np.mean([statistic(weights) for statistic in statistics], axis=0)


def compare(comparison: Comparison, peer: str, seeds: Sequence[int], folder: Path) -> dict[str, Json]:
    """Bertolt less the peer.

    Raises:
        StudyError: a file is missing, or the two sides hold different examples.
    """
    gold, ours = over_seeds(comparison, OURS, seeds, folder)
    gold_of_peer, theirs = over_seeds(comparison, peer, seeds, folder)
    if not np.array_equal(gold, gold_of_peer):
        raise StudyError(f"{comparison.data}: {OURS} and {peer} predicted different examples")
    every = np.ones((1, len(gold)))
    difference = paired(theirs, ours, len(gold))
    return {
        "metric": comparison.metric,
        "seeds": list(seeds),
        "examples": len(gold),
        OURS: float(ours(every)[0]),
        peer: float(theirs(every)[0]),
        "difference": dict(difference.to_dict()),
        "not_below": not difference.high < 0,
    }


def main() -> int:
    """The command line.

    Returns:
        The exit code: 0 done, 2 for predictions that cannot be compared.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--predictions", type=Path, required=True, help="folder of tasks-accuracy's predictions"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--only", choices=[each.data for each in COMPARISONS], help="one data set")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the results files")
    options = parser.parse_args()
    path = options.results / f"{STUDY}.jsonl"
    try:
        done = finished_cells(path)
        for comparison in COMPARISONS:
            for peer in PEERS:
                cell = f"{comparison.data}-{OURS}-less-{peer}"
                if cell in done or options.only not in {None, comparison.data}:
                    continue
                found = compare(comparison, peer, options.seeds, options.predictions)
                append_line(path, {"study": STUDY, "cell": cell, **found, **describe_machine()})
                print(json.dumps({"cell": cell, **found}))
    except StudyError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
