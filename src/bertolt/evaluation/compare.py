"""Is model B better than model A on the same rows? Paired tests, classes, and the rows that flipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bertolt.errors import InputError
from bertolt.evaluation.evaluate import Evaluation, evaluate_examples
from bertolt.evaluation.judging import Judgement, judge
from bertolt.inference.run import Model
from bertolt.metrics.direction import sign
from bertolt.metrics.intervals import LEAST_EXAMPLES, Estimate, number
from bertolt.metrics.paired import Difference, mcnemar, paired
from bertolt.metrics.statistic import ratio
from bertolt.progress import Progress
from bertolt.wording import counted


@dataclass(frozen=True, slots=True)
class MetricChange:
    """A metric of both models.

    Args:
        a, b: its value on each.
        difference: B less A, from the same resamples.
    """

    a: Estimate
    b: Estimate
    difference: Difference

    def to_dict(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        return {"a": self.a.to_dict(), "b": self.b.to_dict(), "difference": self.difference.to_dict()}


@dataclass(frozen=True, slots=True)
class ClassChange:
    """The share of a class's rows that each model gets right.

    Args:
        name: the class.
        n: its rows.
        a, b: the share that is right, 0..1.
        difference: B less A.
    """

    name: str
    n: int
    a: float
    b: float
    difference: Difference

    def to_dict(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        figures = {"a": number(self.a), "b": number(self.b), "difference": self.difference.to_dict()}
        return {"name": self.name, "n": self.n, **figures}


@dataclass(frozen=True, slots=True)
class Flip:
    """A row on which the models say different things."""

    a: Judgement
    b: Judgement

    def to_dict(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        shared = {"line": self.a.line, "texts": list(self.a.texts), "gold": self.a.gold}
        said = {
            side: {"predicted": row.predicted, "score": row.score, "right": row.right}
            for side, row in (("a", self.a), ("b", self.b))
        }
        return {**shared, **said}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same rows.

    Args:
        n: the rows.
        primary: the metric that decides.
        metrics: every metric, the primary one first.
        mcnemar: p-value of the test that both are right equally often; None where a row is not simply
            right or wrong.
        only_a, only_b: rows that one of them alone gets right; None likewise.
        classes: for tasks with one class a row; else empty.
        flips: the rows on which they differ, those that B loses first, then those that it wins.
    """

    n: int
    primary: str
    metrics: dict[str, MetricChange]
    mcnemar: float | None
    only_a: int | None
    only_b: int | None
    classes: list[ClassChange]
    flips: list[Flip]

    @property
    def verdict(self) -> str:
        """The answer in one sentence."""
        return verdict(self.primary, self.metrics[self.primary].difference, self.n)

    def to_dict(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        return {
            "verdict": self.verdict,
            "n": self.n,
            "primary": self.primary,
            "metrics": {name: change.to_dict() for name, change in self.metrics.items()},
            "mcnemar": {"p": self.mcnemar, "only_a": self.only_a, "only_b": self.only_b},
            "classes": [change.to_dict() for change in self.classes],
            "flips": [flip.to_dict() for flip in self.flips],
        }


def compare_models(
    a: Model, b: Model, examples: Sequence[Any], *, seed: int = 0, progress: Progress | None = None
) -> Comparison:
    """Compares two models of one task.

    Args:
        a, b: the models.
        examples: labelled ones; both models must know their labels.
        seed: of the bootstrap.
        progress: is advanced by 1 for each example and model.

    Raises:
        InputError: the models are for different tasks.
        DataError: there is no example, or one has a label that a model does not know.
    """
    if a.task is not b.task:
        raise InputError(
            "two models for one task",
            f"one for {a.task.name} and one for {b.task.name}",
            "compare models that answer the same question",
        )
    of_a = evaluate_examples(a, examples, seed=seed, progress=progress)
    of_b = evaluate_examples(b, examples, seed=seed, progress=progress)
    judged_a, judged_b = judge(a, of_a), judge(b, of_b)
    right_a, right_b = _right(judged_a), _right(judged_b)
    pairs = list(zip(judged_a, judged_b, strict=True))
    return Comparison(
        n=len(examples),
        primary=of_a.primary,
        metrics=_metric_changes(of_a, of_b, seed),
        mcnemar=None if right_a is None or right_b is None else mcnemar(right_a, right_b),
        only_a=_only(right_a, right_b),
        only_b=_only(right_b, right_a),
        classes=_class_changes(a, examples, right_a, right_b, seed),
        flips=_flips(pairs),
    )


def verdict(metric: str, difference: Difference, n: int) -> str:
    """One sentence: which is better, by how many points (of 0.01), and how sure that is."""
    better = sign(metric)
    low, high = sorted((difference.low * better, difference.high * better))
    value = difference.value * better
    if n < LEAST_EXAMPLES:
        return "no difference can be measured on one row: its chance cannot be told"
    if np.isnan([value, low, high]).any():
        return f"no difference can be measured: {metric} is undefined on these {counted(n, 'row')}"
    interval = "95% interval {:.1f} to {:.1f}"
    if low > 0:
        return (
            f"B is better by {100 * value:.1f} points of {metric}, {interval.format(100 * low, 100 * high)}"
        )
    if high < 0:
        shown = interval.format(-100 * high, -100 * low)
        return f"A is better by {-100 * value:.1f} points of {metric}, {shown}"
    shown = f"B is {abs(100 * value):.1f} points {'better' if value >= 0 else 'worse'}"
    if abs(100 * value) < 0.05:
        shown = "they are equal"
    return (
        f"no difference can be shown on {counted(n, 'row')}: by {metric} {shown}, "
        f"{interval.format(100 * low, 100 * high)}"
    )


def _metric_changes(a: Evaluation, b: Evaluation, seed: int) -> dict[str, MetricChange]:
    shared = [name for name in a.statistics if name in b.statistics]
    n = len(a.examples)
    return {
        name: MetricChange(
            a.metrics[name], b.metrics[name], paired(a.statistics[name], b.statistics[name], n, seed=seed)
        )
        for name in shared
    }


def _right(judged: Sequence[Judgement]) -> list[bool] | None:
    found = [row.right for row in judged if row.right is not None]
    return found if len(found) == len(judged) else None


def _only(first: list[bool] | None, second: list[bool] | None) -> int | None:
    """How many rows the first gets right and the second wrong."""
    if first is None or second is None:
        return None
    return sum(one and not other for one, other in zip(first, second, strict=True))


def _class_changes(
    model: Model, examples: Sequence[Any], a: list[bool] | None, b: list[bool] | None, seed: int
) -> list[ClassChange]:
    classes = [model.task.stratum(example) for example in examples]
    if a is None or b is None or not all(isinstance(name, str) for name in classes):
        return []
    right_a, right_b = np.asarray(a), np.asarray(b)
    found = []
    for name in sorted({str(name) for name in classes}):
        member = np.asarray([each == name for each in classes])
        of_a, of_b = ratio(right_a & member, member), ratio(right_b & member, member)
        every = np.ones((1, len(member)))
        found.append(
            ClassChange(
                name=name,
                n=int(member.sum()),
                a=float(of_a(every)[0]),
                b=float(of_b(every)[0]),
                difference=paired(of_a, of_b, len(member), seed=seed),
            )
        )
    return found


def _flips(pairs: Sequence[tuple[Judgement, Judgement]]) -> list[Flip]:
    flips = [Flip(a, b) for a, b in pairs if a.predicted != b.predicted]

    def order(flip: Flip) -> tuple[int, float]:
        lost, won = flip.a.right is True and flip.b.right is False, flip.b.right is True
        return (0 if lost else 1 if won else 2), -(flip.b.score or 0.0)

    return sorted(flips, key=order)
