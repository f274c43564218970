"""How a training went: loss and learning rate over its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bertolt.metrics.statistic import FloatArray
from bertolt.reports.style import BLUE, GREY, LIGHT, ORANGE, Picture, canvas


def training_picture(records: Sequence[Mapping[str, Any]], metric: str) -> Picture | None:
    """Loss, learning rate and validation of a run; None where the log has fewer than two steps.

    Args:
        records: of ``training.runlog.read_log``.
        metric: the primary one, drawn where the validations have it.
    """
    steps = sorted((each for each in records if each["kind"] == "step"), key=lambda each: each["step"])
    if len(steps) < 2:
        return None
    validations = [each for each in records if each["kind"] == "validation" and metric in each]
    at = np.asarray([each["step"] for each in steps], dtype=np.float64)
    loss = np.asarray([each["loss"] for each in steps], dtype=np.float64)
    rates = np.asarray([each["learning_rate"] for each in steps], dtype=np.float64)
    with canvas(8.0, 3.2, columns=2) as (figure, (left, right)):
        left.plot(at, loss, color=LIGHT, linewidth=1, label="each step")
        smooth = running_mean(loss, max(1, len(loss) // 25))
        left.plot(at, smooth, color=BLUE, label="running mean")
        left.set(xlabel="step", ylabel="loss")
        left.set_ylim(bottom=0)
        left.set_title("Loss")
        if validations:
            second = left.twinx()
            second.plot(
                [each["step"] for each in validations],
                [each[metric] for each in validations],
                "o",
                color=ORANGE,
            )
            if all(0 <= each[metric] <= 1 for each in validations):
                second.set_ylim(0, 1.03)
            second.set_ylabel(f"validation {metric}", color=ORANGE)
            second.spines["right"].set_visible(True)
        left.legend(loc="center right")
        right.plot(at, rates, color=GREY)
        right.set(xlabel="step", ylabel="learning rate")
        right.ticklabel_format(axis="y", style="sci", scilimits=(0, 0))
        right.set_title("Learning rate")
    return Picture(
        "Training",
        figure,
        f"Loss over {len(steps):,} steps, from {smooth[0]:.3f} to {smooth[-1]:.3f}.",
        "The loss should fall and level off. One that still falls at the end asks for more --epochs; points "
        "of validation that fall while the loss falls mean that the model learns its texts by heart.",
    )


def running_mean(values: FloatArray, width: int) -> FloatArray:
    """The mean of each value and the ``width - 1`` before it, fewer at the beginning; shape as given."""
    sums = np.cumsum(np.concatenate([[0.0], values]))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(0, ends - width)
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts))
