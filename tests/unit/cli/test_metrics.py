"""Metrics in a terminal: intervals only where there are any."""

from __future__ import annotations

import pytest

from bertolt.cli.metrics import print_metrics
from bertolt.metrics.intervals import Estimate

NAN = float("nan")


def test_a_metric_without_an_interval_has_dashes(capsys: pytest.CaptureFixture[str]) -> None:
    print_metrics({"accuracy": Estimate(0.5, 0.25, 0.75), "f1": Estimate(NAN, NAN, NAN)}, "8 rows")
    assert capsys.readouterr().out.splitlines() == [
        "measured on 8 rows, with 95% intervals:",
        "                value     low    high",
        "  accuracy     0.5000  0.2500  0.7500",
        "  f1        undefined       –       –",
        "  f1 is undefined: these rows hold nothing that it could be measured on",
    ]


def test_no_interval_is_printed_of_one_row(capsys: pytest.CaptureFixture[str]) -> None:
    print_metrics({"accuracy": Estimate(1.0, NAN, NAN)}, "1 row")
    assert capsys.readouterr().out == "measured on 1 row, too few for intervals:\n  accuracy  1.0000\n"
