from __future__ import annotations

import math

import numpy as np
import pytest

from bertolt.errors import InputError
from bertolt.metrics.intervals import Estimate, estimate, percentiles, resampled_weights
from bertolt.metrics.paired import paired
from bertolt.metrics.statistic import FloatArray, group_sums, mean, ratio


def test_weights_are_counts_of_n_draws_and_chunks_do_not_change_them(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = np.concatenate(list(resampled_weights(7, seed=3, resamples=20)))
    monkeypatch.setattr("bertolt.metrics.intervals._CHUNK", 7 * 3)
    chunks = list(resampled_weights(7, seed=3, resamples=20))
    assert [len(chunk) for chunk in chunks] == [3] * 6 + [2]
    assert np.array_equal(np.concatenate(chunks), whole)
    assert (whole.sum(axis=1) == 7).all()


def test_each_count_has_mean_1_and_the_binomial_variance() -> None:
    counts = np.concatenate(list(resampled_weights(10, seed=0, resamples=20_000)))
    assert counts.mean(axis=0) == pytest.approx(np.ones(10), abs=0.03)
    assert counts.var() == pytest.approx(10 * 0.1 * 0.9, abs=0.01)


def test_interval_of_a_proportion_is_near_the_normal_approximation() -> None:
    correct = np.array([1] * 800 + [0] * 200)
    found = estimate({"accuracy": mean(correct)}, 1000, resamples=4000)["accuracy"]
    half = 1.96 * math.sqrt(0.8 * 0.2 / 1000)
    assert found.value == 0.8
    assert found.low == pytest.approx(0.8 - half, abs=0.002)
    assert found.high == pytest.approx(0.8 + half, abs=0.002)


def test_same_seed_same_interval_another_seed_another() -> None:
    statistics = {"mean": mean(np.arange(50.0))}
    assert estimate(statistics, 50, seed=1) == estimate(statistics, 50, seed=1)
    assert estimate(statistics, 50, seed=1) != estimate(statistics, 50, seed=2)


def test_all_metrics_see_the_same_resamples() -> None:
    seen: dict[str, list[FloatArray]] = {"a": [], "b": []}

    def spy(name: str) -> object:
        def statistic(weights: FloatArray) -> FloatArray:
            seen[name].append(weights.copy())
            return weights[:, 0]

        return statistic

    found = estimate({"a": spy("a"), "b": spy("b")}, 5, resamples=30)  # type: ignore[dict-item]
    assert all(np.array_equal(a, b) for a, b in zip(seen["a"], seen["b"], strict=True))
    assert found["a"] == found["b"]


def test_no_examples_and_no_resamples_are_errors() -> None:
    with pytest.raises(InputError, match="at least one example"):
        estimate({"mean": mean([])}, 0)
    with pytest.raises(InputError, match="at least one resample"):
        estimate({"mean": mean([1.0])}, 1, resamples=0)


def test_percentiles_of_a_known_sample() -> None:
    assert percentiles(np.arange(1001.0), 50) == (25.0, 975.0)


def test_few_undefined_resamples_are_left_out_and_many_leave_no_interval() -> None:
    few = np.append(np.arange(1001.0), [np.nan] * 50)
    assert percentiles(few, 50) == (25.0, 975.0)
    many = np.append(np.arange(1001.0), [np.nan] * 60)
    assert all(math.isnan(end) for end in percentiles(many, 50))


def test_a_split_of_one_example_has_a_value_but_no_interval() -> None:
    split = ratio([1.0, 0.0, 0.0], [1.0, 0.0, 0.0])
    assert estimate({"split": split}, 3)["split"].to_dict() == {"value": 1.0, "low": None, "high": None}


def test_to_dict_of_an_undefined_value_is_none() -> None:
    assert Estimate(math.nan, 0.0, 1.0).to_dict() == {"value": None, "low": 0.0, "high": 1.0}


def test_group_sums_add_up_weights_and_skip_negative_groups() -> None:
    weights = np.array([[1.0, 2.0, 4.0, 8.0], [0.0, 1.0, 0.0, 1.0]])
    assert group_sums(np.array([0, 2, -1, 0]), 3)(weights).tolist() == [[9, 0, 2], [1, 0, 1]]
    both = np.array([[0, 1], [1, -1], [-1, -1], [0, 1]])
    assert group_sums(both, 2)(weights).tolist() == [[9, 11], [1, 2]]


def test_ratio_is_of_weighted_sums_and_undefined_at_0() -> None:
    weights = np.array([[1.0, 1.0], [3.0, 1.0], [0.0, 0.0]])
    assert ratio([1, 0], [2, 2], undefined=-1.0)(weights).tolist() == [0.25, 0.375, -1.0]


def test_one_example_has_no_interval_and_two_have_one() -> None:
    alone = estimate({"accuracy": mean([1.0])}, 1)["accuracy"]
    assert alone.to_dict() == {"value": 1.0, "low": None, "high": None}
    assert not alone.has_interval
    two = estimate({"accuracy": mean([1.0, 0.0])}, 2)["accuracy"]
    assert (two.value, two.low, two.high) == (0.5, 0.0, 1.0)
    assert two.has_interval
    difference = paired(mean([0.0]), mean([1.0]), 1)
    assert difference.to_dict() == {"value": 1.0, "low": None, "high": None}
