"""Tables and inputs to a task's examples."""

from __future__ import annotations

from typing import Any

import pytest

from bertolt.data.examples import TextExample
from bertolt.data.table import MemoryTable, Row
from bertolt.errors import DataError, InputError, UnknownNameError
from bertolt.tasks.reading import ColumnChoice, input_example, read_labelled, unlabelled_rows
from bertolt.tasks.registry import all_tasks, get_task
from bertolt.tasks.task import has_target, input_columns, target_columns

TASK = get_task("text-classification")
SETTINGS = TASK.Settings()


def _table(*rows: dict[str, Any]) -> MemoryTable:
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    return MemoryTable("data.csv", columns, [Row(line, row) for line, row in enumerate(rows, start=2)])


def test_rows_without_text_or_label_are_left_out_and_listed() -> None:
    table = _table(
        {"review": "good", "stars": 1},
        {"review": " \t", "stars": 1},
        {"review": "bad", "stars": None},
        {"review": None, "stars": 0},
        {"review": "bad", "stars": 0},
    )
    reading = read_labelled(TASK, table, SETTINGS, ColumnChoice())
    assert reading.columns == {"text": "review", "label": "stars"}
    assert reading.examples == [
        TextExample(line=2, text="good", label="1"),
        TextExample(line=6, text="bad", label="0"),
    ]
    assert reading.without_text == [3, 5]
    assert reading.without_label == [4]
    assert reading.groups == []


def test_where_nothing_is_left_the_message_counts() -> None:
    table = _table({"text": "", "label": "a"}, {"text": "x", "label": ""}, {"text": "y", "label": None})
    with pytest.raises(DataError) as caught:
        read_labelled(TASK, table, SETTINGS, ColumnChoice())
    assert caught.value.to_dict() == {
        "expected": "rows with a text and a label in data.csv",
        "found": "1 rows whose text is empty, 2 rows without a label",
        "do": "check the columns (--text, --label) or the file",
    }
    with pytest.raises(DataError, match="found no rows;"):
        read_labelled(TASK, MemoryTable("d", ("text", "label"), []), SETTINGS, ColumnChoice())


def test_groups_belong_to_the_examples_that_are_kept() -> None:
    table = _table(
        {"text": "a", "label": "x", "film": "F"},
        {"text": "", "label": "x", "film": ""},
        {"text": "b", "label": "y", "film": 7},
    )
    reading = read_labelled(TASK, table, SETTINGS, ColumnChoice(group="film"))
    assert reading.groups == ["F", 7]


@pytest.mark.parametrize(("value", "found"), [("", "''"), (None, "None"), (["a"], "['a']")])
def test_a_row_without_a_group_is_refused(value: Any, found: str) -> None:
    table = _table({"text": "a", "label": "x", "film": "F"}, {"text": "b", "label": "y", "film": value})
    with pytest.raises(DataError) as caught:
        read_labelled(TASK, table, SETTINGS, ColumnChoice(group="film"))
    assert caught.value.expected == "a group in the column 'film' (--group) on line 3"
    assert caught.value.found == found


def test_an_unknown_group_column_is_refused() -> None:
    with pytest.raises(DataError) as caught:
        read_labelled(TASK, _table({"text": "a", "label": "x"}), SETTINGS, ColumnChoice(group="film"))
    assert caught.value.expected == "a column 'film' (--group) in data.csv"
    assert caught.value.found == "'text', 'label'"


def test_prediction_reads_no_target() -> None:
    table = _table({"body": "a", "label": 0.5}, {"body": "b", "label": ["no", "label"]})
    rows = list(unlabelled_rows(TASK, table, SETTINGS, ()))
    assert [example for _, example in rows] == [TextExample(line=2, text="a"), TextExample(line=3, text="b")]
    assert rows[0][0].values == {"body": "a", "label": 0.5}
    with pytest.raises(DataError, match="a text column in"):
        list(unlabelled_rows(TASK, _table({"x": "a"}), SETTINGS, ()))


def test_an_input_is_a_string_or_an_object() -> None:
    assert input_example(TASK, "good", SETTINGS) == TextExample(text="good")
    assert input_example(TASK, {"text": "good"}, SETTINGS, line=4) == TextExample(line=4, text="good")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"review": "good"}, "an object with 'review'"),
        ({"text": "good", "label": "x"}, "an object with 'text', 'label'"),
        ({}, "an object with nothing in it"),
        (5, "a value of type int"),
        (None, "a value of type NoneType"),
        (["good"], "a value of type list"),
        (b"good", "a value of type bytes"),
    ],
)
def test_other_inputs_are_refused_word_for_word(value: Any, found: str) -> None:
    with pytest.raises(InputError) as caught:
        input_example(TASK, value, SETTINGS)
    assert caught.value.to_dict() == {
        "expected": 'a string or an object {"text": …}',
        "found": found,
        "do": "give every input of text-classification in this form",
    }


def test_an_input_whose_text_is_no_text() -> None:
    with pytest.raises(DataError, match="text in the column 'text'"):
        input_example(TASK, {"text": 5}, SETTINGS)


def test_tasks_are_found_by_name_and_alias() -> None:
    assert get_task("sentiment-analysis") is TASK
    assert list(all_tasks()) == sorted(all_tasks())
    with pytest.raises(UnknownNameError) as caught:
        get_task("text-clasification")
    assert "text-classification" in caught.value.do


def test_columns_of_a_task() -> None:
    assert [column.name for column in input_columns(TASK)] == ["text"]
    assert [column.name for column in target_columns(TASK)] == ["label"]
    assert has_target(TASK, TextExample(text="a", label="x"))
    assert not has_target(TASK, TextExample(text="a"))
