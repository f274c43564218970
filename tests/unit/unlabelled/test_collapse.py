"""A collapse is noticed by what is said of the pool, and each one makes training more careful."""

from __future__ import annotations

import json

import pytest
import torch

from bertolt.unlabelled.collapse import CollapseStats, RollbackPolicy

LABELS = ("bad", "good")
EQUAL = (0.5, 0.5)


def _stats(rows: list[list[float]]) -> CollapseStats:
    stats = CollapseStats(LABELS)
    stats.add(torch.tensor(rows))
    return stats


def test_guesses_that_depend_on_their_texts_are_no_collapse() -> None:
    assert _stats([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]]).collapse(EQUAL) is None
    assert CollapseStats(LABELS).collapse(EQUAL) is None


def test_a_lost_class_is_named_with_its_share() -> None:
    rows = [[0.9, 0.1]] * 19 + [[0.4, 0.6]]
    assert _stats(rows).collapse(EQUAL) == "good is the guess for 5.0% of texts, not for about 50%"
    assert _stats(rows).collapse((0.9, 0.1)) is None  # a class that is rare by its prior is not lost


def test_certainty_of_everything_and_sameness_are_collapses() -> None:
    sure = [[0.99999, 0.00001], [0.00001, 0.99999]]
    assert "entropy" in str(_stats(sure).collapse(EQUAL))
    same = [[0.501, 0.499], [0.499, 0.501]]
    assert _stats(same).collapse(EQUAL) == "guesses are the same for every text"


def test_a_window_goes_on_after_json() -> None:
    whole = _stats([[0.7, 0.3], [0.1, 0.9]])
    part = _stats([[0.7, 0.3]])
    other = CollapseStats(LABELS)
    other.load_state(json.loads(json.dumps(part.state())))
    other.add(torch.tensor([[0.1, 0.9]]))
    assert other.counts.tolist() == whole.counts.tolist()
    assert other.total.tolist() == whole.total.tolist()
    assert other.entropy == pytest.approx(whole.entropy)
    whole.clear()
    assert whole.counts.tolist() == [0, 0]


def test_caution_grows_until_the_unlabelled_loss_is_off() -> None:
    policy = RollbackPolicy(2)
    factors = [policy.factor]
    told = []
    for _ in range(3):
        told.append(policy.roll_back())
        factors.append(policy.factor)
    assert factors == [1.0, 0.5, 0.25, 0.0]
    assert "switched off" in told[-1]
    assert "0.25" in told[1]
