"""The worker's half: what it computes, and that a row fails alone."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from bertolt.data.features import Feature
from bertolt.inference.pipeline import Pipeline
from bertolt.serving.computing import VARIANTS, Computing

TEXTS = ("the film was gorgeous .", "the plot was dull and boring from start to end .", "gorgeous")


def payload(value: Any, below: float | None = None, **settings: Any) -> dict[str, Any]:
    return {"input": value, "settings": settings, "abstain_below": below}


def ask(computing: Computing, *payloads: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Tokenises and computes rows; what became of each."""
    rows = [[number, "a", "predict", each] for number, each in enumerate(payloads)]
    read = computing.answer({"forget": [], "read": rows, "run": []})["read"]
    parts = [[number, 0, len(lengths)] for number, lengths, error in read if error is None]
    return read, computing.answer({"forget": [], "read": [], "run": parts})["ran"]


@pytest.fixture
def pipeline(sentiment: Path) -> Pipeline:
    return Pipeline.from_folder(sentiment, device="cpu")


class Faulty:
    """An engine that raises wherever a row of a given length is in the batch."""

    def __init__(self, engine: Any, length: int) -> None:
        self.engine, self.length = engine, length

    def logits(self, features: Sequence[Feature]) -> Any:
        if any(len(feature) == self.length for feature in features):
            raise MemoryError("this row is too much")
        return self.engine.logits(features)


def with_engine(pipeline: Pipeline, engine: Any) -> Pipeline:
    from dataclasses import replace

    return Pipeline(replace(pipeline.model, engine=engine), pipeline.record)


def test_results_are_the_pipelines(pipeline: Pipeline) -> None:
    read, ran = ask(Computing({"a": pipeline}), *map(payload, TEXTS))
    assert [lengths for _, lengths, _ in read] == [[7], [13], [3]]
    for (_, text, error), expected in zip(ran, pipeline(list(TEXTS)), strict=True):
        assert error is None
        found = json.loads(text)
        assert found.pop("scores") == pytest.approx(expected.scores, abs=1e-6)
        assert found["label"] == expected.label


def test_options_are_each_rows_own(pipeline: Pipeline) -> None:
    _, ran = ask(Computing({"a": pipeline}), payload(TEXTS[0], below=1.0), payload(TEXTS[0]))
    assert [json.loads(text)["label"] == "unsure" for _, text, _ in ran] == [True, False]


def test_settings_are_each_rows_own(folder: Callable[[str], Path]) -> None:
    pipeline = Pipeline.from_folder(folder("fill-mask"), device="cpu")
    computing = Computing({"a": pipeline})
    texts = [payload("the film was [MASK] .", top_k=count) for count in (1, 3)]
    _, ran = ask(computing, *texts)
    assert [len(json.loads(text)["masks"][0]) for _, text, _ in ran] == [1, 3]


def test_combinations_of_options_do_not_pile_up(pipeline: Pipeline) -> None:
    computing = Computing({"a": pipeline})
    for number in range(2 * VARIANTS):
        ask(computing, payload("gorgeous", below=number / 1000))
    assert len(computing._variants) <= VARIANTS


def test_a_row_that_the_network_fails_on_fails_alone(
    pipeline: Pipeline, caplog: pytest.LogCaptureFixture
) -> None:
    faulty = with_engine(pipeline, Faulty(pipeline.model.engine, length=13))
    computing = Computing({"a": faulty})
    with caplog.at_level(logging.ERROR):
        _, ran = ask(computing, *map(payload, TEXTS))
    assert [error is None for *_, error in ran] == [True, False, True]
    assert ran[1][2]["kind"] == "failure"
    assert ran[1][2]["found"] == "an error inside the model (MemoryError)"
    assert "this row is too much" in caplog.text  # the log says more
    _, again = ask(computing, payload(TEXTS[0]))
    assert again[0][2] is None


def test_an_input_that_the_task_refuses_is_told_in_three_parts(folder: Callable[[str], Path]) -> None:
    computing = Computing({"a": Pipeline.from_folder(folder("fill-mask"), device="cpu")})
    read, ran = ask(computing, payload("nothing is missing ."), payload("the [MASK] ."))
    assert read[0][2]["kind"] == "input"
    assert set(read[0][2]) == {"kind", "expected", "found", "do"}
    assert len(ran) == 1


def test_the_windows_of_a_row_may_come_in_several_batches(folder: Callable[[str], Path]) -> None:
    pipeline = Pipeline.from_folder(folder("question-answering"), device="cpu")
    asked = {"question": "the plot was ?", "context": "the film was gorgeous . " * 300}
    computing = Computing({"a": pipeline})
    read = computing.answer({"forget": [], "read": [[5, "a", "predict", payload(asked)]], "run": []})["read"]
    count = len(read[0][1])
    assert count > 2
    answers = [
        computing.answer({"forget": [], "read": [], "run": [[5, first, end]]})["ran"]
        for first, end in ((0, 1), (1, count - 1), (count - 1, count))
    ]
    assert [len(ran) for ran in answers] == [0, 0, 1]
    found = json.loads(answers[-1][0][1])
    expected = pipeline(asked).to_dict()
    assert found["answer"] == expected["answer"]
    assert found["score"] == pytest.approx(expected["score"], abs=1e-5)


def test_a_forgotten_row_is_not_computed(pipeline: Pipeline) -> None:
    computing = Computing({"a": pipeline})
    computing.answer({"forget": [], "read": [[1, "a", "predict", payload("gorgeous")]], "run": []})
    assert computing.answer({"forget": [1, 99], "read": [], "run": [[1, 0, 1]]}) == {"read": [], "ran": []}
    assert computing._held == {}


def test_a_lone_surrogate_survives(folder: Callable[[str], Path]) -> None:
    computing = Computing({"a": Pipeline.from_folder(folder("fill-mask"), device="cpu")})
    _, ran = ask(computing, payload("the \ud800 film was [MASK] ."))
    assert ran[0][1].isascii()
    assert "\ud800" in json.loads(ran[0][1])["text"]
