"""Unsure: only the label changes, and only below the probability."""

from __future__ import annotations

import pytest

from bertolt.errors import SettingError
from bertolt.inference.abstain import abstain, check_abstain
from bertolt.models.spec import ModelSpec
from bertolt.results import Grade, Labels, Tags

READ = {"truncated": False, "tokens": 2, "tokens_read": 2}
RESULT = Labels(label="a", score=0.7, scores={"a": 0.7, "b": 0.3}, **READ)


def test_the_label_is_withheld_below_the_probability_and_kept_at_it() -> None:
    assert abstain(RESULT, 0.7) is RESULT
    withheld = abstain(RESULT, 0.71)
    assert withheld.to_dict() == {**RESULT.to_dict(), "label": "unsure"}


def test_several_labels_are_withheld_together() -> None:
    given = Labels(label="a", score=0.7, scores={"a": 0.7}, passed=("a",), thresholds={"a": 0.5}, **READ)
    withheld = abstain(given, 0.9)
    assert isinstance(withheld, Labels)
    assert (withheld.label, withheld.passed) == ("unsure", ())


def grade(place: int, *, unsure: int | None = 1) -> Grade:
    names = ("bad", "open", "no", "yes")
    return Grade(
        grade=place, name=names[place], probabilities=dict.fromkeys(names, 0.25), judgements={},
        unsure=unsure, **READ,
    )  # fmt: skip


def test_a_grade_becomes_the_one_that_says_that_it_cannot_be_told() -> None:
    assert abstain(grade(3), 0.25) == grade(3)
    assert abstain(grade(3), 0.26) == grade(1)
    assert abstain(grade(2), 0.26) == grade(1)
    assert abstain(grade(0), 0.26) == grade(0)


def test_a_grade_without_such_a_grade_is_refused() -> None:
    with pytest.raises(SettingError, match="grade"):
        abstain(grade(3, unsure=None), 0.5)


def test_a_result_without_a_label_is_refused() -> None:
    with pytest.raises(SettingError, match="tags"):
        abstain(Tags(words=(), entities=None, **READ), 0.5)


@pytest.mark.parametrize(
    ("spec", "below"),
    [
        (ModelSpec(task="t", labels=("a", "b")), 1.5),
        (ModelSpec(task="t", labels=("a", "unsure")), 0.5),
        (ModelSpec(task="t", labels=(), activation="none"), 0.5),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_predicted(spec: ModelSpec, below: float) -> None:
    with pytest.raises(SettingError):
        check_abstain(spec, below)
