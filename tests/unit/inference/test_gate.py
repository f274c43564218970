"""The gate's figures, by hand."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bertolt.data.features import Feature
from bertolt.inference.gate import Judged, agreement, answer, batch_mates, loss, passes
from bertolt.metrics.statistic import mean
from bertolt.models.engine_record import Loss
from bertolt.models.heads import SequenceHead
from bertolt.models.span_head import SpanHead
from bertolt.results import Answers, Grade, Labels


def model(activation: str = "softmax", head: Any = None, thresholds: Any = None) -> Any:
    spec = SimpleNamespace(activation=activation, thresholds=thresholds)
    return SimpleNamespace(spec=spec, task=SimpleNamespace(head=head or SequenceHead()))


def logits(*probabilities: float) -> Any:
    return np.log(np.asarray(probabilities, dtype=np.float32))


def test_the_largest_difference_and_the_flips_that_were_clear() -> None:
    a = [logits(0.6, 0.4), logits(0.501, 0.499), logits(0.9, 0.1)]
    b = [logits(0.4, 0.6), logits(0.499, 0.501), logits(0.8, 0.2)]
    found = agreement(model(), a, b, margin=0.01)
    assert found.rows == 3
    assert found.largest == pytest.approx(0.2)
    assert found.flips == 1  # the second was undecided: 0.501 to 0.499 is less than 0.01


def test_labels_that_each_hold_flip_at_their_threshold() -> None:
    def logit(p: float) -> float:
        return float(np.log(p / (1 - p)))

    a = [np.asarray([logit(0.35), logit(0.7)], dtype=np.float32)]
    b = [np.asarray([logit(0.25), logit(0.6)], dtype=np.float32)]
    assert agreement(model("sigmoid", thresholds=(0.3, 0.5)), a, b, margin=0.01).flips == 1
    assert agreement(model("sigmoid", thresholds=(0.3, 0.5)), a, b, margin=0.06).flips == 0
    assert agreement(model("sigmoid"), a, b, margin=0.01).flips == 0
    assert agreement(model("sigmoid"), a, b, margin=0.01).largest == pytest.approx(0.1, abs=1e-6)


def test_an_end_of_a_span_is_a_choice_among_tokens() -> None:
    a = [np.stack([logits(0.7, 0.2, 0.1), logits(0.1, 0.1, 0.8)], axis=1)]
    b = [np.stack([logits(0.2, 0.7, 0.1), logits(0.1, 0.1, 0.8)], axis=1)]
    found = agreement(model(head=SpanHead()), a, b, margin=0.01)
    assert (found.flips, found.largest) == (1, pytest.approx(0.5))


def test_numbers_that_are_none_never_agree() -> None:
    found = agreement(model(), [logits(0.5, 0.5)], [np.asarray([np.nan, 0.0], dtype=np.float32)], margin=0.1)
    assert found.largest == np.inf


class Leaning:
    """Logits that depend on how many rows share the call."""

    def logits(self, features: Sequence[Feature]) -> list[Any]:
        return [logits(0.5 + 0.01 * len(features), 0.5 - 0.01 * len(features)) for _ in features]


def test_batch_mates_are_found_out() -> None:
    features = [Feature(np.arange(size, dtype=np.int32)) for size in (5, 3, 4)]
    found = batch_mates(model(), Leaning(), features, "int8")
    assert (found.rows, found.margin) == (3, 5e-3)
    assert found.largest == pytest.approx(0.02)  # three rows together against one: 0.53 to 0.51
    assert found.flips == 0


def judgement(right: Sequence[bool], answers: Sequence[str]) -> Judged:
    return Judged(answers, "accuracy", mean([float(each) for each in right]), 1.0)


def test_the_loss_is_paired() -> None:
    before = judgement([True] * 80 + [False] * 20, ["a"] * 100)
    after = judgement([True] * 78 + [False] * 22, ["a"] * 78 + ["b"] * 4 + ["a"] * 18)
    found = loss(before, after)
    assert (found.rows, found.flips, found.flipped) == (100, 4, 0.04)
    assert (found.fp32, found.int8) == (0.8, 0.78)
    assert found.loss == pytest.approx(0.02)
    # Two losses in 100 rows: resamples hold a binomial number of them, of which 95% are 0 to 5.
    assert found.low == pytest.approx(0.0, abs=0.001)
    assert found.high == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize(
    ("high", "flips", "passed"),
    [(0.015, 4, True), (0.0151, 4, False), (0.015, 5, False), (float("nan"), 0, False)],
)
def test_both_limits_count(high: float, flips: int, passed: bool) -> None:
    found = Loss(rows=200, metric="accuracy", fp32=0.8, int8=0.79, loss=0.01, low=0.0, high=high, flips=flips)
    assert passes(found) is passed


def test_an_answer_has_no_figures() -> None:
    read: Any = {"truncated": False, "tokens": 1, "tokens_read": 1}
    assert answer(Labels(label="a", score=0.6, scores={"a": 0.6, "b": 0.4}, **read)) == "a"
    several = Labels(label="b, a", score=0.6, scores={}, passed=("b", "a"), thresholds={}, **read)
    assert answer(several) == {"a", "b"}
    found = Answers(answer="x", score=0.5, start=3, end=4, answers=(), no_answer_score=0.1, **read)
    assert answer(found) == (3, 4)
    assert answer(Grade(grade=2, name="c", probabilities={}, judgements={}, **read)) == 2
