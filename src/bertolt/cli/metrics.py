"""Metrics with their intervals as rows of a table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bertolt.metrics.intervals import Estimate

if TYPE_CHECKING:
    from bertolt.models.spec import Spread


def metric_rows(metrics: Mapping[str, Estimate]) -> list[tuple[str, str, str, str]]:
    """Name, value, lower and upper end of each metric, under a line of titles."""
    rows = [("", "value", "low", "high")]
    for name, found in metrics.items():
        rows.append((name, _figure(found.value), _figure(found.low), _figure(found.high)))
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
