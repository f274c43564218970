"""Metrics of one label out of K. All are fractions, not percent."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bertolt.errors import InputError
from bertolt.metrics.statistic import (
    FloatArray,
    IntArray,
    Statistic,
    class_array,
    divide,
    group_sums,
    mean,
    ratio,
    real_array,
    same_length,
    same_shape,
)

_LEAST_PROBABILITY = 1e-15


def accuracy(gold: ArrayLike, predicted: ArrayLike, *, classes: int) -> Statistic:
    """The share of examples whose label is right.

    Args:
        gold: class numbers, shape (n,).
        predicted: class numbers, shape (n,).
        classes: K, how many classes there are.

    Raises:
        InputError: where a shape or a class number is wrong.
    """
    labels, guesses = _labels(gold, predicted, classes)
    return mean(labels == guesses)


def macro_f1(gold: ArrayLike, predicted: ArrayLike, *, classes: int) -> Statistic:
    """F1 per class, then the mean over all K classes (van Rijsbergen 1979, chapter 7).

    As scikit-learn's ``f1_score(average="macro", labels=range(K), zero_division=0)``: a class that
    is neither in gold nor in the predictions, of the resample too, counts as 0.

    Args:
        gold: class numbers, shape (n,).
        predicted: class numbers, shape (n,).
        classes: K, how many classes there are.

    Raises:
        InputError: where a shape or a class number is wrong.
    """
    counts = _Counts(*_labels(gold, predicted, classes), classes)

    def statistic(weights: FloatArray) -> FloatArray:
        hits, in_gold, in_predicted = counts(weights)
        return np.asarray(divide(2 * hits, in_gold + in_predicted, 0.0).mean(axis=1))

    return statistic


def matthews(gold: ArrayLike, predicted: ArrayLike, *, classes: int) -> Statistic:
    """Matthews correlation (Matthews 1975) in its form for K classes (Gorodkin 2004).

    0 where gold or the predictions of a resample are all of one class, as in scikit-learn.

    Args:
        gold: class numbers, shape (n,).
        predicted: class numbers, shape (n,).
        classes: K, how many classes there are.

    Raises:
        InputError: where a shape or a class number is wrong.
    """
    counts = _Counts(*_labels(gold, predicted, classes), classes)

    def statistic(weights: FloatArray) -> FloatArray:
        hits, in_gold, in_predicted = counts(weights)
        total = in_gold.sum(axis=1)
        covariance = hits.sum(axis=1) * total - (in_gold * in_predicted).sum(axis=1)
        spread_gold = total**2 - (in_gold**2).sum(axis=1)
        spread_predicted = total**2 - (in_predicted**2).sum(axis=1)
        return divide(covariance, np.sqrt(spread_gold * spread_predicted), 0.0)

    return statistic


def f1(gold: ArrayLike, predicted: ArrayLike, *, classes: int = 2, positive: int = 1) -> Statistic:
    """F1 of one class against the rest (van Rijsbergen 1979, chapter 7).

    0 where the class is neither in gold nor in the predictions of a resample.

    Args:
        gold: class numbers, shape (n,).
        predicted: class numbers, shape (n,).
        classes: K, how many classes there are.
        positive: the class.

    Raises:
        InputError: where a shape or a class number is wrong.
    """
    labels, guesses = _labels(gold, predicted, classes)
    class_array("the positive class", [positive], classes)
    is_gold, is_predicted = labels == positive, guesses == positive
    return ratio(2 * (is_gold & is_predicted), is_gold.astype(np.int64) + is_predicted, undefined=0.0)


def log_loss(gold: ArrayLike, probabilities: ArrayLike) -> Statistic:
    """The mean of -log p(gold label), natural logarithm, p not below 1e-15 (Good 1952).

    Args:
        gold: class numbers, shape (n,).
        probabilities: shape (n, K).

    Raises:
        InputError: where a shape, a class number or a probability is wrong.
    """
    labels, table = _scored(gold, probabilities)
    of_gold = table[np.arange(len(labels)), labels]
    return mean(-np.log(np.clip(of_gold, _LEAST_PROBABILITY, 1.0)))


def brier(gold: ArrayLike, probabilities: ArrayLike) -> Statistic:
    """Squared error of the probabilities, summed over the K classes, mean over examples.

    The form of Brier (1950), 0 to 2: for two classes twice the one that looks at the positive
    class only.

    Args:
        gold: class numbers, shape (n,).
        probabilities: shape (n, K).

    Raises:
        InputError: where a shape, a class number or a probability is wrong.
    """
    labels, table = _scored(gold, probabilities)
    table[np.arange(len(labels)), labels] -= 1.0
    return mean((table**2).sum(axis=1))


def ece(gold: ArrayLike, probabilities: ArrayLike, *, bins: int = 15) -> Statistic:
    """Expected calibration error (Guo et al. 2017, On Calibration of Modern Neural Networks, eq. 3).

    Equal-width bins (l, u] of the top probability; the mean, weighted by the bins' examples, of
    |accuracy - confidence|. It is biased upwards where bins hold few examples, and a resample's
    more so than the data's: its interval lies a little high.

    Args:
        gold: class numbers, shape (n,).
        probabilities: shape (n, K); the predicted label is the most probable one.
        bins: how many there are.

    Raises:
        InputError: where a shape, a class number or a probability is wrong.
    """
    labels, scores = _scored(gold, probabilities)
    confidence = scores.max(axis=1)
    gap = (scores.argmax(axis=1) == labels) - confidence
    places = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    table = np.zeros((len(labels), bins))
    table[np.arange(len(labels)), places] = gap

    def statistic(weights: FloatArray) -> FloatArray:
        return divide(np.abs(weights @ table).sum(axis=1), weights.sum(axis=1), np.nan)

    return statistic


def confusion(gold: ArrayLike, predicted: ArrayLike, classes: int) -> IntArray:
    """How often each gold label (row) got each predicted one (column), shape (K, K).

    Args:
        gold: class numbers, shape (n,).
        predicted: class numbers, shape (n,).
        classes: K, how many classes there are.

    Raises:
        InputError: where a shape or a class number is wrong.
    """
    labels, guesses = _labels(gold, predicted, classes)
    return np.bincount(labels * classes + guesses, minlength=classes**2).reshape(classes, classes)


class _Counts:
    """Per class: right predictions, gold labels and predictions, each of shape (R, K)."""

    def __init__(self, gold: IntArray, predicted: IntArray, classes: int) -> None:
        hits = np.where(gold == predicted, gold, -1)
        groups = np.stack([hits, gold + classes, predicted + 2 * classes], axis=1)
        self._sums = group_sums(groups, 3 * classes)

    def __call__(self, weights: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        hits, in_gold, in_predicted = np.split(self._sums(weights), 3, axis=1)
        return hits, in_gold, in_predicted


def _labels(gold: ArrayLike, predicted: ArrayLike, classes: int) -> tuple[IntArray, IntArray]:
    gold_array = class_array("gold", gold, classes)
    predicted_array = class_array("predicted", predicted, classes)
    same_shape("gold", gold_array, "predicted", predicted_array)
    return gold_array, predicted_array


def _scored(gold: ArrayLike, probabilities: ArrayLike) -> tuple[IntArray, FloatArray]:
    table = real_array("probabilities", probabilities, 2)
    labels = class_array("gold", gold, table.shape[1])
    same_length("gold labels", len(labels), "rows of probabilities", len(table))
    # Single precision sums to 1 within 1e-5 or so; more than that is logits or a lost column.
    if table.size and (table.min() < 0 or np.abs(table.sum(axis=1) - 1).max() > 1e-3):
        row = int(np.argmax((table.min(axis=1) < 0) | (np.abs(table.sum(axis=1) - 1) > 1e-3)))
        raise InputError("probabilities that sum to 1", f"{table[row]} in row {row}", "apply softmax first")
    return labels, table
