"""Metrics with their intervals as rows of a table."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bertolt.cli.output import print_table
from bertolt.metrics.intervals import Estimate

if TYPE_CHECKING:
    from bertolt.models.spec import Spread


def print_metrics(metrics: Mapping[str, Estimate], measured: str) -> None:
    """Prints each metric with its interval; where none has one, values alone, and why.

    Args:
        metrics: by name.
        measured: on what, such as ``"1,000 rows"``.
    """
    if any(found.has_interval for found in metrics.values()):
        sys.stdout.write(f"measured on {measured}, with 95% intervals:\n")
        print_table(metric_rows(metrics), right=(1, 2, 3), indent=2)
        _print_undefined(metrics)
        return
    sys.stdout.write(f"measured on {measured}, too few for intervals:\n")
    print_table([(name, _figure(found.value)) for name, found in metrics.items()], right=(1,), indent=2)
    _print_undefined(metrics)


#: Why a metric has no value on some rows.
UNDEFINED = {
    "matthews": "all rows have one label, or one label was predicted for all",
    "quadratic_weighted_kappa": "all rows have one grade, and it was predicted for all",
    "spearman": "all rows have one grade, or one grade was predicted for all",
    "average_precision": "no row has a label",
}


def _print_undefined(metrics: Mapping[str, Estimate]) -> None:
    """Says why a metric has no value, a line each."""
    for name, found in metrics.items():
        if math.isnan(found.value):
            why = UNDEFINED.get(name, "these rows hold nothing that it could be measured on")
            sys.stdout.write(f"  {name} is undefined: {why}\n")


def metric_rows(metrics: Mapping[str, Estimate]) -> list[tuple[str, str, str, str]]:
    """Name, value, lower and upper end of each metric, under a line of titles; – where there is no end."""
    rows = [("", "value", "low", "high")]
    for name, found in metrics.items():
        ends = (_figure(found.low), _figure(found.high)) if found.has_interval else ("–", "–")
        rows.append((name, _figure(found.value), *ends))
    return rows


def spread_rows(spread: Mapping[str, Spread]) -> list[tuple[str, str, str, str, str]]:
    """Name, mean, standard deviation, least and greatest of each metric, under a line of titles."""
    rows = [("", "mean", "std", "least", "greatest")]
    for name, found in spread.items():
        figures = (found.mean, found.std, found.least, found.greatest)
        mean, std, least, greatest = map(_figure, figures)
        rows.append((name, mean, std, least, greatest))
    return rows


def _figure(value: float | None) -> str:
    return "undefined" if value is None or math.isnan(value) else f"{value:.4f}"
