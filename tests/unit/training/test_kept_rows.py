"""The rows that a model folder keeps, of a training as of an adaptation."""

from __future__ import annotations

import pytest

from bertolt.data.examples import TextExample
from bertolt.training.fine_tune import kept_rows


@pytest.mark.parametrize(("most", "lines"), [(0, []), (1, [0]), (3, [0, 3, 6]), (10, list(range(10)))])
def test_they_are_spread_over_the_order(most: int, lines: list[int]) -> None:
    examples = [TextExample(line=index, text=f"t{index}", label="a") for index in range(10)]
    assert [row["text"] for row in kept_rows(examples, most)] == [f"t{line}" for line in lines]


def test_they_hold_no_lone_surrogate() -> None:
    rows = kept_rows([TextExample(line=1, text="a\ud800b", label=None)], 5)
    assert rows == [{"text": "a\ufffdb", "label": None}]
    assert kept_rows([], 5) == []
