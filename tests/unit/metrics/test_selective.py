"""How much can be answered when answers are to be right often enough: values by hand."""

from __future__ import annotations

import pytest

from bertolt.errors import InputError
from bertolt.metrics.selective import coverage_at

SCORES = [0.9, 0.8, 0.7, 0.6, 0.5]


def test_it_is_the_greatest_coverage_with_the_accuracy() -> None:
    # Right so far: 1/1, 1/2, 2/3, 3/4, 3/5.
    assert coverage_at(SCORES, [True, False, True, True, False], 10) == (0.4, 0.6)


def test_the_order_of_the_rows_does_not_matter() -> None:
    assert coverage_at(SCORES[::-1], [False, True, True, False, True], 10) == (0.4, 0.6)


def test_equal_scores_are_answered_together() -> None:
    # The three right ones stand beside two wrong ones of the same score: 3/5.
    assert coverage_at([0.9, 0.5, 0.5, 0.5, 0.5], [True, True, True, False, False], 5) == (0.2, 0.9)


def test_coverage_must_be_above_the_least() -> None:
    assert coverage_at([0.9], [True], 10) is None
    assert coverage_at([0.9], [True], 9) == (pytest.approx(1 / 9), 0.9)
    assert coverage_at([0.9], [True], 10, least=0.0) == (0.1, 0.9)


def test_there_may_be_none() -> None:
    assert coverage_at(SCORES, [False] * 5, 5) is None
    assert coverage_at([], [], 5) is None


def test_lengths_must_fit() -> None:
    with pytest.raises(InputError):
        coverage_at(SCORES, [True], 5)
