"""What the checks cost, what each way to read long texts is worth, and where the defaults come from."""

from __future__ import annotations

import math
import statistics

from benchmarks.tables.cells import Cells, Figure, figures, points, seeds_of, shown, spread, table
from scipy.stats import t

BASE = "base"
#: The settings of the study trust-defaults, and what they say for people.
DEFAULTS = (
    (BASE, "1 epoch, rate 1e-4, batch 32"),
    ("epochs-2", "2 epochs"),
    ("batch-16", "batch 16"),
    ("lr-5e-5", "rate 5e-5"),
    ("lr-2e-4", "rate 2e-4"),
    ("frozen-embeddings", "`--freeze-embeddings`"),
    ("layer-decay-0.9", "`--layer-decay 0.9`"),
)


def defaults(study: Cells) -> list[str]:
    """One factor at a time on Rotten Tomatoes; differences are paired by seed."""
    rows: list[tuple[str, ...]] = []
    base = [line["accuracy"] for line in _runs(study, BASE)]
    for setting, name in DEFAULTS:
        runs = _runs(study, setting)
        if not runs:
            continue
        values = [run["accuracy"] for run in runs]
        paired = len(values) == len(base) > 1 and setting != BASE
        change = [new - old for new, old in zip(values, base, strict=True)] if paired else []
        seconds = statistics.mean(run["seconds"] for run in runs)
        rows.append(
            (
                name,
                spread(values, ".1%"),
                points(mean_over_seeds(change)) if change else "",
                ", ".join(f"{100 * each:+.1f}" for each in change),
                f"{seconds:,.0f}",
            )
        )
    head = ("setting", "accuracy, mean of seeds", "points above the first line", "by seed", "seconds")
    return table(head, rows)


def _runs(study: Cells, setting: str) -> list[dict[str, float]]:
    """Accuracy and seconds of a setting's trainings, by seed."""
    found = [figures(line, setting) for line in seeds_of(study, setting)]
    return [{"accuracy": each["metrics"]["accuracy"]["value"], "seconds": each["seconds"]} for each in found]


def mean_over_seeds(values: list[float]) -> Figure:
    """The mean of two values or more with its 95% interval by Student's t: what other seeds would give."""
    mean = statistics.mean(values)
    half = float(t.ppf(0.975, len(values) - 1)) * statistics.stdev(values) / math.sqrt(len(values))
    return {"value": mean, "low": mean - half, "high": mean + half}


def long_documents(study: Cells, pairs: Cells) -> list[str]:
    """What each way to read long reviews is worth."""
    rows: list[tuple[str, ...]] = []
    for policy in ("head", "tail", "head+tail", "windows"):
        if policy in study:
            found = figures(study[policy], "bertolt")["metrics"]["accuracy"]
            pair = pairs.get(f"long-{policy}-less-head-accuracy")
            rows.append((f"`{policy}`", shown(found, ".1%"), points(pair["difference"]) if pair else ""))
    head = ("`--long`, 128 tokens", "accuracy, 2,000 reviews", "points above `head`, paired")
    return table(head, rows)


def check_cost(study: Cells) -> list[str]:
    """Seconds of the checks."""
    if "imdb" not in study:
        return []
    found = figures(study["imdb"], "bertolt")
    rows = [
        ("quick checks, which `train` runs too", f"{found['quick_seconds']:.1f}"),
        ("near-duplicates", f"{found['near_duplicate_seconds']:.1f}"),
    ]
    if "imdb-whole-verb" in study:
        seconds = study["imdb-whole-verb"]["variants"]["bertolt"]["seconds"]
        rows.append(("`bertolt check imdb` in all", f"{seconds:.1f}"))
    return table((f"{found['rows']:,} reviews", "seconds"), rows)
