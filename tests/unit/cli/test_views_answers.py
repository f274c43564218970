"""How an answer looks in a terminal."""

from __future__ import annotations

import pytest

from bertolt.cli.views import cells
from bertolt.results import Answers


@pytest.mark.parametrize(("answer", "shown"), [("a\nbear", "a bear"), ("", "(no answer)")])
def test_the_answer_on_one_line_with_its_score(answer: str, shown: str) -> None:
    result = Answers(
        answer=answer, score=0.25, start=0, end=len(answer), answers=(), no_answer_score=0.5,
        truncated=False, tokens=3, tokens_read=3,
    )  # fmt: skip
    assert cells(result) == [shown, "0.250"]
