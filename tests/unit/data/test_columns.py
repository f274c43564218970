"""Which column of a table is which column of a task, and what the messages say."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from bertolt.data.columns import LABEL_NAMES, TEXT_NAMES, map_columns, read_label, read_text, rename
from bertolt.data.examples import PairExample, TextExample, fingerprint
from bertolt.data.table import Column, MemoryTable, Row
from bertolt.errors import DataError

TEXT = (Column("text", TEXT_NAMES), Column("label", LABEL_NAMES, target=True))
PAIR = (Column("text", ("premise",)), Column("text_pair", ("hypothesis",)), Column("label", target=True))
OPTIONAL = (Column("text"), Column("title", required=False), Column("label", target=True))


def _refused(call: Callable[[], Any]) -> tuple[str, str, str]:
    with pytest.raises(DataError) as caught:
        call()
    return caught.value.expected, caught.value.found, caught.value.do


@pytest.mark.parametrize(
    ("found", "mapping"),
    [
        (("text", "label"), {"text": "text", "label": "label"}),
        (("id", "Review ", "SENTIMENT"), {"text": "Review ", "label": "SENTIMENT"}),
        (("review", "text", "stars", "label"), {"text": "text", "label": "label"}),  # the most usual name
        (("Text", "text", "label"), {"text": "Text", "label": "label"}),  # of equals the first
    ],
)
def test_columns_are_found_by_their_usual_names(found: tuple[str, ...], mapping: dict[str, str]) -> None:
    assert map_columns(TEXT, found, name="data.csv") == mapping


def test_named_columns_come_before_usual_ones() -> None:
    found = ("text", "body", "label", "mood")
    mapping = map_columns(TEXT, found, name="data.csv", text=("body",), label=("mood",))
    assert mapping == {"text": "body", "label": "mood"}
    # A column that is taken is free for nothing else.
    assert map_columns(TEXT, ("label", "class"), name="d", text=("label",)) == {
        "text": "label",
        "label": "class",
    }


def test_the_columns_of_a_pair_are_named_in_order() -> None:
    found = ("b", "a", "label")
    assert map_columns(PAIR, found, name="d", text=("a", "b")) == {
        "text": "a",
        "text_pair": "b",
        "label": "label",
    }
    assert map_columns(PAIR, ("hypothesis", "premise", "label"), name="d")["text_pair"] == "hypothesis"


def test_optional_columns_and_targets_of_prediction_may_be_missing() -> None:
    assert map_columns(OPTIONAL, ("text", "label"), name="d") == {"text": "text", "label": "label"}
    assert map_columns(TEXT, ("text",), name="d", targets=False) == {"text": "text"}


def test_a_missing_column_word_for_word() -> None:
    assert _refused(lambda: map_columns(TEXT, ("when", "who"), name="data.csv")) == (
        "a text column in data.csv: text, review, sentence, content, comment, body, tweet, phrase, document",
        "the columns 'when', 'who'",
        "name it with --text COLUMN, or add a first line with the columns' names",
    )
    assert _refused(lambda: map_columns(TEXT, ("text",), name="data.csv")) == (
        "a label column in data.csv: label, labels, sentiment, class, category, target, stars, "
        "rating, gold_label",
        "the column 'text'",
        "name it with --label COLUMN, or add a first line with the columns' names",
    )
    assert _refused(lambda: map_columns(TEXT, (), name="data.csv"))[1] == "no columns"
    many = tuple(f"c{number}" for number in range(13))
    assert _refused(lambda: map_columns(TEXT, many, name="data.csv"))[1].endswith("'c11', …")


def test_a_named_column_that_is_not_there_word_for_word() -> None:
    assert _refused(lambda: map_columns(TEXT, ("text", "label"), name="data.csv", text=("Text",))) == (
        "a column 'Text' (--text) in data.csv",
        "the columns 'text', 'label'",
        "give --text one of these names, or correct the file's first line",
    )


def test_too_many_named_columns_word_for_word() -> None:
    assert _refused(lambda: map_columns(TEXT, ("a", "b", "label"), name="d", text=("a", "b"))) == (
        "at most 1 column name in --text",
        "2: a, b",
        "name the columns for text, in this order",
    )
    assert _refused(lambda: map_columns(PAIR, ("a", "b", "c"), name="d", text=("a", "b", "c")))[0] == (
        "at most 2 column names in --text"
    )


def test_one_column_for_two_things_word_for_word() -> None:
    assert _refused(lambda: map_columns(TEXT, ("a", "b"), name="d", text=("a",), label=("a",))) == (
        "a different column for each --text and --label",
        "'a' twice",
        "name another column",
    )


def test_renaming_leaves_other_columns_out() -> None:
    row = Row(7, {"review": "good", "stars": 5, "who": "me"})
    renamed = rename(row, {"text": "review", "label": "stars", "title": "missing"})
    assert (renamed.line, renamed.values) == (7, {"text": "good", "label": 5, "title": None})


@pytest.mark.parametrize(("value", "text"), [("good", "good"), ("", ""), (None, ""), ("  x ", "  x ")])
def test_texts(value: Any, text: str) -> None:
    assert read_text(Row(1, {"text": value}), "text") == text
    assert read_text(Row(1, {}), "text") == ""


def test_what_is_no_text_word_for_word() -> None:
    assert _refused(lambda: read_text(Row(4, {"text": 5}), "text")) == (
        "text in the column 'text' on line 4",
        "int '5'",
        "choose the column that holds text with --text, or write the value in quotes",
    )


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ("positive", "positive"), ("  positive\n", "positive"), ("", None), ("  ", None), (None, None),
        (1, "1"), (0, "0"), (-2, "-2"), (3.0, "3"), (True, "True"), (math.nan, None),
        ("1.0", "1"), ("-1.00", "-1"), ("1.05", "1.05"),
    ],
)  # fmt: skip
def test_labels(value: Any, label: str | None) -> None:
    assert read_label(Row(1, {"label": value}), "label") == label


@pytest.mark.parametrize(
    ("value", "found"), [(0.5, "float '0.5'"), (["a", "b"], "list \"['a', 'b']\""), (math.inf, "float 'inf'")]
)
def test_what_is_no_label_word_for_word(value: Any, found: str) -> None:
    do = "write each label as text or as a whole number"
    if isinstance(value, list):
        do = "choose --task multi-label-classification, for several labels in a row"
    assert _refused(lambda: read_label(Row(9, {"label": value}), "label")) == (
        "a label in the column 'label' on line 9",
        found,
        do,
    )


def test_a_memory_table_can_be_read_again() -> None:
    table = MemoryTable("t", ("text",), [Row(1, {"text": "a"})])
    assert list(table) == list(table) == [Row(1, {"text": "a"})]


def test_fingerprints_are_of_values_and_order_alone() -> None:
    one, other = TextExample(line=1, text="a", label="x"), TextExample(line=2, text="b", label="y")
    moved = [
        TextExample(line=8, note="repaired", text="a", label="x"),
        TextExample(line=9, text="b", label="y"),
    ]
    assert fingerprint([one, other]) == fingerprint(moved)
    assert len(fingerprint([one])) == 16
    assert fingerprint([one, other]) != fingerprint([other, one])
    assert fingerprint([one]) != fingerprint([TextExample(text="a", label="X")])
    assert fingerprint([]) == "e3b0c44298fc1c14"  # SHA-256 of nothing


def test_an_example_is_a_row_of_its_columns() -> None:
    example = PairExample(line=3, text="a", text_pair="b", label="x")
    assert example.values() == {"text": "a", "text_pair": "b", "label": "x"}
