"""Probabilities that mean what they say, and thresholds: both chosen on validation data."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from bertolt.errors import InputError
from bertolt.metrics.statistic import (
    BoolArray,
    FloatArray,
    bool_matrix,
    class_array,
    real_array,
    same_length,
    same_shape,
)

TEMPERATURE_RANGE = (0.1, 10.0)
"""Where a temperature is sought. Published ones lie between about 0.5 and 5."""


def softmax(logits: ArrayLike) -> FloatArray:
    """Probabilities over the last axis, without overflow."""
    return np.exp(log_softmax(logits))


def log_softmax(logits: ArrayLike) -> FloatArray:
    """Log-probabilities over the last axis, without overflow."""
    array = np.asarray(logits, np.float64)
    shifted = array - array.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def sigmoid(logits: ArrayLike) -> FloatArray:
    """The probability of yes for each logit on its own, without overflow."""
    return np.exp(-np.logaddexp(0.0, -np.asarray(logits, np.float64)))


def fit_temperature(logits: ArrayLike, gold: ArrayLike) -> float:
    """The temperature T for which softmax(logits / T) has the least negative log-likelihood.

    Temperature scaling (Guo et al. 2017, On Calibration of Modern Neural Networks, section 4.2).
    The likelihood has one optimum in T, sought in 0.1..10; logits that say less than nothing get
    the upper end. Where every label is right there is none, as T = 0 would be best: T is then 1,
    so that the probabilities stay as they are.

    Args:
        logits: shape (n, K), of validation data.
        gold: class numbers, shape (n,).

    Raises:
        InputError: where a shape, a class number or a logit is wrong, or there are no examples.
    """
    table = real_array("logits", logits, 2)
    labels = class_array("gold", gold, table.shape[1])
    same_length("gold labels", len(labels), "rows of logits", len(table))
    rows = np.arange(len(labels))
    all_right = bool((table[rows, labels] == table.max(axis=1, initial=-np.inf)).all())
    return _least(lambda t: float(-log_softmax(table / t)[rows, labels].mean()), len(labels), all_right)


def fit_temperature_binary(logits: ArrayLike, gold: ArrayLike) -> float:
    """One temperature T for sigmoid(logits / T), least mean binary cross-entropy over all K labels.

    As `fit_temperature`, for outputs that are each yes or no.

    Args:
        logits: shape (n, K), of validation data.
        gold: whether each label holds, shape (n, K).

    Raises:
        InputError: where a shape or a logit is wrong, or there are no examples.
    """
    table = real_array("logits", logits, 2)
    labels = bool_matrix("gold", gold)
    same_shape("gold", labels, "logits", table)
    against = np.where(labels, -table, table)
    all_right = bool((against <= 0).all())
    return _least(lambda t: float(np.logaddexp(0.0, against / t).mean()), labels.size, all_right)


def tune_thresholds(probabilities: ArrayLike, gold: ArrayLike, *, min_support: int = 10) -> FloatArray:
    """For each label the threshold with the best F1; a label holds where p >= threshold.

    Per-label thresholds after Yang 2001 (A study of thresholding strategies, SCut). Candidates lie
    midway between adjacent scores (and between 0 and the least). Labels with fewer than
    ``min_support`` positives share the one threshold with the best micro-F1 over all labels. Among
    equals the one closest to 0.5 is taken; without any positive there is nothing to tune and it
    is 0.5.

    Args:
        probabilities: shape (n, K), of validation data.
        gold: whether each label holds, shape (n, K).
        min_support: positives that a label needs for a threshold of its own.

    Returns:
        Thresholds, shape (K,).

    Raises:
        InputError: where a shape is wrong, a number is no probability, or there are no examples.
    """
    scores = real_array("probabilities", probabilities, 2)
    labels = bool_matrix("gold", gold)
    same_shape("gold", labels, "probabilities", scores)
    if not scores.size:
        raise InputError("validation examples to tune thresholds on", "none", "pass validation data")
    if scores.min() < 0 or scores.max() > 1:
        raise InputError("probabilities in 0..1", f"{scores.min()}..{scores.max()}", "apply sigmoid first")
    rare = labels.sum(axis=0) < min_support
    thresholds = np.empty(scores.shape[1])
    for k in np.flatnonzero(~rare):
        thresholds[k] = _best_threshold(scores[:, k], labels[:, k])
    if rare.any():
        thresholds[rare] = _best_threshold(scores.ravel(), labels.ravel())
    return thresholds


def _best_threshold(scores: FloatArray, labels: BoolArray) -> float:
    if not labels.any():
        return 0.5
    order = np.argsort(-scores)
    scores, labels = scores[order], labels[order]
    below = np.append(scores[1:], 0.0)
    ends = np.flatnonzero(np.append(scores[1:] != scores[:-1], True))
    hits = np.cumsum(labels)[ends]
    # F1 = 2 hits / (predicted + gold); whole numbers make ties exact.
    f1 = 2 * hits / (ends + 1 + labels.sum())
    candidates = below[ends] + (scores[ends] - below[ends]) / 2
    # Between neighbouring floats the midpoint is one of them, and the lower one would let it in.
    candidates = np.where(candidates > below[ends], candidates, scores[ends])
    best = np.flatnonzero(f1 == f1.max())
    return float(candidates[best[np.argmin(np.abs(candidates[best] - 0.5))]])


def _least(loss: Callable[[float], float], size: int, all_right: bool) -> float:
    """The temperature of least loss, sought over its logarithm."""
    if not size:
        raise InputError("validation examples to calibrate on", "none", "pass validation data")
    if all_right:
        return 1.0
    from scipy import optimize  # slow to load, and reading data does not need it

    low, high = np.log(TEMPERATURE_RANGE)
    found = optimize.minimize_scalar(
        lambda log_t: loss(float(np.exp(log_t))),
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-7},
    )
    return float(np.exp(found.x))
