from __future__ import annotations

import pytest

from bertolt.data.table import Row
from bertolt.errors import DataError
from bertolt.tasks.next_sentence_prediction import FOLLOWS, OTHER, TASK


@pytest.mark.parametrize(
    ("raw", "label"),
    [("0", FOLLOWS), (0, FOLLOWS), ("IsNext", FOLLOWS), (True, FOLLOWS), ("follows", FOLLOWS),
     ("1", OTHER), (1, OTHER), ("NotNext", OTHER), (False, OTHER), ("does not follow", OTHER), ("", None)],
)  # fmt: skip
def test_spellings(raw: object, label: str | None) -> None:
    example = TASK.example(Row(1, {"text": "a", "text_pair": "b", "label": raw}), TASK.Settings())
    assert example.label == label


def test_index_0_means_follows_whatever_the_order_of_the_data() -> None:
    rows = [Row(n, {"text": "a", "text_pair": "b", "label": raw}) for n, raw in enumerate("110")]
    examples = [TASK.example(row, TASK.Settings()) for row in rows]
    assert TASK.label_names(examples, TASK.Settings()) == ("follows", "does not follow")


def test_another_label_is_refused_by_line() -> None:
    rows = [Row(n, {"text": "a", "text_pair": "b", "label": raw}) for n, raw in enumerate("012")]
    examples = [TASK.example(row, TASK.Settings()) for row in rows]
    with pytest.raises(DataError, match="'2' on line 2"):
        TASK.label_names(examples, TASK.Settings())
