"""Estimates with 95% intervals: the percentile bootstrap over examples."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from bertolt.errors import InputError
from bertolt.metrics.statistic import FloatArray, Statistic

_CHUNK = 2**21  # weights in memory at once: 16 MiB
_UNDEFINED_AT_MOST = 0.05
#: Of one example every resample is the same, which says nothing of other examples.
LEAST_EXAMPLES = 2


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95% interval.

    Args:
        value: the metric on the examples themselves; NaN where it is undefined.
        low: the interval's lower end; NaN where there is one example only, or where too few resamples
            define the metric.
        high: its upper end; NaN likewise.
    """

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float | None]:
        """The three numbers, None for NaN, which JSON does not have."""
        return {"value": number(self.value), "low": number(self.low), "high": number(self.high)}

    @property
    def has_interval(self) -> bool:
        """Whether both ends are known."""
        return not (math.isnan(self.low) or math.isnan(self.high))


def estimate(
    statistics: Mapping[str, Statistic], n: int, *, seed: int = 0, resamples: int = 1000
) -> dict[str, Estimate]:
    """Each metric's value and 95% interval.

    The percentile bootstrap (Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter
    13): n examples are drawn with replacement, the same draws for every metric. Resamples that
    leave a metric undefined (NaN) are left out of its percentiles while they are at most 5% of
    all; beyond that, and of one example, the metric has no interval, and low and high are NaN.

    Args:
        statistics: the metrics by name, all over the same n examples.
        n: how many examples there are.
        seed: of the draws.
        resamples: how many there are.

    Raises:
        InputError: where there are no examples or no resamples.
    """
    rows = {name: np.empty(resamples) for name in statistics} if resamples > 0 else {}
    done = 0
    for weights in resampled_weights(n, seed=seed, resamples=resamples):
        for name, statistic in statistics.items():
            rows[name][done : done + len(weights)] = statistic(weights)
        done += len(weights)
    every = np.ones((1, n))
    return {
        name: Estimate(float(statistic(every)[0]), *percentiles(rows[name], n))
        for name, statistic in statistics.items()
    }


def resampled_weights(n: int, *, seed: int, resamples: int) -> Iterator[FloatArray]:
    """Multinomial counts of n draws from n examples, in chunks of shape (rows, n).

    Memory stays bounded: a chunk holds at most 16 MiB of weights, or one row.

    Raises:
        InputError: where there are no examples or no resamples.
    """
    if n < 1:
        raise InputError("at least one example to measure on", "none", "pass data with labelled rows")
    if resamples < 1:
        raise InputError("at least one resample", f"{resamples}", "ask for 1000")
    random = np.random.default_rng(seed)
    rows = max(1, _CHUNK // n)
    for start in range(0, resamples, rows):
        count = min(rows, resamples - start)
        # Counting uniform draws has the multinomial's law and is several times faster than its sampler.
        draws = random.integers(0, n, size=(count, n))
        draws += np.arange(count)[:, None] * n
        yield np.bincount(draws.ravel(), minlength=count * n).reshape(count, n).astype(np.float64)


def percentiles(values: FloatArray, n: int) -> tuple[float, float]:
    """The 2.5th and 97.5th percentile of the defined values of resamples of ``n`` examples.

    NaN where over 5% are undefined, and where there are fewer than two examples.
    """
    undefined = np.isnan(values)
    if n < LEAST_EXAMPLES or undefined.mean() > _UNDEFINED_AT_MOST:
        return math.nan, math.nan
    low, high = np.percentile(values[~undefined], [2.5, 97.5])
    return float(low), float(high)


def number(value: float) -> float | None:
    """The value as JSON can hold it: None for NaN."""
    return None if math.isnan(value) else value
