"""What a loss that knows the order is worth, and how much of the five grades a small network can tell."""

from __future__ import annotations

import statistics
from typing import Any

from benchmarks.tables.cells import Cells, Line, figures, seeds_of, shown, spread, table

ORDERS = (("sst", "SST-5, 1,101 sentences"), ("joci", "JOCI, 2,000 sentences"))
LOSSES = ("corn", "cross-entropy")
METRICS = (
    ("quadratic_weighted_kappa", "weighted kappa"),
    ("mean_absolute_error", "mean absolute error"),
    ("within_one", "within one"),
    ("accuracy", "accuracy"),
)
#: All sets together; in the first, a row counted once a question that it answers.
JOINT = (
    ("joint", "all sets together, 2 epochs, a row once a question"),
    ("joint-3-epochs", "all sets together, 3 epochs, a row once"),
)
SETS = ("all", "CoLA", "LIAR", "FEVER", "JOCI")
GRADERS = (
    ("majority", "the commonest grade"),
    ("set", "guesses the set, says its commonest grade"),
    ("words", "words of the sentence alone"),
    ("model", "`minilm`, all sets together"),
)


def order(study: Cells) -> list[str]:
    """Ordered labels by both losses, each decoded by its mode and its median."""
    rows: list[tuple[str, ...]] = []
    for data, name in ORDERS:
        for loss in LOSSES:
            lines = seeds_of(study, f"{data}-{loss}")
            for decode in ("median", "mode") if lines else ():
                found = [figures(line, loss)[decode] for line in lines]
                rows.append((name, loss, decode, *(_over_seeds(found, metric) for metric, _ in METRICS)))
    return table(("data", "loss", "decode", *(name for _, name in METRICS)), rows)


def order_pairs(pairs: Cells) -> list[str]:
    """CORN by its median less cross-entropy."""
    rows: list[tuple[str, ...]] = []
    for data, name in ORDERS:
        for decode in ("mode", "median"):
            found = [
                pairs.get(f"{data}-corn-median-less-cross-entropy-{decode}-{metric}")
                for metric in ("quadratic_weighted_kappa", "negated_mean_absolute_error")
            ]
            if any(found):
                rows.append((name, decode, *(_less(line) for line in found)))
    head = (
        "CORN, median, less cross-entropy",
        "its decode",
        "weighted kappa",
        "mean absolute error saved",
    )
    return table(head, rows)


def sentences(study: Cells) -> list[str]:
    """The five grades beside baselines, over all sets and within each."""
    seeds = seeds_of(study, "joint")
    found = [figures(line, "joint") for line in seeds]
    if not found:
        return []
    made: list[str] = []
    sizes = [f"{each} ({found[0]['model'][each]['n']:,})" for each in SETS]
    for metric, title in (METRICS[0], METRICS[3]):
        rows = [
            (name, *(_over_seeds([each[grader][of] for each in found], metric) for of in SETS))
            for grader, name in GRADERS
        ]
        made += table((f"{title}, mean of seeds", *sizes), rows)
    numbers = [f"seed {line['seed']}" for line in seeds]
    head = ("grades 2 and 4 are right three times in four at coverage", *numbers)
    return [*made, *table(head, [(of, *(_coverage(each["claims"][of]) for each in found)) for of in SETS])]


def _coverage(found: dict[str, float] | None) -> str:
    return "at none above 10%" if found is None else f"{found['coverage']:.0%}"


def acceptable(study: Cells, pairs: Cells) -> list[str]:
    """CoLA alone beside the joint model."""
    rows: list[tuple[str, ...]] = []
    for cell, name in JOINT:
        joint = [
            figures(line, "joint")["metrics"]["acceptability_matthews"] for line in seeds_of(study, cell)
        ]
        if joint:
            rows.append((name, spread([each["value"] for each in joint]), "", ""))
    for variant, name in (("single", "CoLA alone, 2 epochs"), ("single-3-epochs", "CoLA alone, 3 epochs")):
        found = [figures(line, variant)["metrics"]["matthews"] for line in seeds_of(study, f"cola-{variant}")]
        less = [_less(pairs.get(f"cola-{cell}-less-{variant}-matthews")) for cell, _ in JOINT]
        if found:
            rows.append((name, spread([each["value"] for each in found]), *less))
    less = (f"{name} less this, paired" for name in ("2 epochs together", "3 epochs together"))
    head = ("acceptable or not", "Matthews, mean of seeds", *less)
    return table(head, rows)


def _over_seeds(found: list[dict[str, Any]], metric: str) -> str:
    """The mean over seeds and their spread; one number where a baseline knows no seed."""
    values = [each[metric]["value"] for each in found]
    return f"{statistics.mean(values):.3f}" if max(values) - min(values) < 0.0005 else spread(values)


def _less(line: Line | None) -> str:
    return "" if line is None else shown(line["difference"], "+.3f")
