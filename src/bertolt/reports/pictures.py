"""Pictures of an evaluation. Each is drawn from what the rows have, never by the name of a task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from bertolt.evaluation.abstention import Abstention, risk_coverage, scored
from bertolt.evaluation.judging import Judgement
from bertolt.evaluation.slices import Slice
from bertolt.metrics.classification import confusion
from bertolt.reports.style import BLUE, FAINT, GREY, LIGHT, ORANGE, Picture, canvas, shorten

#: More labels than this make a table that nobody can read; the rarest share a row.
MOST_LABELS = 15
_OTHERS = "(others)"


def confusion_picture(judged: Sequence[Judgement], labels: Sequence[str]) -> Picture | None:
    """Gold label against predicted label; None where rows do not have one label of the list each."""
    known = set(labels)
    if len(labels) < 2 or not all(row.gold in known and row.predicted in known for row in judged):
        return None
    kept = list(labels)
    if len(labels) > MOST_LABELS:
        counts = Counter(row.gold for row in judged)
        commonest = {name for name, _ in counts.most_common(MOST_LABELS - 1)}
        kept = [*(name for name in labels if name in commonest), _OTHERS]
    place = {name: index for index, name in enumerate(kept)}
    last = len(kept) - 1
    gold = [place.get(row.gold, last) for row in judged]
    predicted = [place.get(row.predicted, last) for row in judged]
    table = confusion(gold, predicted, len(kept))
    shares = table / np.maximum(1, table.sum(axis=1, keepdims=True))
    size = min(8.0, 2.6 + 0.5 * len(kept))
    names = [shorten(name) for name in kept]
    with canvas(size + 0.8, size) as (figure, (axes,)):
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="equal")
        for row, column in np.ndindex(*table.shape):
            if table[row, column]:
                colour = "white" if shares[row, column] > 0.55 else "#222831"
                axes.text(column, row, f"{table[row, column]:,}", ha="center", va="center", color=colour)
        rotation = 0 if max(map(len, names)) * len(names) < 30 else 40
        axes.set_xticks(
            range(len(kept)),
            names,
            rotation=rotation,
            ha="right" if rotation else "center",
            rotation_mode="anchor" if rotation else "default",
        )
        axes.set_yticks(range(len(kept)), names)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xlabel("predicted")
        axes.set_ylabel("gold")
    right = int(np.trace(table)) if _OTHERS not in kept else sum(row.gold == row.predicted for row in judged)
    shared = f" The rarest labels share the row and the column {_OTHERS}." if _OTHERS in kept else ""
    return Picture(
        "Confusion",
        figure,
        f"Confusion matrix of {len(kept)} labels; {right:,} of {len(judged):,} rows are right.",
        "A row of the table is what the texts are, a column what the model says; numbers are texts, and "
        "colours are shares of the row. What stands off the diagonal is wrong." + shared,
    )


def reliability_picture(judged: Sequence[Judgement], *, bins: int = 10) -> Picture | None:
    """Accuracy against probability in bins of equal width; None where rows have no probability."""
    found = scored(judged)
    if found is None:
        return None
    scores, right = found
    places = np.clip(np.ceil(scores * bins).astype(int) - 1, 0, bins - 1)
    counts = np.bincount(places, minlength=bins)
    filled = np.flatnonzero(counts)
    mean_score = np.bincount(places, scores, bins)[filled] / counts[filled]
    accuracy = np.bincount(places, right, bins)[filled] / counts[filled]
    with canvas(8.0, 3.4, columns=2) as (figure, (left, below)):
        left.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="as it should be")
        half = 1.96 * np.sqrt(accuracy * (1 - accuracy) / counts[filled])
        bar = [np.minimum(half, accuracy), np.minimum(half, 1 - accuracy)]
        left.errorbar(mean_score, accuracy, yerr=bar, fmt="o", color=BLUE, ecolor=LIGHT, label="the model")
        left.set(
            xlim=(0, 1.02), ylim=(0, 1.05), xlabel="probability that the model gives", ylabel="share right"
        )
        left.legend(loc="upper left")
        left.set_title("Is 0.9 right in 9 of 10?")
        edges = np.arange(bins) / bins
        below.bar(edges, counts, width=0.9 / bins, align="edge", color=BLUE)
        below.set(xlim=(0, 1.02), xlabel="probability that the model gives", ylabel="texts")
        below.set_title("How sure it is")
    gap = float((counts[filled] * np.abs(accuracy - mean_score)).sum() / len(scores))
    return Picture(
        "Reliability",
        figure,
        f"Reliability: accuracy differs from probability by {gap:.3f} on average over {bins} bins.",
        "A point on the dashed line means that probabilities can be taken at their word; below it the model "
        "is too sure, above it too modest. Bars are 95% intervals and are wide where texts are few.",
    )


def risk_coverage_picture(judged: Sequence[Judgement], abstention: Abstention | None) -> Picture | None:
    """Error against the share of texts answered; None where rows have no probability."""
    curve = risk_coverage(judged)
    if curve is None:
        return None
    coverage, risk = curve
    with canvas() as (figure, (axes,)):
        axes.plot(100 * coverage, 100 * risk, color=BLUE)
        if abstention is not None and abstention.coverage.value > 0:
            at = 100 * abstention.coverage.value
            axes.plot([at], [100 * (1 - abstention.accuracy.value)], "o", color=ORANGE)
            axes.annotate(
                f"unsure below {abstention.below:g}",
                (at, 100 * (1 - abstention.accuracy.value)),
                xytext=(-8, 8),
                textcoords="offset points",
                ha="right",
                color=ORANGE,
            )
        axes.set(xlim=(0, 101), xlabel="texts answered, the surest first (%)", ylabel="of those, wrong (%)")
        axes.set_ylim(bottom=0)
    half = float(np.interp(0.5, coverage, risk))
    return Picture(
        "Risk and coverage",
        figure,
        f"The surest half of the texts has {half:.1%} errors; all of them have {risk[-1]:.1%}.",
        "If only the surest texts are answered, and the rest go to a person, this is the share of errors "
        "that is left. A curve that rises from left to right means that the probabilities are of use.",
    )


def slices_picture(slices: Sequence[Slice], title: str, metric: str, meaning: str) -> Picture | None:
    """A figure with its interval for each slice; None where there are fewer than two."""
    shown = list(slices[:MOST_LABELS])
    if len(shown) < 2:
        return None
    values = np.asarray([each.figure.value for each in shown])
    low = np.asarray([each.figure.low for each in shown])
    high = np.asarray([each.figure.high for each in shown])
    rows = np.arange(len(shown))
    with canvas(6.4, 1.1 + 0.36 * len(shown)) as (figure, (axes,)):
        axes.hlines(rows, low, high, color=LIGHT, linewidth=5)
        axes.plot(values, rows, "o", color=BLUE)
        axes.set_yticks(rows, [f"{shorten(each.name, 24)}  ({each.n:,})" for each in shown])
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_xlabel(f"{metric}, with 95% intervals")
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", color=FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
        if np.nanmin(np.append(low, values)) >= 0 and np.nanmax(np.append(high, values)) <= 1:
            axes.set_xlim(-0.02, 1.02)
    listed = "; ".join(f"{each.name} {each.figure.value:.3f}" for each in shown)
    more = f" The {len(slices) - len(shown)} rarest are left out." if len(slices) > len(shown) else ""
    return Picture(title, figure, f"{metric}: {listed}.", meaning + more)
