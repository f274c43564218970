"""Is B better than A on the same examples? Paired bootstrap and McNemar's test."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bertolt.errors import InputError
from bertolt.metrics.intervals import number, percentiles, resampled_weights
from bertolt.metrics.statistic import Statistic, class_array, same_shape

_EXACT_UNDER = 25


@dataclass(frozen=True, slots=True)
class Difference:
    """What B has more than A, with the 95% interval of the difference.

    Args:
        value: B's figure less A's; NaN where either is undefined.
        low: the interval's lower end; above 0 where B is higher beyond chance.
        high: its upper end; below 0 where B is lower beyond chance.
    """

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float | None]:
        """The three numbers, None for NaN, which JSON does not have."""
        return {"value": number(self.value), "low": number(self.low), "high": number(self.high)}


def paired(
    statistic_a: Statistic, statistic_b: Statistic, n: int, *, seed: int = 0, resamples: int = 1000
) -> Difference:
    """B less A on the same examples, with a 95% interval from the same resamples for both.

    The paired percentile bootstrap (Efron & Tibshirani 1993, chapter 13; for comparing systems
    Koehn 2004). Undefined resamples count as in `bertolt.metrics.intervals.estimate`.

    Args:
        statistic_a: the metric of A's predictions.
        statistic_b: the metric of B's predictions for the same n examples in the same order.
        n: how many examples there are.
        seed: of the draws.
        resamples: how many there are.

    Raises:
        InputError: where there are no examples or no resamples.
    """
    chunks = resampled_weights(n, seed=seed, resamples=resamples)
    differences = np.concatenate([statistic_b(weights) - statistic_a(weights) for weights in chunks])
    every = np.ones((1, n))
    value = float(statistic_b(every)[0] - statistic_a(every)[0])
    return Difference(value, *percentiles(differences, n))


def mcnemar(correct_a: ArrayLike, correct_b: ArrayLike) -> float:
    """The two-sided p-value that A and B are right equally often (McNemar 1947).

    Under 25 examples that only one of them gets right: the exact binomial test; from 25 on:
    chi-square with one degree of freedom and Edwards' (1948) continuity correction. Without such
    an example p is 1.

    Args:
        correct_a: whether A is right, shape (n,) of bool.
        correct_b: whether B is right on the same examples, shape (n,) of bool.

    Raises:
        InputError: where they are not two yes-or-no vectors of one length, or are empty.
    """
    a = class_array("A's correctness", correct_a, 2)
    b = class_array("B's correctness", correct_b, 2)
    same_shape("A's correctness", a, "B's correctness", b)
    if not a.size:
        raise InputError("at least one example to compare on", "none", "pass data with labelled rows")
    only_a, only_b = int((a > b).sum()), int((b > a).sum())
    discordant = only_a + only_b
    if discordant < _EXACT_UNDER:
        tail = sum(math.comb(discordant, i) for i in range(min(only_a, only_b) + 1))
        return float(min(1.0, 2.0 * tail / 2**discordant))
    chi_square = max(abs(only_a - only_b) - 1, 0) ** 2 / discordant
    return math.erfc(math.sqrt(chi_square / 2))
