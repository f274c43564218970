from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from sklearn import metrics as reference

from bertolt.errors import InputError
from bertolt.metrics import classification
from bertolt.metrics.calibration import softmax
from bertolt.metrics.statistic import Statistic

K = 4
Case = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _case(seed: int, n: int = 60) -> Case:
    """Gold, predicted, probabilities and three rows of weights: ones, counts with zeros, fractions."""
    random = np.random.default_rng(seed)
    gold = random.integers(0, K, n)
    probabilities = softmax(random.standard_normal((n, K)) + 1.5 * np.eye(K)[gold])
    counts = random.multinomial(n, np.full(n, 1 / n)).astype(float)
    return gold, probabilities.argmax(axis=1), probabilities, np.stack([np.ones(n), counts, random.random(n)])


def _check(statistic: Statistic, expected: Callable[[np.ndarray], float], weights: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = [expected(row) for row in weights]
    assert statistic(weights) == pytest.approx(np.array(values), abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_label_metrics_equal_scikit_learn_with_and_without_weights(seed: int) -> None:
    gold, predicted, _, weights = _case(seed)
    _check(
        classification.accuracy(gold, predicted, classes=K),
        lambda w: reference.accuracy_score(gold, predicted, sample_weight=w),
        weights,
    )
    _check(
        classification.macro_f1(gold, predicted, classes=K),
        lambda w: reference.f1_score(
            gold, predicted, sample_weight=w, average="macro", labels=range(K), zero_division=0
        ),
        weights,
    )
    _check(
        classification.matthews(gold, predicted, classes=K),
        lambda w: reference.matthews_corrcoef(gold, predicted, sample_weight=w),
        weights,
    )
    _check(
        classification.f1(gold, predicted, classes=K, positive=2),
        lambda w: reference.f1_score(gold == 2, predicted == 2, sample_weight=w, zero_division=0),
        weights,
    )


@pytest.mark.parametrize("seed", range(4))
def test_probability_metrics_equal_scikit_learn_with_and_without_weights(seed: int) -> None:
    gold, _, probabilities, weights = _case(seed)
    _check(
        classification.log_loss(gold, probabilities),
        lambda w: reference.log_loss(gold, probabilities, sample_weight=w, labels=range(K)),
        weights,
    )
    _check(
        classification.brier(gold, probabilities),
        lambda w: reference.brier_score_loss(
            gold, probabilities, sample_weight=w, labels=range(K), scale_by_half=False
        ),
        weights,
    )


def test_macro_f1_counts_a_class_that_nobody_names_as_0() -> None:
    weights = np.ones((1, 4))
    gold, predicted = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])
    both = (2 / 3 + 4 / 5) / 2
    assert classification.macro_f1(gold, predicted, classes=2)(weights) == pytest.approx([both])
    assert classification.macro_f1(gold, predicted, classes=3)(weights) == pytest.approx([both * 2 / 3])


def test_matthews_of_two_classes_by_hand() -> None:
    gold = np.array([1] * 6 + [0] * 4)
    predicted = np.array([1] * 5 + [0] + [0] * 3 + [1])  # tp 5, fn 1, tn 3, fp 1
    expected = (5 * 3 - 1 * 1) / np.sqrt(6 * 6 * 4 * 4)
    assert classification.matthews(gold, predicted, classes=2)(np.ones((1, 10))) == pytest.approx([expected])


def test_matthews_is_0_where_a_resample_has_one_class() -> None:
    statistic = classification.matthews(np.array([0, 0, 1]), np.array([0, 1, 1]), classes=2)
    assert statistic(np.array([[2.0, 1.0, 0.0], [0.1, 0.7, 0.0], [0.0, 0.0, 3.0]])).tolist() == [
        0.0,
        0.0,
        0.0,
    ]


def test_f1_is_0_where_the_class_is_absent() -> None:
    assert classification.f1([0, 0], [0, 0])(np.ones((1, 2))).tolist() == [0.0]


def test_log_loss_of_a_probability_of_0_is_finite() -> None:
    value = classification.log_loss([0], [[0.0, 1.0]])(np.ones((1, 1)))
    assert value == pytest.approx([-np.log(1e-15)])


def test_brier_by_hand_is_the_sum_over_both_classes() -> None:
    value = classification.brier([1, 0], [[0.3, 0.7], [0.6, 0.4]])(np.ones((1, 2)))
    assert value == pytest.approx([(2 * 0.3**2 + 2 * 0.4**2) / 2])


def test_metrics_leave_their_input_as_it_is() -> None:
    probabilities = np.array([[0.25, 0.75]])
    classification.brier([1], probabilities)
    assert probabilities.tolist() == [[0.25, 0.75]]


def test_ece_by_hand_with_weights() -> None:
    gold = np.array([0, 0, 1, 0])
    top = np.array([0.95, 0.97, 0.96, 0.7])
    probabilities = np.stack([top, 1 - top], axis=1)
    weights = np.array([[1.0, 1.0, 1.0, 1.0], [0.0, 2.0, 1.0, 1.0]])
    plain = (3 * abs(2 / 3 - (0.95 + 0.97 + 0.96) / 3) + abs(1 - 0.7)) / 4
    weighted = (3 * abs(2 / 3 - (2 * 0.97 + 0.96) / 3) + abs(1 - 0.7)) / 4
    assert classification.ece(gold, probabilities)(weights) == pytest.approx([plain, weighted])


def test_ece_equals_the_loop_over_half_open_bins_of_the_paper() -> None:
    gold, predicted, probabilities, weights = _case(9, n=500)
    confidence, right = probabilities.max(axis=1), predicted == gold
    for row, found in zip(weights, classification.ece(gold, probabilities)(weights), strict=True):
        expected = 0.0
        for m in range(15):
            inside = (confidence > m / 15) & (confidence <= (m + 1) / 15)
            if row[inside].sum():
                gap = np.average(right[inside], weights=row[inside]) - np.average(
                    confidence[inside], weights=row[inside]
                )
                expected += row[inside].sum() / row.sum() * abs(gap)
        assert found == pytest.approx(expected, abs=1e-12)


def test_confusion_has_gold_in_rows() -> None:
    found = classification.confusion([0, 0, 1, 2], [0, 1, 1, 0], 3)
    assert found.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]


def test_wrong_input_is_told_in_one_message() -> None:
    with pytest.raises(InputError, match=r"predicted in 0\.\.1"):
        classification.accuracy([0, 1], [0, 2], classes=2)
    with pytest.raises(InputError, match="one shape"):
        classification.accuracy([0, 1], [0], classes=2)
    with pytest.raises(InputError, match="whole numbers"):
        classification.accuracy([0.5, 1.0], [0, 1], classes=2)
    with pytest.raises(InputError, match="sum to 1"):
        classification.brier([0, 1], [[0.5, 0.5], [2.0, 1.0]])
    with pytest.raises(InputError, match="as many rows of probabilities"):
        classification.log_loss([0], [[0.5, 0.5], [0.5, 0.5]])
    with pytest.raises(InputError, match="finite probabilities"):
        classification.ece([0], [[np.nan, 1.0]])
