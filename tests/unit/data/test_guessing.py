"""Columns that are guessed from what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bertolt.data.columns import LABEL_NAMES, TEXT_NAMES
from bertolt.data.guessing import Chosen, choose_columns, number_text_warning, profile_columns
from bertolt.data.table import Column, MemoryTable, Row
from bertolt.errors import ColumnsError
from bertolt.wording import command

TEXT = Column("text", TEXT_NAMES, holds="text")
PAIR = Column("text_pair", ("hypothesis",), holds="text")
LABEL = Column("label", LABEL_NAMES, target=True, holds="label")
LABELS = Column("labels", ("labels",), target=True, holds="labels")


def table(columns: Sequence[str], count: int = 12) -> MemoryTable:
    """Rows whose values are made by the column's kind, the part of its name before a colon."""

    def value(column: str, number: int) -> Any:
        return {
            "long": f"The film number {number} was what I like of an evening of {number} hours.",
            "short": f"Film {number} was good",
            "id": f"{number:08d}",
            "two": ("ham", "spam")[number % 2],
            "three": ("low", "middle", "high")[number % 3],
            "flag": number // 2 % 2,
            "date": f"2015-02-{number + 1:02d} 11:35:52 -0800",
            "fraction": number / 7,
            "nothing": "",
            "same": "en",
            "list": ["joy", "love"][: 1 + number % 2],
            "thai": "หนังเรื่องนี้สนุกมาก" + "ก" * number,
        }[column.split(":")[0]]

    rows = [Row(number + 2, {name: value(name, number) for name in columns}) for number in range(count)]
    return MemoryTable("my file.csv", tuple(columns), rows)


def choose(task: Sequence[Column], columns: Sequence[str], **named: tuple[str, ...]) -> Chosen:
    return choose_columns(
        task,
        table(columns),
        command=lambda text, label: command("train", "my file.csv", text=text, label=label),
        **named,
    )


def test_the_guess_is_said_with_its_reasons_and_a_command() -> None:
    found = choose((TEXT, LABEL), ("two:v1", "long:v2", "nothing:a", "nothing:b"))
    assert found.mapping == {"text": "long:v2", "label": "two:v1"}
    assert found.note == (
        "columns: text = 'long:v2' (12 different texts), label = 'two:v1' (2 values). "
        "To choose others: bertolt train 'my file.csv' --text … --label …"
    )


@pytest.mark.parametrize(
    ("columns", "text", "label"),
    [
        (("id", "date", "long", "two"), "long", "two"),
        (("short", "long", "two"), "long", "two"),  # much longer
        (("id", "fraction", "same", "long", "three"), "long", "three"),
        (("long", "long:review", "two"), "long:review", "two"),  # a part of a usual name
        (("long", "two", "three:airline_sentiment"), "long", "three:airline_sentiment"),
        (("long", "two", "three:airlineSentiment"), "long", "three:airlineSentiment"),
        (("thai", "two"), "thai", "two"),
    ],
)
def test_what_looks_like_the_text_and_the_label(columns: tuple[str, ...], text: str, label: str) -> None:
    assert choose((TEXT, LABEL), columns).mapping == {"text": text, "label": label}


def test_only_what_nobody_named_is_guessed() -> None:
    found = choose((TEXT, LABEL), ("long", "two", "three"), label=("two",))
    assert found.mapping == {"text": "long", "label": "two"}
    assert found.note.startswith("columns: text = 'long' (12 different texts). To choose others:")
    assert choose((TEXT, LABEL), ("long", "two"), text=("long",), label=("two",)).note == ""


@pytest.mark.parametrize(
    ("columns", "what", "commands"),
    [
        (
            ("long:a", "long:b", "two"),
            "the text",
            ["--text long:a", "--text long:b"],
        ),
        (
            ("long", "two", "three"),
            "the label",
            ["--text long --label two", "--text long --label three"],
        ),
    ],
)
def test_of_two_as_likely_both_commands_are_in_the_message(
    columns: tuple[str, ...], what: str, commands: list[str]
) -> None:
    with pytest.raises(ColumnsError) as caught:
        choose((TEXT, LABEL), columns)
    assert what in caught.value.expected
    assert caught.value.found.startswith("2 that are as likely: ")
    assert caught.value.do == "choose one: " + ", or: ".join(
        f"bertolt train 'my file.csv' {each}" for each in commands
    )


def test_two_texts_are_a_pair_in_their_order() -> None:
    found = choose((TEXT, PAIR, LABEL), ("two", "long:x", "long:y"))
    assert found.mapping == {"text": "long:x", "text_pair": "long:y", "label": "two"}
    with pytest.raises(ColumnsError, match="3 that are as likely"):
        choose((TEXT, PAIR, LABEL), ("two", "long:x", "long:y", "long:z"))


def test_columns_of_0_and_1_are_labels_together() -> None:
    found = choose((TEXT, LABELS), ("id", "long", "flag:a", "flag:b"))
    assert found.flags == ("flag:a", "flag:b")
    assert found.mapping == {"text": "long", "labels": "flag:a + flag:b"}
    assert "labels = 'flag:a', 'flag:b' (columns of 0 and 1)" in found.note
    assert choose((TEXT, LABELS), ("long", "list", "two")).mapping["labels"] == "list"


def test_without_a_likely_column_the_names_are_listed() -> None:
    with pytest.raises(ColumnsError, match="a label column in my file"):
        choose((TEXT, LABEL), ("long", "id"))
    with pytest.raises(ColumnsError, match="a text column in my file"):
        choose((TEXT, LABEL), ("two", "id"))


def test_prediction_needs_the_text_only() -> None:
    data = table(("id", "long", "two"))
    found = choose_columns(
        (TEXT,), data, targets=False, command=lambda text, label: command("predict", "DIR", text=text)
    )
    assert found.mapping == {"text": "long"}
    assert found.note.endswith("To choose others: bertolt predict DIR --text …")


def test_a_text_column_of_numbers_names_the_better_one() -> None:
    data = table(("id", "long", "two"))

    def write(text: Sequence[str], label: Sequence[str]) -> str:
        return command("train", "f.csv", text=text, label=label)

    mapping = {"text": "id", "label": "two"}
    assert number_text_warning((TEXT, LABEL), data, mapping, command=write) == (
        "the text column 'id' holds numbers; 'long' looks like text. "
        "To choose it: bertolt train f.csv --text long --label two"
    )
    assert number_text_warning((TEXT, LABEL), data, {"text": "long", "label": "two"}, command=write) == ""
    alone = table(("id", "two"))
    assert number_text_warning((TEXT, LABEL), alone, mapping, command=write) == (
        "the text column 'id' holds numbers"
    )


@pytest.mark.parametrize(
    ("labels", "one_each"),
    [
        ([["good"], ["bad"]], True),
        ([["good"], ["bad", "slow"]], False),
        ([["good"], []], False),
        ([[1], [0]], False),
    ],
)
def test_lists_of_one_label_each_are_told_apart(labels: list[list[Any]], one_each: bool) -> None:
    rows = [Row(line, {"label": value}) for line, value in enumerate(labels, start=1)]
    profile = profile_columns(MemoryTable("memory", ("label",), rows))["label"]
    assert profile.is_one_label_each is one_each
