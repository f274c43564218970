from __future__ import annotations

import numpy as np
import pytest
from scipy import special
from sklearn import metrics as reference

from bertolt.errors import InputError
from bertolt.metrics import calibration


def test_softmax_and_sigmoid_equal_scipy_and_do_not_overflow() -> None:
    logits = np.random.default_rng(0).standard_normal((5, 3)) * 20
    assert calibration.softmax(logits) == pytest.approx(special.softmax(logits, axis=-1))
    assert calibration.log_softmax(logits) == pytest.approx(special.log_softmax(logits, axis=-1))
    assert calibration.sigmoid(logits) == pytest.approx(special.expit(logits))
    with np.errstate(all="raise", under="ignore"):
        assert calibration.softmax([1e4, 0.0]).tolist() == [1.0, 0.0]
        assert calibration.log_softmax([1e4, 0.0]).tolist() == [0.0, -1e4]
        assert calibration.sigmoid([1e4, -1e4, 0.0]).tolist() == [1.0, 0.0, 0.5]


def test_temperature_by_hand_for_two_classes() -> None:
    # Three of four right at a margin of 4: calibrated is p = 3/4, so 4 / T = log 3.
    logits, gold = np.array([[4.0, 0.0]] * 4), np.array([0, 0, 0, 1])
    assert calibration.fit_temperature(logits, gold) == pytest.approx(4 / np.log(3), rel=1e-5)


def test_binary_temperature_by_hand() -> None:
    logits, gold = np.array([[4.0, -4.0], [4.0, -4.0]]), np.array([[1, 0], [1, 1]])
    assert calibration.fit_temperature_binary(logits, gold) == pytest.approx(4 / np.log(3), rel=1e-5)


def test_temperature_of_labels_drawn_from_the_model_is_the_factor_it_was_scaled_by() -> None:
    random = np.random.default_rng(0)
    logits = 2 * random.standard_normal((20_000, 3))
    gold = (logits + random.gumbel(size=logits.shape)).argmax(axis=1)
    assert calibration.fit_temperature(logits * 2.5, gold) == pytest.approx(2.5, rel=0.04)
    yes = random.random(logits.shape) < calibration.sigmoid(logits)
    assert calibration.fit_temperature_binary(logits * 0.4, yes) == pytest.approx(0.4, rel=0.04)


def test_temperature_is_1_where_every_label_is_right() -> None:
    assert calibration.fit_temperature([[3.0, 0.0], [0.0, 3.0]], [0, 1]) == 1.0
    assert calibration.fit_temperature_binary([[3.0, -1.0]], [[1, 0]]) == 1.0


def test_temperature_ends_at_10_where_every_label_is_wrong() -> None:
    assert calibration.fit_temperature([[3.0, 0.0], [0.0, 3.0]], [1, 0]) == pytest.approx(10.0, rel=1e-5)
    assert calibration.fit_temperature_binary([[3.0, -1.0]], [[0, 1]]) == pytest.approx(10.0, rel=1e-5)


def test_thresholds_by_hand() -> None:
    scores = np.array([[0.9], [0.8], [0.4], [0.3], [0.1]])
    gold = np.array([[1], [1], [0], [1], [0]])
    # F1 with the top 1, 2, 3, 4, 5: 2/4, 4/5, 4/6, 6/7, 6/8.
    assert calibration.tune_thresholds(scores, gold, min_support=1) == pytest.approx([0.2])


def test_thresholds_lie_below_the_least_score_where_all_hold() -> None:
    found = calibration.tune_thresholds([[0.9], [0.6]], [[1], [1]], min_support=1)
    assert found == pytest.approx([0.3])


def test_equal_f1_takes_the_threshold_closest_to_one_half() -> None:
    scores = np.array([[0.95], [0.9], [0.5], [0.45], [0.1]])
    gold = np.array([[1], [0], [0], [1], [0]])
    # The top 1 and the top 4 both have F1 2/3, at 0.925 and 0.275.
    assert calibration.tune_thresholds(scores, gold, min_support=1) == pytest.approx([0.275])


def test_threshold_never_parts_equal_scores() -> None:
    scores = np.array([[0.7], [0.7], [0.7], [0.2]])
    gold = np.array([[1], [0], [1], [0]])
    assert calibration.tune_thresholds(scores, gold, min_support=1) == pytest.approx([0.45])


def test_threshold_between_neighbouring_floats_keeps_the_lower_one_out() -> None:
    low = 0.6
    high = np.nextafter(low, 1.0)
    threshold = calibration.tune_thresholds([[high], [low]], [[1], [0]], min_support=1)[0]
    assert low < threshold <= high


def test_rare_labels_share_the_threshold_of_best_micro_f1() -> None:
    random = np.random.default_rng(0)
    gold = random.random((80, 3)) < [0.5, 0.4, 0.05]
    scores = np.clip(0.3 * gold + 0.6 * random.random(gold.shape), 0, 1)
    found = calibration.tune_thresholds(scores, gold, min_support=10)
    assert gold[:, 2].sum() < 10
    grid = np.unique(scores)
    micro = [reference.f1_score(gold, scores >= t, average="micro") for t in grid]
    assert reference.f1_score(gold, scores >= found[2], average="micro") == pytest.approx(max(micro))
    for k in (0, 1):
        own = [reference.f1_score(gold[:, k], scores[:, k] >= t) for t in grid]
        assert reference.f1_score(gold[:, k], scores[:, k] >= found[k]) == pytest.approx(max(own))


def test_without_any_positive_the_threshold_is_one_half() -> None:
    assert calibration.tune_thresholds([[0.2, 0.9]], [[0, 0]]).tolist() == [0.5, 0.5]


def test_no_validation_data_is_an_error() -> None:
    with pytest.raises(InputError, match="validation examples"):
        calibration.fit_temperature(np.zeros((0, 2)), np.zeros(0, int))
    with pytest.raises(InputError, match="validation examples"):
        calibration.fit_temperature_binary(np.zeros((0, 2)), np.zeros((0, 2)))
    with pytest.raises(InputError, match="validation examples"):
        calibration.tune_thresholds(np.zeros((0, 2)), np.zeros((0, 2)))


def test_wrong_numbers_are_errors() -> None:
    with pytest.raises(InputError, match="finite logits"):
        calibration.fit_temperature([[np.inf, 0.0]], [0])
    with pytest.raises(InputError, match=r"probabilities in 0\.\.1"):
        calibration.tune_thresholds([[1.5]], [[1]])
    with pytest.raises(InputError, match="gold of 0 and 1"):
        calibration.fit_temperature_binary([[1.5]], [[2]])
