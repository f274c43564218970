from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from bertolt.errors import InputError
from bertolt.metrics.paired import Difference, mcnemar, paired
from bertolt.metrics.statistic import mean, ratio


def test_difference_is_b_less_a() -> None:
    found = paired(mean([0, 0, 1, 1]), mean([1, 0, 1, 1]), 4)
    assert found.value == 0.25
    assert found.low == 0.0
    assert found.high == 0.75


def test_interval_is_that_of_the_mean_of_the_paired_differences() -> None:
    random = np.random.default_rng(0)
    a = random.random(400)
    b = a + 0.01 + 0.02 * random.standard_normal(400)
    found = paired(mean(a), mean(b), 400, resamples=4000)
    half = 1.96 * (b - a).std() / math.sqrt(400)
    # Unpaired, the interval would be 20 times as wide.
    assert found.low == pytest.approx((b - a).mean() - half, abs=2e-4)
    assert found.high == pytest.approx((b - a).mean() + half, abs=2e-4)


def test_a_system_against_itself_differs_by_nothing() -> None:
    same = mean(np.random.default_rng(0).random(30))
    assert paired(same, same, 30) == Difference(0.0, 0.0, 0.0)


def test_undefined_difference_is_none_in_json() -> None:
    undefined = ratio([0, 0], [0, 0])
    assert paired(undefined, mean([1, 1]), 2).to_dict() == {"value": None, "low": None, "high": None}


def test_no_examples_is_an_error() -> None:
    with pytest.raises(InputError, match="at least one example"):
        paired(mean([]), mean([]), 0)
    with pytest.raises(InputError, match="at least one example"):
        mcnemar(np.zeros(0, bool), np.zeros(0, bool))


def _pair(only_a: int, only_b: int) -> tuple[np.ndarray, np.ndarray]:
    a = np.array([True] * only_a + [False] * only_b + [True] * 5 + [False] * 3)
    b = np.array([False] * only_a + [True] * only_b + [True] * 5 + [False] * 3)
    return a, b


@pytest.mark.parametrize("only_a", [0, 1, 4, 12, 20, 24])
def test_under_25_discordant_is_the_exact_binomial_test(only_a: int) -> None:
    expected = stats.binomtest(only_a, 24, 0.5).pvalue
    assert mcnemar(*_pair(only_a, 24 - only_a)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("only_a", "only_b"), [(25, 0), (20, 15), (40, 60)])
def test_from_25_discordant_is_chi_square_with_continuity_correction(only_a: int, only_b: int) -> None:
    chi_square = (abs(only_a - only_b) - 1) ** 2 / (only_a + only_b)
    assert mcnemar(*_pair(only_a, only_b)) == pytest.approx(stats.chi2.sf(chi_square, 1), rel=1e-10)


def test_by_hand_mcnemar_of_1_against_5() -> None:
    assert mcnemar(*_pair(1, 5)) == 2 * (1 + 6) / 64


def test_balanced_or_no_disagreement_has_p_1() -> None:
    assert mcnemar(*_pair(0, 0)) == 1.0
    assert mcnemar(*_pair(7, 7)) == 1.0
    assert mcnemar(*_pair(30, 30)) == 1.0


def test_different_lengths_are_an_error() -> None:
    with pytest.raises(InputError, match="one shape"):
        mcnemar([True], [True, False])
