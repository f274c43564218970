"""Results as plain values: what JSON, files and pages show."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bertolt.results import (
    Answers,
    AnswerSpan,
    Candidate,
    Candidates,
    Entity,
    Grade,
    Labels,
    Result,
    TaggedWord,
    Tags,
)

SHARED = {"truncated": True, "tokens": 9, "tokens_read": 5, "unknown": 2}
LABELS = Labels(label="a", score=0.75, scores={"a": 0.75, "b": 0.25}, **SHARED)
SEVERAL = replace(LABELS, passed=("a",), thresholds={"a": 0.5, "b": 0.4})
WORD = {"text": "Rome", "start": 0, "end": 4, "tag": "B-LOC", "score": 0.5}
ENTITY = {"label": "LOC", "text": "Rome", "start": 0, "end": 4, "score": 0.5}
SPAN = {"text": "Rome", "start": 0, "end": 4, "score": 0.5}
CANDIDATE = {"token": "good", "score": 0.5, "text": "a good film"}


@pytest.mark.parametrize(
    ("result", "plain"),
    [
        (LABELS, {"label": "a", "score": 0.75, "scores": {"a": 0.75, "b": 0.25}}),
        (
            SEVERAL,
            {"label": "a", "score": 0.75, "scores": {"a": 0.75, "b": 0.25}, "passed": ["a"],
             "thresholds": {"a": 0.5, "b": 0.4}},
        ),
        (
            Tags(words=(TaggedWord(**WORD),), entities=(Entity(**ENTITY),), **SHARED),
            {"words": [WORD], "entities": [ENTITY]},
        ),
        (Tags(words=(), entities=None, **SHARED), {"words": [], "entities": None}),
        (
            Answers(answer="Rome", score=0.5, start=0, end=4, answers=(AnswerSpan(**SPAN),),
                    no_answer_score=0.25, **SHARED),
            {"answer": "Rome", "score": 0.5, "start": 0, "end": 4, "answers": [SPAN],
             "no_answer_score": 0.25},
        ),
        (
            Candidates(text="a good film", masks=((Candidate(**CANDIDATE),),), **SHARED),
            {"text": "a good film", "masks": [[CANDIDATE]]},
        ),
        (
            Grade(grade=1, name="true", probabilities={"false": 0.25, "true": 0.75},
                  judgements={"acceptable": 0.9}, **SHARED),
            {"grade": 1, "name": "true", "probabilities": {"false": 0.25, "true": 0.75},
             "judgements": {"acceptable": 0.9}},
        ),
    ],
)  # fmt: skip
def test_plain_values(result: Result, plain: dict[str, object]) -> None:
    assert result.to_dict() == {**SHARED, **plain}
    assert json.loads(json.dumps(result.to_dict())) == result.to_dict()
