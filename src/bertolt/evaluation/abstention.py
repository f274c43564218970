"""What it buys to say "unsure": the share of rows that is still answered, and how often that is right."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bertolt.evaluation.judging import Judgement
from bertolt.metrics.intervals import Estimate, estimate
from bertolt.metrics.selective import coverage_at
from bertolt.metrics.statistic import FloatArray, mean, ratio


@dataclass(frozen=True, slots=True)
class Abstention:
    """A model that answers only from a probability on.

    Args:
        below: the probability under which it says "unsure".
        coverage: the share of rows that it answers.
        accuracy: the share of those that are right; NaN where it answers none.
        accuracy_all: the share that is right when it answers all.
    """

    below: float
    coverage: Estimate
    accuracy: Estimate
    accuracy_all: Estimate

    def to_dict(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        return {
            "below": self.below,
            "coverage": self.coverage.to_dict(),
            "accuracy": self.accuracy.to_dict(),
            "accuracy_all": self.accuracy_all.to_dict(),
        }


def scored(judged: Sequence[Judgement]) -> tuple[FloatArray, FloatArray] | None:
    """The rows' scores and whether they are right, each of shape (n,); None where one row lacks either."""
    if not judged or any(row.score is None or row.right is None for row in judged):
        return None
    scores = np.asarray([row.score for row in judged], dtype=np.float64)
    return scores, np.asarray([row.right for row in judged], dtype=np.float64)


def abstain_at(judged: Sequence[Judgement], below: float, *, seed: int = 0) -> Abstention | None:
    """Coverage and accuracy when scores under ``below`` are not answered; None where rows have no score."""
    found = scored(judged)
    if found is None:
        return None
    scores, right = found
    kept = np.asarray([not row.can_withhold for row in judged])
    answered = (kept | (scores >= below)).astype(np.float64)
    figures = estimate(
        {"coverage": mean(answered), "accuracy": ratio(right * answered, answered), "all": mean(right)},
        len(right),
        seed=seed,
    )
    return Abstention(below, figures["coverage"], figures["accuracy"], figures["all"])


def claims_coverage(judged: Sequence[Judgement], names: Collection[str]) -> tuple[float, float] | None:
    """How many rows can be given one of ``names`` so that it is right three times in four.

    Args:
        judged: rows with a score.
        names: the answers that are claims, such as false and true.

    Returns:
        See ``metrics.selective.coverage_at``.
    """
    claims = [row for row in judged if row.predicted in names and row.score is not None]
    scores = np.asarray([row.score for row in claims], dtype=np.float64)
    return coverage_at(scores, np.asarray([bool(row.right) for row in claims]), len(judged))


def risk_coverage(judged: Sequence[Judgement]) -> tuple[FloatArray, FloatArray] | None:
    """The risk-coverage curve (El-Yaniv & Wiener 2010): rows are answered from the surest one on.

    Returns:
        The share answered and the share of those that is wrong, each of shape (m,); rows of equal score are
        answered together. None where rows have no score.
    """
    found = scored(judged)
    if found is None:
        return None
    scores, right = found
    order = np.argsort(-scores, kind="stable")
    wrong = np.cumsum(1.0 - right[order])
    count = np.arange(1, len(right) + 1)
    ends = np.flatnonzero(np.append(scores[order][1:] != scores[order][:-1], True))
    return count[ends] / len(right), wrong[ends] / count[ends]
