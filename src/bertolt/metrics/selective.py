"""Selective prediction: how much can be answered when answers are to be right often enough."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bertolt.metrics.statistic import class_array, real_array, same_length

#: How often an answer is to be right, and the share of rows under which that is not worth having.
RIGHT = 0.75
LEAST_COVERAGE = 0.1


def coverage_at(
    scores: ArrayLike,
    right: ArrayLike,
    rows: int,
    *,
    accuracy: float = RIGHT,
    least: float = LEAST_COVERAGE,
) -> tuple[float, float] | None:
    """The greatest coverage at which the surest answers have an accuracy (Geifman & El-Yaniv 2017).

    On the rows at hand: no guarantee for others, unlike the bound of that paper.

    Args:
        scores: of each answer that may be given, shape (m,); the surest ones are given.
        right: whether each is right, shape (m,).
        rows: how many rows there are in all, answered or not.
        accuracy: that the answers given are to have, 0..1.
        least: the coverage, 0..1, that must be exceeded.

    Returns:
        The coverage, answers given over ``rows``, and the least score that is answered; None where no
        coverage above ``least`` has the accuracy.

    Raises:
        InputError: where a shape or a value is wrong.
    """
    sureness = real_array("scores", scores, 1)
    hits = class_array("right", np.asarray(right, np.int64), 2)
    same_length("answers", len(sureness), "right", len(hits))
    order = np.argsort(-sureness, kind="stable")
    sureness, given = sureness[order], np.arange(1, len(order) + 1)
    # Equal scores are answered together.
    ends = np.append(sureness[1:] != sureness[:-1], True)[: len(order)]
    enough = ends & (np.cumsum(hits[order]) >= accuracy * given) & (given > least * rows)
    if not enough.any():
        return None
    last = int(np.flatnonzero(enough)[-1])
    return float(given[last] / rows), float(sureness[last])
