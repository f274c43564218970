"""Rows on their own: costs against a recomputed metric, and how values are shown."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score, matthews_corrcoef

from bertolt.evaluation.judging import Judgement, row_costs, row_values, said, show, worst
from bertolt.metrics import classification
from bertolt.results import Labels, TaggedWord, Tags

GOLD = np.asarray([0, 1, 1, 2, 0, 2, 1])
PREDICTED = np.asarray([0, 1, 2, 2, 1, 2, 0])


def judgement(
    score: float | None = 0.5, *, right: bool | None = False, cost: float = 0.1, line: int = 1
) -> Judgement:
    return Judgement(line, ("text",), "a", "b", score, right, 3, False, cost)


def test_the_cost_of_a_row_is_the_metric_without_it() -> None:
    costs = row_costs(classification.matthews(GOLD, PREDICTED, classes=3), 7)
    whole = matthews_corrcoef(GOLD, PREDICTED)
    without = [matthews_corrcoef(np.delete(GOLD, i), np.delete(PREDICTED, i)) for i in range(7)]
    assert costs == pytest.approx(np.asarray(without) - whole)


def test_wrong_rows_cost_and_right_ones_do_not() -> None:
    costs = row_costs(classification.macro_f1(GOLD, PREDICTED, classes=3), 7)
    whole = f1_score(GOLD, PREDICTED, average="macro")
    assert costs[2] == pytest.approx(
        f1_score(np.delete(GOLD, 2), np.delete(PREDICTED, 2), average="macro") - whole
    )
    assert (costs > 0).tolist() == (GOLD != PREDICTED).tolist()


def test_a_single_row_costs_nothing_where_the_metric_is_then_undefined() -> None:
    assert row_costs(classification.log_loss([0], [[0.5, 0.5]]), 1).tolist() == [0.0]


def test_row_values_are_of_each_row_alone() -> None:
    assert row_values(classification.accuracy(GOLD, PREDICTED, classes=3), 7).tolist() == [
        1,
        1,
        0,
        1,
        0,
        1,
        0,
    ]


def test_worst_rows_come_costliest_first_and_surest_before_equals() -> None:
    rows = [
        judgement(0.6, line=1), judgement(0.9, line=2), judgement(cost=0.5, line=3),
        judgement(cost=0.0, line=4), judgement(cost=-0.1, line=5), judgement(cost=0.7, right=True, line=6),
    ]  # fmt: skip
    assert [row.line for row in worst(rows)] == [3, 2, 1]
    assert [row.line for row in worst(rows, 1)] == [3]


def test_values_are_shown_as_a_person_reads_them() -> None:
    assert show("a") == "a"
    assert show(2.50) == "2.5"
    assert show(("a", "b")) == "a, b"
    assert show(()) == "[]"
    assert show({"text": "cold", "start": 3}) == "cold"
    assert show([{"text": "cold", "start": 3}, {"text": "cool", "start": 9}]) == "cold; cool"
    assert show({"x": 1, "y": None}) == "x 1"


def test_a_result_is_shown_by_its_kind() -> None:
    read = {"truncated": False, "tokens": 2, "tokens_read": 2}
    assert said(Labels(label="a", score=0.9, scores={"a": 0.9, "b": 0.1}, **read)) == "a"
    words = tuple(TaggedWord(text="x", start=i, end=i + 1, tag=tag, score=1.0) for i, tag in enumerate("AB"))
    assert said(Tags(words=words, entities=None, **read)) == "A, B"
