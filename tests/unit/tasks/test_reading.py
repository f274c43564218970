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
        "found": "1 row with an empty text, 2 rows without a label",
        "do": "check the columns (--text, --label) or the file",
    }
    with pytest.raises(DataError, match="found no rows, only the names of the columns;"):
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
    rows = list(unlabelled_rows(TASK, table, SETTINGS, ColumnChoice()))
    assert [example for _, example in rows] == [TextExample(line=2, text="a"), TextExample(line=3, text="b")]
    assert rows[0][0].values == {"body": "a", "label": 0.5}
    with pytest.raises(DataError, match="a text column in"):
        list(unlabelled_rows(TASK, _table({"x": 1}), SETTINGS, ColumnChoice()))


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


@pytest.mark.parametrize(
    ("labels", "dropped"),
    [
        ((0, 1, 2, -1), True),  # SNLI
        (("0", "1", "2", "-1"), True),
        ((0.0, 1.0, 2.0, -1.0), True),
        (("good", "bad", "-1"), True),
        ((1, 2, 3, -1), True),
        ((-1, 0, 1), False),  # sentiment
        (("-1", "+1"), False),
        ((-2, -1, 0, 1, 2), False),
    ],
)
@pytest.mark.parametrize("name", ["text-classification", "sentence-pair-classification"])
def test_minus_one_is_no_label_unless_it_is_sentiment(
    name: str, labels: tuple[Any, ...], dropped: bool
) -> None:
    task = get_task(name)
    table = _table(*({"text": f"t{each}", "text_pair": "p", "label": each} for each in labels))
    reading = read_labelled(task, table, task.Settings(), ColumnChoice())
    assert len(reading.examples) == len(labels) - dropped
    assert (reading.left_out.keys() == {"without a label (-1)"}) == dropped
    if dropped:
        lines = [line for line, each in enumerate(labels, start=2) if float(each == -1 or each == "-1")]
        assert reading.left_out["without a label (-1)"] == lines
    else:
        assert "so -1 is a label; if it stands for no label: --set no_label=-1" in reading.notes[0]


def test_what_stands_for_no_label_can_be_said() -> None:
    table = _table(*({"text": "a", "label": each} for each in (-1, 0, 1, "?")))
    said = TASK.Settings.model_validate({"no_label": -1})
    assert [each.label for each in read_labelled(TASK, table, said, ColumnChoice()).examples] == [
        "0",
        "1",
        "?",
    ]
    said = TASK.Settings.model_validate({"no_label": "?"})
    assert [each.label for each in read_labelled(TASK, table, said, ColumnChoice()).examples] == [
        "-1",
        "0",
        "1",
    ]
    said = TASK.Settings.model_validate({"no_label": ""})
    assert len(read_labelled(TASK, table, said, ColumnChoice()).examples) == 4


def test_a_model_says_whether_minus_one_is_a_label() -> None:
    table = _table(*({"text": "a", "label": each} for each in (-1, 0, 1)))
    without = read_labelled(TASK, table, SETTINGS, ColumnChoice(), known=("0", "1"))
    assert [each.label for each in without.examples] == ["0", "1"]
    with_it = read_labelled(TASK, table, SETTINGS, ColumnChoice(), known=("-1", "0", "1"))
    assert [each.label for each in with_it.examples] == ["-1", "0", "1"]


def test_a_whole_number_has_one_form_and_the_reading_says_so() -> None:
    table = _table(*({"text": "a", "label": each} for each in ("1.0", 1, 1.0, "1", "0.0")))
    reading = read_labelled(TASK, table, SETTINGS, ColumnChoice())
    assert [each.label for each in reading.examples] == ["1", "1", "1", "1", "0"]
    assert reading.repaired == {"a label such as 1.0 read as 1": [2, 4, 6]}


def test_one_column_for_each_label() -> None:
    task = get_task("multi-label-classification")
    table = _table(
        {"body": "a", "funny": 1, "sad": "0", "loud": "no"},
        {"body": "b", "funny": 0.0, "sad": "true", "loud": "False"},
        {"body": "c", "funny": "1.0", "sad": True, "loud": "0"},
        {"body": "d", "funny": -1, "sad": -1, "loud": -1},
        {"body": "e", "funny": 1, "sad": "", "loud": 0},
        {"body": "f", "funny": 0, "sad": 0, "loud": 0},
    )
    choice = ColumnChoice(text=("body",), label=("funny", "sad", "loud"))
    reading = read_labelled(task, table, task.Settings(), choice)
    assert [each.labels for each in reading.examples] == [("funny",), ("sad",), ("funny", "sad"), ()]
    assert reading.without_label == [5, 6]
    assert reading.notes == ("no row has the label 'loud': a model trained on these rows will not know it",)
    strange = _table({"body": "a", "funny": 2, "sad": 0})
    with pytest.raises(DataError, match="no or yes in the label column 'funny' on line 2"):
        read_labelled(task, strange, task.Settings(), ColumnChoice(("body",), ("funny", "sad")))
    with pytest.raises(DataError, match=r"a column 'x' \(--label\)"):
        read_labelled(task, strange, task.Settings(), ColumnChoice(("body",), ("funny", "x")))
    assert unlabelled_rows(
        task, strange, task.Settings(), ColumnChoice(("body",))
    )  # prediction reads no label


def test_what_the_labels_are_read_as_is_said() -> None:
    task = get_task("next-sentence-prediction")
    rows = [{"text": "a", "text_pair": "b", "label": each} for each in (0, "1", "IsNext", "follows")]
    reading = read_labelled(task, _table(*rows), task.Settings(), ColumnChoice())
    assert reading.notes == (
        "labels are read as: '0' = 'follows', '1' = 'does not follow', 'IsNext' = 'follows'",
    )
    assert read_labelled(TASK, _table({"text": "a", "label": 1}), SETTINGS, ColumnChoice()).notes == ()
