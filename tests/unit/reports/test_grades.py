"""What a report says of grades: the confusion in their order, and when truth can be spoken of."""

from __future__ import annotations

from typing import Any

from bertolt.evaluation.abstention import abstain_at
from bertolt.evaluation.judging import Judgement
from bertolt.reports.grades import grade_confusion, truth_sentence
from bertolt.results import Grade

NAMES = ("not grammatical", "grammatical", "false", "somewhat true", "true")


def grade(**changes: Any) -> Grade:
    values: dict[str, Any] = {
        "grade": 0, "name": NAMES[0], "probabilities": dict.fromkeys(NAMES, 0.2), "judgements": {},
        "unsure": 1, "truncated": False, "tokens": 1, "tokens_read": 1,
    }  # fmt: skip
    return Grade(**{**values, **changes})


def row(gold: str, predicted: str, score: float) -> Judgement:
    return Judgement(
        1, ("text",), gold, predicted, score, gold == predicted, 3, False, 0.0,
        can_withhold=predicted in NAMES[2:],
    )  # fmt: skip


ROWS = [
    row("true", "true", 0.9),
    row("true", "true", 0.8),
    row("false", "true", 0.7),
    row("false", "false", 0.6),
    row("somewhat true", "false", 0.5),
    row("not grammatical", "not grammatical", 0.3),
    row("acceptable", "true", 0.95),
]


def test_confusion_keeps_the_order_of_the_grades() -> None:
    picture = grade_confusion(ROWS, grade())
    assert picture is not None
    (axes,) = picture.figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == list(NAMES)
    assert "4 of 6 rows are right" in picture.alt
    assert "Left out: 1 whose label leaves several grades open." in picture.meaning


def test_the_coverage_of_false_and_true_is_told() -> None:
    # Right so far: 1/1, 2/2, 2/3, 3/4, 3/5, of 6 rows with a grade.
    assert truth_sentence(ROWS, grade()) == (
        "The grades false and true are right three times in four for 66.7% of the texts: where their "
        "probability is at least 0.600."
    )


def test_that_there_is_none_is_told() -> None:
    rows = [row("somewhat true", "true", 0.9)] * 3
    assert truth_sentence(rows, grade()) == (
        "The grades false and true are right three times in four at no coverage above 10%."
    )


def test_where_nothing_can_be_said_nothing_is() -> None:
    assert truth_sentence(ROWS, grade(unsure=None)) is None
    assert truth_sentence([row("not grammatical", "true", 0.9)], grade()) is None


def test_grades_that_are_never_withheld_are_answered() -> None:
    found = abstain_at(ROWS[:6], 0.85)
    assert found is not None
    assert found.coverage.value == 2 / 6  # the surest, and the one that is not grammatical
    assert found.accuracy.value == 1.0
