"""Metrics of K labels that each hold or do not. All are fractions, not percent."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bertolt.metrics.statistic import (
    BoolArray,
    FloatArray,
    Statistic,
    bool_matrix,
    divide,
    group_sums,
    mean,
    ratio,
    real_array,
    same_shape,
)

_LEAST_PROBABILITY = 1e-15


def macro_f1(gold: ArrayLike, predicted: ArrayLike) -> Statistic:
    """F1 per label, then the mean over all K labels (Yang & Liu 1999).

    As scikit-learn's ``f1_score(average="macro", zero_division=0)``: a label that is neither in
    gold nor in the predictions of a resample counts as 0.

    Args:
        gold: whether each label holds, shape (n, K).
        predicted: whether it was predicted, shape (n, K).

    Raises:
        InputError: where a shape or a value is wrong.
    """
    is_gold, is_predicted = _labels(gold, predicted)
    table = np.concatenate([2 * (is_gold & is_predicted), is_gold.astype(np.int64) + is_predicted], axis=1)
    parts = table.astype(np.float64)

    def statistic(weights: FloatArray) -> FloatArray:
        numerator, denominator = np.split(weights @ parts, 2, axis=1)
        return np.asarray(divide(numerator, denominator, 0.0).mean(axis=1))

    return statistic


def micro_f1(gold: ArrayLike, predicted: ArrayLike) -> Statistic:
    """F1 over all pairs of an example and a label (Yang & Liu 1999).

    0 where a resample has no label in gold and none in the predictions, as in scikit-learn.

    Args:
        gold: whether each label holds, shape (n, K).
        predicted: whether it was predicted, shape (n, K).

    Raises:
        InputError: where a shape or a value is wrong.
    """
    is_gold, is_predicted = _labels(gold, predicted)
    hits = (is_gold & is_predicted).sum(axis=1)
    return ratio(2 * hits, is_gold.sum(axis=1) + is_predicted.sum(axis=1), undefined=0.0)


def average_precision(gold: ArrayLike, scores: ArrayLike) -> Statistic:
    """Average precision per label, then the mean over the labels that have a positive.

    Sum of precision times the step in recall, without interpolation, tied scores as one step: as
    scikit-learn's ``average_precision_score`` with ``sample_weight`` (Manning, Raghavan & Schütze
    2008, section 8.4). A label without a positive in a resample is left out of that resample's
    mean; NaN where no label has one.

    Args:
        gold: whether each label holds, shape (n, K).
        scores: higher for more likely, shape (n, K).

    Raises:
        InputError: where a shape or a value is wrong.
    """
    is_gold = bool_matrix("gold", gold)
    table = real_array("scores", scores, 2)
    same_shape("gold", is_gold, "scores", table)
    labels = [_one_label(is_gold[:, k], table[:, k]) for k in np.flatnonzero(is_gold.any(axis=0))]

    def statistic(weights: FloatArray) -> FloatArray:
        values = np.full((len(weights), max(1, len(labels))), np.nan)
        for column, label in enumerate(labels):
            values[:, column] = label(weights)
        defined = ~np.isnan(values)
        sums = np.where(defined, values, 0.0).sum(axis=1)
        return divide(sums, defined.sum(axis=1).astype(np.float64), np.nan)

    return statistic


def log_loss(gold: ArrayLike, probabilities: ArrayLike) -> Statistic:
    """Binary cross-entropy, natural logarithm: the mean over the K labels, then over examples (Good 1952).

    Args:
        gold: whether each label holds, shape (n, K).
        probabilities: that it does, shape (n, K); taken as not below 1e-15, nor above 1 - 1e-15.

    Raises:
        InputError: where a shape or a value is wrong.
    """
    is_gold = bool_matrix("gold", gold)
    table = real_array("probabilities", probabilities, 2)
    same_shape("gold", is_gold, "probabilities", table)
    of_gold = np.where(is_gold, table, 1.0 - table)
    return mean(-np.log(np.clip(of_gold, _LEAST_PROBABILITY, 1.0)).mean(axis=1))


def _one_label(gold: BoolArray, scores: FloatArray) -> Statistic:
    # Recall rises only at a score that a positive has, so precision is needed at those steps alone:
    # an example enters at the highest of them that is not above its own score, or at none.
    steps = np.unique(scores[gold])
    group = len(steps) - np.searchsorted(steps, scores, side="right")
    everyone = np.where(group < len(steps), group, -1)
    size = len(steps)
    sums = group_sums(np.stack([everyone, np.where(gold, group + size, -1)], axis=1), 2 * size)

    def statistic(weights: FloatArray) -> FloatArray:
        of_all, positive = np.split(sums(weights), 2, axis=1)
        precision = divide(np.cumsum(positive, axis=1), np.cumsum(of_all, axis=1), 0.0)
        return divide((positive * precision).sum(axis=1), positive.sum(axis=1), np.nan)

    return statistic


def _labels(gold: ArrayLike, predicted: ArrayLike) -> tuple[BoolArray, BoolArray]:
    is_gold = bool_matrix("gold", gold)
    is_predicted = bool_matrix("predicted", predicted)
    same_shape("gold", is_gold, "predicted", is_predicted)
    return is_gold, is_predicted
