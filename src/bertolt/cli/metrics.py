"""Metrics with their intervals as rows of a table."""

from __future__ import annotations

import math
from collections.abc import Mapping

from bertolt.metrics.intervals import Estimate


def metric_rows(metrics: Mapping[str, Estimate]) -> list[tuple[str, str, str, str]]:
    """Name, value, lower and upper end of each metric, under a line of titles."""
    rows = [("", "value", "low", "high")]
    for name, found in metrics.items():
        rows.append((name, _figure(found.value), _figure(found.low), _figure(found.high)))
    return rows


def _figure(value: float) -> str:
    return "undefined" if math.isnan(value) else f"{value:.4f}"
