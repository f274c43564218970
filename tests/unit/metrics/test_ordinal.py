from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as reference

from bertolt.errors import InputError
from bertolt.metrics import ordinal

ONE = np.ones((1, 4))


def _case(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    gold = random.integers(0, 5, 60)
    predicted = np.clip(gold + random.integers(-2, 3, 60), 0, 4)
    counts = random.multinomial(60, np.full(60, 1 / 60)).astype(float)
    return gold, predicted, np.stack([np.ones(60), counts, random.random(60)])


@pytest.mark.parametrize("seed", range(4))
def test_kappa_and_error_equal_scikit_learn_with_and_without_weights(seed: int) -> None:
    gold, predicted, weights = _case(seed)
    kappa = [
        reference.cohen_kappa_score(gold, predicted, labels=range(5), weights="quadratic", sample_weight=row)
        for row in weights
    ]
    error = [reference.mean_absolute_error(gold, predicted, sample_weight=row) for row in weights]
    found = ordinal.quadratic_weighted_kappa(gold, predicted)(weights)
    assert found == pytest.approx(np.array(kappa), abs=1e-12)
    assert ordinal.mean_absolute_error(gold, predicted)(weights) == pytest.approx(np.array(error), abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_spearman_equals_scipy_on_the_resample_written_out(seed: int) -> None:
    gold, predicted, weights = _case(seed)
    predicted = predicted + np.round(np.random.default_rng(seed).random(60), 1)
    for row in weights[:2]:
        drawn = np.repeat(np.arange(60), row.astype(int))
        expected = stats.spearmanr(gold[drawn], predicted[drawn]).statistic
        assert ordinal.spearman(gold, predicted)(row[None])[0] == pytest.approx(expected, abs=1e-12)


def test_spearman_does_not_change_when_all_weights_are_scaled() -> None:
    gold, predicted, weights = _case(0)
    statistic = ordinal.spearman(gold, predicted)
    assert statistic(weights * 0.3) == pytest.approx(statistic(weights), abs=1e-12)


def test_by_hand() -> None:
    gold, predicted = [0, 1, 2, 3], [0, 2, 2, 1]
    # Observed (1 + 4) / 4; expected mean((g - p)^2) over all pairs 32 / 16.
    assert ordinal.quadratic_weighted_kappa(gold, predicted)(ONE) == pytest.approx([1 - (5 / 4) / (32 / 16)])
    assert ordinal.mean_absolute_error(gold, predicted)(ONE) == pytest.approx([0.75])
    assert ordinal.within_one(gold, predicted)(ONE) == pytest.approx([0.75])
    assert ordinal.within_one(gold, predicted)(np.array([[1.0, 1.0, 1.0, 3.0]])) == pytest.approx([0.5])
    assert ordinal.spearman([1, 2, 3, 4], [1, 3, 2, 4])(ONE) == pytest.approx([1 - 6 * 2 / (4 * 15)])


def test_constant_grades_leave_kappa_and_spearman_undefined() -> None:
    assert np.isnan(ordinal.quadratic_weighted_kappa([0.1] * 4, [0.1] * 4)(ONE)).all()
    assert np.isnan(ordinal.spearman([3] * 4, [1, 2, 3, 4])(ONE)).all()
    resample = np.array([[0.3, 0.7, 0.0, 0.0]])
    assert np.isnan(ordinal.spearman([3, 3, 1, 2], [1, 2, 3, 4])(resample)).all()
    assert np.isnan(ordinal.quadratic_weighted_kappa([0.7, 0.7, 1, 2], [0.7, 0.7, 3, 4])(resample)).all()


def test_kappa_against_a_constant_is_0() -> None:
    assert ordinal.quadratic_weighted_kappa([0, 1, 2, 3], [2] * 4)(ONE) == pytest.approx([0.0])


def test_wrong_input_is_told_in_one_message() -> None:
    with pytest.raises(InputError, match="one shape"):
        ordinal.spearman([1, 2], [1])
    with pytest.raises(InputError, match="finite predicted"):
        ordinal.mean_absolute_error([1.0], [np.nan])
