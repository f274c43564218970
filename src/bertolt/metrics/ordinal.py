"""Metrics of grades: numbers on an ordered scale."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from bertolt.metrics.statistic import (
    FloatArray,
    IntArray,
    Statistic,
    divide,
    group_sums,
    mean,
    real_array,
    same_shape,
)


def quadratic_weighted_kappa(gold: ArrayLike, predicted: ArrayLike) -> Statistic:
    """Cohen's kappa with squared differences as weights (Cohen 1968).

    1 less the observed squared difference over that of independent grades with the same margins;
    equal to scikit-learn's ``cohen_kappa_score(weights="quadratic")`` on grades one apart. NaN
    where gold and predictions of a resample are all one and the same grade.

    Args:
        gold: grades, shape (n,).
        predicted: grades, shape (n,), rounded to the scale if kappa is to be the usual one.

    Raises:
        InputError: where a shape or a value is wrong.
    """
    a, b = _grades(gold, predicted)
    if a.size:
        # Differences stay; sums of small numbers stay exact for whole or half grades.
        a, b = a - a[0], b - a[0]
    parts = np.stack([np.ones_like(a), a, b, a**2 + b**2, (a - b) ** 2], axis=1)

    def statistic(weights: FloatArray) -> FloatArray:
        total, sum_a, sum_b, squares, observed = (weights @ parts).T
        expected = total * squares - 2 * sum_a * sum_b
        # What rounding leaves of a 0 for grades such as 0.1 is no spread.
        expected = np.where(expected > 1e-12 * total * squares, expected, 0.0)
        return 1.0 - divide(total * observed, expected, np.nan)

    return statistic


def mean_absolute_error(gold: ArrayLike, predicted: ArrayLike) -> Statistic:
    """The mean of |gold - predicted|, in grades (Willmott & Matsuura 2005).

    Args:
        gold: grades, shape (n,).
        predicted: grades, shape (n,).

    Raises:
        InputError: where a shape or a value is wrong.
    """
    a, b = _grades(gold, predicted)
    return mean(np.abs(a - b))


def within_one(gold: ArrayLike, predicted: ArrayLike) -> Statistic:
    """The share of predictions at most one grade off: adjacent agreement (Attali & Burstein 2006).

    Args:
        gold: grades, shape (n,).
        predicted: grades, shape (n,).

    Raises:
        InputError: where a shape or a value is wrong.
    """
    a, b = _grades(gold, predicted)
    return mean(np.abs(a - b) <= 1)


def spearman(gold: ArrayLike, predicted: ArrayLike) -> Statistic:
    """Spearman's rank correlation (Spearman 1904), tied grades at their mean rank.

    An example of weight w counts as w equal ones, in the ranks too, so a resample's value is what
    it would be were it written out. NaN where gold or the predictions of a resample are constant.

    Args:
        gold: grades, shape (n,).
        predicted: grades, shape (n,).

    Raises:
        InputError: where a shape or a value is wrong.
    """
    a, b = _grades(gold, predicted)
    rank_a, rank_b = _centred_ranks(a), _centred_ranks(b)

    def statistic(weights: FloatArray) -> FloatArray:
        (ranks_a, spread_a), (ranks_b, spread_b) = rank_a(weights), rank_b(weights)
        covariance = np.einsum("rn,rn,rn->r", weights, ranks_a, ranks_b)
        # Roots first: the product of two sums of cubes leaves the exact range sooner.
        return divide(covariance, np.sqrt(spread_a) * np.sqrt(spread_b), np.nan)

    return statistic


def _centred_ranks(values: FloatArray) -> Callable[[FloatArray], tuple[FloatArray, FloatArray]]:
    """Weights (R, n) to mean ranks less their mean (R, n), and their weighted sum of squares (R,)."""
    levels, inverse = np.unique(values, return_inverse=True)
    group: IntArray = inverse.astype(np.int64)
    sums = group_sums(group, len(levels))

    def ranks(weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        of_level = sums(weights)
        upto = np.cumsum(of_level, axis=1)
        # The weight below and half the own, less half of all: the mean of all ranks is the middle.
        centred = upto - of_level / 2 - upto[:, -1:] / 2
        return centred[:, group], np.asarray((of_level * centred**2).sum(axis=1))

    return ranks


def _grades(gold: ArrayLike, predicted: ArrayLike) -> tuple[FloatArray, FloatArray]:
    a = real_array("gold", gold, 1)
    b = real_array("predicted", predicted, 1)
    same_shape("gold", a, "predicted", b)
    return a, b
