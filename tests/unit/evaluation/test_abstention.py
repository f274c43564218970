"""Abstention and slices, counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bertolt.evaluation.abstention import abstain_at, risk_coverage
from bertolt.evaluation.evaluate import Evaluation
from bertolt.evaluation.judging import Judgement
from bertolt.evaluation.slices import by_class, by_length
from bertolt.metrics.statistic import mean


def rows(*given: tuple[float | None, bool | None], tokens: int = 3) -> list[Judgement]:
    return [
        Judgement(line, ("text",), "a", "b", score, right, tokens, False, 0.0)
        for line, (score, right) in enumerate(given, 1)
    ]


FIVE = rows((0.9, True), (0.8, False), (0.7, True), (0.6, True), (0.5, False))


def test_coverage_and_accuracy_at_a_probability() -> None:
    found = abstain_at(FIVE, 0.7)  # 0.7 itself is answered
    assert found is not None
    assert found.coverage.value == pytest.approx(3 / 5)
    assert found.accuracy.value == pytest.approx(2 / 3)
    assert found.accuracy_all.value == pytest.approx(3 / 5)
    assert found.coverage.low < 3 / 5 < found.coverage.high


def test_no_row_answered_has_no_accuracy() -> None:
    found = abstain_at(FIVE, 0.95)
    assert found is not None
    assert found.coverage.value == 0
    assert math.isnan(found.accuracy.value)
    assert found.to_dict()["accuracy"]["value"] is None


def test_rows_without_a_score_have_no_abstention() -> None:
    assert abstain_at(rows((None, True)), 0.5) is None
    assert abstain_at(rows((0.5, None)), 0.5) is None
    assert risk_coverage([]) is None


def test_the_curve_answers_rows_of_equal_score_together() -> None:
    curve = risk_coverage(rows((0.9, True), (0.8, False), (0.8, True), (0.5, False)))
    assert curve is not None
    assert curve[0].tolist() == [1 / 4, 3 / 4, 1.0]
    assert curve[1].tolist() == pytest.approx([0.0, 1 / 3, 2 / 4])


def test_classes_have_the_share_of_their_rows_that_is_right() -> None:
    found = by_class(FIVE, ["x", "y", "x", "x", None])
    assert [(each.name, each.n, each.figure.value) for each in found] == [("x", 3, 1.0), ("y", 1, 0.0)]


def evaluation(right: list[bool], tokens: list[int]) -> tuple[Evaluation, list[Judgement]]:
    judged = [
        Judgement(0, ("t",), "a", "a", 0.9, ok, length, False, 0.0)
        for ok, length in zip(right, tokens, strict=True)
    ]
    return Evaluation({}, {"accuracy": mean(right)}, judged, judged, 1.0), judged


def test_lengths_are_grouped_at_powers_of_two() -> None:
    right = [True] * 10 + [False] * 4 + [True] * 6 + [False] * 10
    found = by_length(*evaluation(right, [8] * 10 + [9] * 10 + [5000] * 10), "accuracy")
    assert [(each.name, each.n) for each in found] == [
        ("0 to 8 tokens", 10),
        ("9 to 16 tokens", 10),
        ("over 4,096 tokens", 10),
    ]
    assert [each.figure.value for each in found] == pytest.approx([1.0, 0.6, 0.0])


def test_a_group_of_few_rows_joins_its_neighbour() -> None:
    tokens = [4] * 3 + [12] * 20 + [100] * 2
    found = by_length(*evaluation(list(np.asarray(tokens) > 5), tokens), "accuracy")
    assert [(each.name, each.n) for each in found] == [("0 to 128 tokens", 25)]
