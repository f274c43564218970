"""Two variants on the same examples: the paired difference over the seeds, with its 95% interval.

    python -m benchmarks.paired tasks --predictions build/tasks/predictions
    python -m benchmarks.paired trust --predictions build/benchmarks/predictions
    python -m benchmarks.paired adapt --predictions build/benchmarks/predictions
    python -m benchmarks.paired grading --predictions build/grading/predictions

Reads what the studies left: SET-seed-SEED-VARIANT.jsonl, a JSON object an example with ``gold`` and
``predicted``. A figure is the mean over the seeds; the interval is a paired bootstrap over examples, in which
an example brings its predictions of all seeds and both sides along: they are not independent of each other.
"Not below" means that the interval does not lie wholly below 0, "gain" that it lies wholly above. Each
comparison is printed, and added to results/AREA-paired.jsonl; one that has a line there is not made again.
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

from bertolt.metrics.classification import accuracy, f1, matthews
from bertolt.metrics.ordinal import mean_absolute_error, quadratic_weighted_kappa
from bertolt.metrics.paired import paired
from bertolt.metrics.statistic import Statistic

Labels = NDArray[np.int64]
SENTIMENT = ("negative", "positive")


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared on a data set.

    Args:
        data: the first word of its files of predictions.
        new: the variant of interest.
        base: what it is compared with.
        metric: for people.
        statistic: (gold, predicted), both numbers of labels, to the metric.
        labels: all labels: of two the positive one last, of grades the lowest first.
        seeds: over which both are averaged.
    """

    data: str
    new: str
    base: str
    metric: str
    statistic: Callable[[Labels, Labels], Statistic]
    labels: tuple[str, ...] = SENTIMENT
    seeds: tuple[int, ...] = (0, 1, 2)


def of_two(metric: Callable[..., Statistic]) -> Callable[[Labels, Labels], Statistic]:
    """A metric of two classes."""
    return lambda gold, found: metric(gold, found, classes=2)


def less_error(gold: Labels, found: Labels) -> Statistic:
    """The mean absolute error below 0, so that more is better."""
    error = mean_absolute_error(gold, found)
    return lambda weights: -error(weights)


def of_orders() -> list[Comparison]:
    """CORN, by its median as published, beside cross-entropy by its mode and by its median."""
    return [
        Comparison(data, "corn-median", f"cross-entropy-{decode}", metric, statistic, labels)
        for data, labels in (("sst", ("0", "1", "2", "3", "4")), ("joci", ("1", "2", "3", "4", "5")))
        for decode in ("mode", "median")
        for metric, statistic in (
            ("quadratic_weighted_kappa", quadratic_weighted_kappa),
            ("negated_mean_absolute_error", less_error),
        )
    ]


COLA = ("unacceptable", "acceptable")
COMPARISONS = {
    "tasks": [
        Comparison("cola", "bertolt", "trainer", "matthews", of_two(matthews), COLA),
        Comparison("mrpc", "bertolt", "trainer", "f1", of_two(f1), ("0", "1")),
        Comparison("mrpc", "bertolt", "trainer", "accuracy", of_two(accuracy), ("0", "1")),
    ],
    "trust": [
        Comparison("long", policy, "head", "accuracy", of_two(accuracy), seeds=(0,))
        for policy in ("tail", "head+tail", "windows")
    ],
    "grading": [
        *of_orders(),
        *(
            Comparison("cola", "joint", alone, "matthews", of_two(matthews), COLA)
            for alone in ("single", "single-3-epochs")
        ),
    ],
    "adapt": [
        *(
            Comparison("cola", adapted, "plain", "matthews", of_two(matthews), COLA)
            for adapted in ("adapted", "adapted-20000")
        ),
        *(
            Comparison(data, adapted, "plain", "accuracy", of_two(accuracy), labels)
            for adapted in ("adapted", "adapted-gently")
            for data, labels in (("rotten-tomatoes", ("0", "1")), ("imdb-500", SENTIMENT))
        ),
    ],
}


def read_predictions(path: Path, labels: Sequence[str]) -> tuple[Labels, Labels]:
    """Gold and predicted labels of a file, as numbers.

    Raises:
        StudyError: no such file, or another label.
    """
    if not path.exists():
        raise StudyError(f"no file {path}; run the study first")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    unknown = {row[key] for row in rows for key in ("gold", "predicted")} - set(labels)
    if unknown:
        raise StudyError(f"labels {sorted(unknown)} in {path}; expected {', '.join(labels)}")
    gold, found = ([labels.index(row[key]) for row in rows] for key in ("gold", "predicted"))
    return np.asarray(gold), np.asarray(found)


def over_seeds(comparison: Comparison, variant: str, folder: Path) -> tuple[Labels, Statistic]:
    """Gold labels, and a variant's metric averaged over its seeds.

    Raises:
        StudyError: the seeds' files hold different examples.
    """
    golds: list[Labels] = []
    statistics: list[Statistic] = []
    for seed in comparison.seeds:
        path = folder / f"{comparison.data}-seed-{seed}-{variant}.jsonl"
        gold, found = read_predictions(path, comparison.labels)
        golds.append(gold)
        statistics.append(comparison.statistic(gold, found))
        if not np.array_equal(gold, golds[0]):
            raise StudyError(f"{path} holds other examples than the first seed's file")
    return golds[0], lambda weights: np.mean([statistic(weights) for statistic in statistics], axis=0)


def compare(comparison: Comparison, folder: Path) -> dict[str, Json]:
    """The new variant less the base.

    Raises:
        StudyError: a file is missing, or the two sides hold different examples.
    """
    gold, new = over_seeds(comparison, comparison.new, folder)
    gold_of_base, base = over_seeds(comparison, comparison.base, folder)
    if not np.array_equal(gold, gold_of_base):
        raise StudyError(f"{comparison.data}: the two sides predicted different examples")
    every = np.ones((1, len(gold)))
    difference = paired(base, new, len(gold))
    return {
        "metric": comparison.metric,
        "seeds": list(comparison.seeds),
        "examples": len(gold),
        comparison.new: float(new(every)[0]),
        comparison.base: float(base(every)[0]),
        "difference": dict(difference.to_dict()),
        "not_below": not difference.high < 0,
        "gain": difference.low > 0,
    }


def main() -> int:
    """The command line.

    Returns:
        The exit code: 0 done, 2 for predictions that cannot be compared.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("area", choices=sorted(COMPARISONS))
    parser.add_argument("--predictions", type=Path, required=True, help="folder of the study's predictions")
    parser.add_argument("--only", help="one data set")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the results files")
    options = parser.parse_args()
    study = f"{options.area}-paired"
    path = options.results / f"{study}.jsonl"
    try:
        done = finished_cells(path)
        for comparison in COMPARISONS[options.area]:
            cell = f"{comparison.data}-{comparison.new}-less-{comparison.base}-{comparison.metric}"
            if cell in done or options.only not in {None, comparison.data}:
                continue
            found = compare(comparison, options.predictions)
            append_line(path, {"study": study, "cell": cell, **found, **describe_machine()})
            print(json.dumps({"cell": cell, **found}))
    except StudyError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
