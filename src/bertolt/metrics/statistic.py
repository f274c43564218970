"""What a metric is here: a statistic, from the weights of the examples to its value.

A plain value uses a weight of 1 for each example; a bootstrap resample is a row of counts; so
intervals and paired tests are the same machinery for every metric.

Where a resample leaves a metric undefined, the statistic gives the value that the metric's usual
implementation defines (F1, precision, recall and Matthews: 0) or, where there is none, NaN. Each
docstring says which. `bertolt.metrics.intervals` says what becomes of a NaN.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bertolt.errors import InputError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

Statistic = Callable[[FloatArray], FloatArray]
"""Weights of shape (R, n), R resamples of n examples, to values of shape (R,)."""


def divide(numerator: FloatArray, denominator: FloatArray, undefined: float) -> FloatArray:
    """Elementwise quotient, ``undefined`` where the denominator is 0."""
    result = np.full(np.broadcast_shapes(numerator.shape, denominator.shape), undefined)
    np.divide(numerator, denominator, out=result, where=denominator != 0)
    return result


def ratio(numerator: ArrayLike, denominator: ArrayLike, *, undefined: float = float("nan")) -> Statistic:
    """The ratio of two weighted sums over examples.

    Args:
        numerator: each example's share of the numerator, shape (n,).
        denominator: each example's share of the denominator, shape (n,).
        undefined: the value where the denominator is 0.
    """
    parts = np.stack([np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)], axis=1)

    def statistic(weights: FloatArray) -> FloatArray:
        sums = weights @ parts
        return divide(sums[:, 0], sums[:, 1], undefined)

    return statistic


def mean(values: ArrayLike) -> Statistic:
    """The weighted mean of one value per example, shape (n,)."""
    array = np.asarray(values, np.float64)
    return ratio(array, np.ones_like(array))


def group_sums(groups: IntArray, count: int) -> Callable[[FloatArray], FloatArray]:
    """The total weight of each group of examples.

    Args:
        groups: each example's group, 0..count-1, shape (n,), or (n, m) where an example is in m
            groups; a negative number is no group.
        count: how many groups there are.

    Returns:
        A function from weights (R, n) to totals (R, count).
    """
    from scipy import sparse  # a tenth of a second, which reading data does not need

    table = groups.reshape(len(groups), -1)
    example, place = np.nonzero(table >= 0)
    entries = (np.ones(len(example)), (table[example, place], example))
    members = sparse.csr_array(entries, shape=(count, len(table)))

    def totals(weights: FloatArray) -> FloatArray:
        result: FloatArray = (members @ np.ascontiguousarray(weights.T)).T
        return result

    return totals


def class_array(name: str, values: ArrayLike, classes: int) -> IntArray:
    """Checked class numbers, shape (n,).

    Raises:
        InputError: where they are not a vector of whole numbers 0..classes-1.
    """
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iub"):
        raise InputError(f"{name} as whole numbers of shape (n,)", _describe(array), "pass class numbers")
    result = array.astype(np.int64)
    if result.size and (result.min() < 0 or result.max() >= classes):
        wrong = result[(result < 0) | (result >= classes)][0]
        raise InputError(f"{name} in 0..{classes - 1}", f"{wrong}", "check the number of classes")
    return result


def real_array(name: str, values: ArrayLike, dimensions: int) -> FloatArray:
    """Checked finite numbers of the given number of dimensions, as a new float64 array.

    Raises:
        InputError: where the shape is another or a number is not finite.
    """
    array = np.asarray(values)
    if array.ndim != dimensions or (array.size and array.dtype.kind not in "fiub"):
        raise InputError(f"{name} as numbers in {dimensions} dimension(s)", _describe(array), "reshape them")
    result = array.astype(np.float64)
    finite = np.isfinite(result)
    if not finite.all():
        place = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise InputError(f"finite {name}", f"{result[place]} at {place}", "find out why they diverged")
    return result


def bool_matrix(name: str, values: ArrayLike) -> BoolArray:
    """Checked yes-or-no values, shape (n, K): booleans, or the numbers 0 and 1.

    Raises:
        InputError: where they are anything else.
    """
    array = real_array(name, values, 2)
    if not np.isin(array, (0.0, 1.0)).all():
        raise InputError(f"{name} of 0 and 1", "other numbers", "apply the thresholds first")
    return array.astype(np.bool_)


def same_shape(name_a: str, a: NDArray[np.generic], name_b: str, b: NDArray[np.generic]) -> None:
    """Checks that two arrays have one shape.

    Raises:
        InputError: where they do not.
    """
    if a.shape != b.shape:
        raise InputError(
            f"{name_a} and {name_b} of one shape",
            f"{a.shape} and {b.shape}",
            "pass the same examples in both",
        )


def same_length(name_a: str, length_a: int, name_b: str, length_b: int) -> None:
    """Checks that two inputs have one length.

    Raises:
        InputError: where they do not.
    """
    if length_a != length_b:
        raise InputError(
            f"as many {name_b} as {name_a}", f"{length_b} and {length_a}", "pass the same examples in both"
        )


def _describe(array: NDArray[np.generic]) -> str:
    return f"{array.dtype} of shape {array.shape}"
