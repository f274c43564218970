"""How a training went: three curves over its steps, what was learnt, what was checked, what was put out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from bertolt.metrics.statistic import FloatArray
from bertolt.reports.run_records import RunRecords, Series
from bertolt.reports.style import BLUE, FAINT, GREY, LIGHT, ORANGE, Picture, canvas, shorten
from bertolt.reports.words import metric_words

#: Shares of more labels than this would be a tangle.
MOST_SHARES = 6

_READING = (
    "The labelled loss should fall and level off; one that still falls at the end asks for more --epochs. "
    "A validation loss that rises while the labelled loss falls to nothing means that the texts are learnt "
    "by heart. Confidence that nears 1, entropy that nears 0 and one label that takes all are a collapse."
)


def training_picture(records: Sequence[Mapping[str, Any]], metric: str) -> Picture | None:
    """The three curves of a run; None where the log has fewer than two steps.

    Args:
        records: of ``training.runlog.read_log``.
        metric: the primary one, drawn where the validations have it.
    """
    run = RunRecords(records)
    if len(run) < 2:
        return None
    # A phase that reads texts without labels has no labelled loss, and its own is not one.
    labelled = run.steps("labelled_loss", otherwise="loss", unless="unlabelled_loss")
    panels: list[Callable[[Axes], None]] = [lambda axes: _loss(axes, labelled, "Labelled loss")] * bool(
        len(labelled)
    )
    unlabelled, checked = run.steps("unlabelled_loss"), run.validations("log_loss")
    if len(unlabelled) or len(checked):
        panels.append(lambda axes: _second(axes, unlabelled, checked))
    if len(run.steps("confidence")) or len(run.validations(metric)):
        panels.append(lambda axes: _outputs(axes, run, metric))
    with canvas(8.0, 0.8 + 1.9 * len(panels), rows=len(panels)) as (figure, axes):
        for draw, place in zip(panels, axes, strict=True):
            draw(place)
            _mark(place, run, named=place is axes[0])
        axes[-1].set_xlabel("step")
    first = labelled if len(labelled) else unlabelled
    smooth = running_mean(first.values, max(1, len(first) // 25))
    alt = f"Loss over {len(run):,} steps, from {smooth[0]:.3f} to {smooth[-1]:.3f}."
    return Picture("Training", figure, " ".join([alt, *_alarms(run)]), " ".join([_READING, *_alarms(run)]))


def _alarms(run: RunRecords) -> list[str]:
    return [f"After step {step:,.0f}: {text}." for step, text, alarm in run.events() if alarm]


def _loss(axes: Axes, series: Series, title: str, name: str = "each step") -> None:
    axes.plot(series.at, series.values, color=LIGHT, linewidth=1, label=name)
    axes.plot(
        series.at, running_mean(series.values, max(1, len(series) // 25)), color=BLUE, label="running mean"
    )
    axes.set_title(title)
    axes.set_ylim(bottom=min(0.0, float(series.values.min())))
    axes.legend(loc="upper right")


def _second(axes: Axes, unlabelled: Series, checked: Series) -> None:
    """The loss on texts that are not learnt from their labels: unlabelled ones, or validation."""
    title = "Unlabelled loss" if len(unlabelled) else "Validation loss"
    if len(unlabelled):
        _loss(axes, unlabelled, title)
    if len(checked):
        axes.plot(checked.at, checked.values, "o-", color=ORANGE, label="validation")
        axes.legend(loc="upper right")
    axes.set_title(title)
    highest = max(float(series.values.max()) for series in (unlabelled, checked) if len(series))
    axes.set_ylim(0, 1.15 * highest or None)


def _outputs(axes: Axes, run: RunRecords, metric: str) -> None:
    """What the model says, whether or not it is right."""
    width = max(1, len(run) // 25)
    shares = run.shares()
    if 0 < len(shares) <= MOST_SHARES:
        for place, (label, share) in enumerate(shares.items()):
            style = ("-", "--", ":", "-.")[place % 4]
            smooth = running_mean(share.values, width)
            axes.plot(share.at, smooth, color=LIGHT, linestyle=style, label=f"share {shorten(label)}")
    confidence, entropy = run.steps("confidence"), run.steps("entropy")
    if len(confidence):
        axes.plot(confidence.at, running_mean(confidence.values, width), color=BLUE, label="confidence")
    if len(entropy) and len(shares) > 1:
        part = running_mean(entropy.values / np.log(len(shares)), width)
        axes.plot(entropy.at, part, color=GREY, label="entropy, of the most possible")
    scores = run.validations(metric)
    if len(scores):
        axes.plot(scores.at, scores.values, "o", color=ORANGE, label=f"validation {metric_words(metric)}")
    axes.set_title("Outputs")
    if not len(scores) or bool(np.all((scores.values >= 0) & (scores.values <= 1))):
        axes.set_ylim(0, 1.03)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))


def _mark(axes: Axes, run: RunRecords, *, named: bool) -> None:
    """A line where a phase begins, and one where something went wrong."""
    phases = run.phases()
    for name, begin in phases if len(phases) > 1 else []:
        axes.axvline(begin, color=FAINT, linewidth=1, zorder=0)
        if named:
            place = (begin, 1.0)
            axes.annotate(
                shorten(name), place, xycoords=("data", "axes fraction"), fontsize=8, color=GREY, va="bottom"
            )
    for step, _, alarm in run.events():
        if alarm:
            axes.axvline(step, color=ORANGE, linestyle="--", linewidth=1.2)


def running_mean(values: FloatArray, width: int) -> FloatArray:
    """The mean of each value and the ``width - 1`` before it, fewer at the beginning; shape as given."""
    sums = np.cumsum(np.concatenate([[0.0], values]))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(0, ends - width)
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts))
