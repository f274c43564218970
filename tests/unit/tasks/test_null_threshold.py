"""Question answering: when there is no answer, the results, and the metrics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from bertolt.data.examples import Answer, QuestionExample
from bertolt.metrics.question_answering import exact_match
from bertolt.models.spec import ModelSpec
from bertolt.tasks.answer_spans import AnswerOutput
from bertolt.tasks.question_answering import TASK
from bertolt.tasks.task import typed_settings


def spec_of(**settings: Any) -> ModelSpec:
    typed = typed_settings(TASK, settings)
    return ModelSpec(task=TASK.name, settings=typed.model_dump())


def example_of(question: str, context: str, *answers: tuple[str, int]) -> QuestionExample:
    found = tuple(Answer(text=text, start=start) for text, start in answers)
    return QuestionExample(question=question, context=context, answers=found or None)


def output_of(margin: float, *spans: tuple[int, int]) -> AnswerOutput:
    starts, ends = (np.asarray(part) for part in zip(*spans, strict=True))
    return AnswerOutput(starts, ends, -np.arange(len(spans), dtype=float), margin, 5, 5)


def questions() -> tuple[list[QuestionExample], list[AnswerOutput]]:
    """Two answered rightly, one in half, three impossible; the null score parts them at 0.5 but for one."""
    rows = [
        (example_of("q", "red car", ("red", 0)), output_of(-2.0, (0, 3), (4, 7))),
        (example_of("q", "blue car", ("blue", 0)), output_of(0.5, (0, 4))),
        (example_of("q", "a green car", ("green", 2)), output_of(-1.0, (2, 11))),
        (QuestionExample(question="q", context="no car", answers=()), output_of(0.6, (3, 6))),
        (QuestionExample(question="q", context="my car", answers=()), output_of(3.0, (3, 6))),
        (QuestionExample(question="q", context="one car", answers=()), output_of(-1.5, (4, 7))),
    ]
    return [example for example, _ in rows], [output for _, output in rows]


def test_the_null_threshold_is_tuned_on_f1() -> None:
    examples, outputs = questions()
    spec = TASK.choose(examples, outputs, spec_of())
    assert spec.choices == {"null_threshold": 0.5}
    assert spec.temperature == 1.0
    results = [TASK.decode(*pair, spec) for pair in zip(examples, outputs, strict=True)]
    assert [result.answer for result in results] == ["red", "blue", "green car", "", "", "car"]
    values = figures(examples, outputs, spec)
    # F1 of "green car" for "green": precision 1/2, recall 1.
    assert values["f1"] == pytest.approx((1 + 1 + 2 / 3 + 1 + 1 + 0) / 6)
    assert values["exact_match"] == pytest.approx(4 / 6)
    assert values["has_answer_f1"] == pytest.approx((1 + 1 + 2 / 3) / 3)
    assert values["no_answer_exact_match"] == pytest.approx(2 / 3)
    assert next(iter(values)) == TASK.metric


def figures(
    examples: Sequence[QuestionExample], outputs: Sequence[AnswerOutput], spec: ModelSpec
) -> dict[str, float]:
    once = np.ones((1, len(examples)))
    found = TASK.statistics(examples, outputs, spec)
    return {name: float(statistic(once)[0]) for name, statistic in found.items()}


def test_without_impossible_questions_there_is_always_an_answer() -> None:
    examples, outputs = (part[:3] for part in questions())
    spec = spec_of()
    assert TASK.choose(examples, outputs, spec) == spec
    result = TASK.decode(examples[1], output_of(50.0, (0, 4)), spec)
    assert (result.answer, result.start, result.end) == ("blue", 0, 4)
    assert result.score < 1e-9
    assert result.no_answer_score == pytest.approx(1.0)
    assert list(figures(examples, outputs, spec)) == ["f1", "exact_match"]


def test_version_1_1_is_measured_where_no_question_is_impossible() -> None:
    """The two scripts part at answers of articles alone: no F1 in 1.1, and 1 in 2.0."""
    article = example_of("q", "the a", ("the", 0))
    found = output_of(-9.0, (4, 5))
    assert figures([article], [found], spec_of())["f1"] == 0.0
    impossible = QuestionExample(question="q", context="x", answers=())
    spec = spec_of().model_copy(update={"choices": {"null_threshold": 0.0}})
    assert figures([article, impossible], [found, output_of(1.0, (0, 1))], spec)["f1"] == 1.0
    assert exact_match("a", ["the"], version="1.1") == 1.0


def test_a_given_threshold_goes_before_the_tuned_one() -> None:
    example = example_of("q", "red car", ("red", 0))
    tuned = {"choices": {"null_threshold": 0.5}}
    found = output_of(1.0, (0, 3), (4, 7))
    assert TASK.decode(example, found, spec_of().model_copy(update=tuned)).answer == ""
    assert TASK.decode(example, found, spec_of(null_threshold=2.0).model_copy(update=tuned)).answer == "red"
    assert TASK.decode(example, found, spec_of(null_threshold=0.0)).answer == ""


def test_a_result_in_full() -> None:
    example = example_of("q", "red car", ("red", 0))
    spec = spec_of(top_k=1, null_threshold=0.0)
    result = TASK.decode(example, output_of(0.5, (0, 3), (4, 7)), spec)
    total = math.exp(0) + math.exp(-1) + math.exp(0.5)
    assert result.to_dict() == {
        "answer": "",
        "score": pytest.approx(math.exp(0.5) / total),
        "start": 0,
        "end": 0,
        "answers": [{"text": "red", "start": 0, "end": 3, "score": pytest.approx(1 / total)}],
        "no_answer_score": pytest.approx(math.exp(0.5) / total),
        "truncated": False,
        "tokens": 5,
        "tokens_read": 5,
        "unknown": 0,
    }
