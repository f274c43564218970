from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bertolt.data.readers import open_table
from bertolt.data.table import Row, Table
from bertolt.errors import DataError
from bertolt.tasks.reading import ColumnChoice, read_labelled
from bertolt.tasks.registry import get_task


def opened(tmp_path: Path, text: str, name: str) -> Table:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8", newline="")
    return open_table(path)


def refused(tmp_path: Path, text: str, name: str) -> tuple[str, str, str]:
    with pytest.raises(DataError) as caught:
        list(opened(tmp_path, text, name))
    return caught.value.expected, caught.value.found, caught.value.do


def test_json_lines_keep_their_types_and_skip_blank_lines_only(tmp_path: Path) -> None:
    text = '{"text": "a\u2028b", "n": 1}\r\n\n \t\n{"text": null, "list": [true, {"x": 1.5}]}'
    table = opened(tmp_path, text, "a.jsonl")
    assert table.columns == ("text", "n", "list")
    assert list(table) == [
        Row(1, {"text": "a\u2028b", "n": 1}),
        Row(4, {"text": None, "list": [True, {"x": 1.5}]}),
    ]


def test_columns_are_the_keys_of_the_first_thousand_rows_and_later_keys_are_passed_on(tmp_path: Path) -> None:
    table = opened(tmp_path, '{"a": 1}\n' * 999 + '{"b": 2}\n{"c": 3}\n', "a.ndjson")
    assert table.columns == ("a", "b")
    assert list(table)[-1] == Row(1001, {"c": 3})


def test_lone_surrogates_stay(tmp_path: Path) -> None:
    assert list(opened(tmp_path, r'{"text": "\ud800x"}', "a.jsonl")) == [Row(1, {"text": "\ud800x"})]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('{"a": 1', "Expecting ',' delimiter at column 8"),
        ('{"a": 1} {"a": 2}', "Extra data at column 10"),
        ("[1]", "a list instead of an object"),
        ('"a"', "a string instead of an object"),
        ("null", "null instead of an object"),
        ("true", "true or false instead of an object"),
        ("1.5", "a number instead of an object"),
        ('{"a": NaN}', "NaN, which is not JSON"),
        ('{"a": -Infinity}', "-Infinity, which is not JSON"),
        ('{"a": 1, "b": 2, "a": 3}', "the key 'a' twice in one object"),
        ('{"a": ' + "[" * 200_000, "lists or objects that are nested too deeply"),
    ],
)
def test_a_broken_line_is_told_with_its_number(tmp_path: Path, line: str, found: str) -> None:
    assert refused(tmp_path, '{"a": 1}\n' * 712 + line + "\n", "a.jsonl") == (
        f"a JSON object on line 713 of {tmp_path}/a.jsonl",
        found,
        "correct or remove that line",
    )


def test_a_list_in_a_file_of_json_lines_is_read_as_one_document(tmp_path: Path) -> None:
    assert list(opened(tmp_path, '[\n {"a": 1}\n]', "a.jsonl")) == [Row(1, {"a": 1})]


ROWS = [Row(1, {"text": "a", "label": "x"}), Row(2, {"text": "b", "label": None})]


@pytest.mark.parametrize(
    ("document", "note"),
    [
        (
            '{"version": 1, "data": [{"text": "a", "label": "x"}, {"text": "b", "label": null}]}',
            "under 'data'",
        ),
        ('{"text": {"0": "a", "1": "b"}, "label": {"0": "x", "1": null}}', "column by column"),
        ('{"text": {"r1": "a", "r2": "b"}, "label": {"r1": "x", "r2": null}}', "column by column"),
        ('{"0": {"text": "a", "label": "x"}, "1": {"text": "b", "label": null}}', "by rows"),
        ('{"columns": ["text", "label"], "index": [0, 1], "data": [["a", "x"], ["b", null]]}', "'split'"),
        ('{"text": ["a", "b"], "label": ["x", null]}', "column by column"),
        ('{"text": "a", "label": "x"}\n{"text": "b", "label": null}', "object on each line"),
    ],
)
def test_rows_in_other_shapes_of_json(tmp_path: Path, document: str, note: str) -> None:
    table = opened(tmp_path, document, "a.json")
    assert table.columns == ("text", "label")
    assert list(table) == ROWS
    assert any(note in each for each in table.notes)


def test_fields_of_objects_are_named_with_dots(tmp_path: Path) -> None:
    for name, text in (("a.jsonl", "{}\n{}\n"), ("a.json", "[{},{}]")):
        rows = [
            {"review": {"body": body, "n": 1}, "meta": {"stars": {"all": body}}} for body in ("good", "bad")
        ]
        table = opened(tmp_path, text.format(*map(json.dumps, rows)), name)
        assert table.notes == (
            "the column 'review' holds objects; name a field in it with a dot, such as --text review.body",
        )
        task = get_task("text-classification")
        choice = ColumnChoice(("review.body",), ("meta.stars.all",))
        reading = read_labelled(task, table, task.Settings(), choice)
        assert [(each.text, each.label) for each in reading.examples] == [("good", "good"), ("bad", "bad")]


def test_squad_with_numbers_as_ids_has_them_as_strings(tmp_path: Path) -> None:
    document = squad()
    document["data"][0]["paragraphs"][0]["qas"][0]["id"] = 101
    assert next(iter(opened(tmp_path, json.dumps(document), "a.json"))).values["id"] == "101"


ADVICE = "write one object a row into a list, or one a line into a .jsonl file (in pandas: orient='records')"
OBJECT = "an object with 'a', 'b'"


def test_a_list_of_objects_is_a_table(tmp_path: Path) -> None:
    table = opened(tmp_path, '[{"a": 1},\n\n {"b": [2]}]', "a.json")
    assert table.columns == ("a", "b")
    assert list(table) == [Row(1, {"a": 1}), Row(2, {"b": [2]})]


@pytest.mark.parametrize(
    ("text", "expected", "found", "do"),
    [
        ("[]", "at least one object in {}", "an empty list", "check that it was written completely"),
        ('[{"a": 1}, 2]', "a list of objects in {}", "2 as item 2", ADVICE),
        (
            '{"a": 1} {"a": 2}',
            "one JSON document in {}",
            "Extra data at column 10",
            "name it .jsonl if it has one object a line",
        ),
        (
            '{"a": [1], "b": [1, 2]}',
            "rows in the JSON document {}: a list of objects, or SQuAD json",
            OBJECT,
            ADVICE,
        ),
        (
            '[{"a": 1,}]',
            "one JSON document in {}",
            "Expecting property name enclosed in double quotes at column 10",
            "correct it there",
        ),
        (
            '{"a": 1}',
            "rows in the JSON document {}: a list of objects, or SQuAD json",
            "an object with 'a'",
            ADVICE,
        ),
    ],
)
def test_other_documents_are_refused(tmp_path: Path, text: str, expected: str, found: str, do: str) -> None:
    assert refused(tmp_path, text, "a.json") == (expected.format(tmp_path / "a.json"), found, do)


def squad() -> dict[str, Any]:
    first = {"id": "q1", "question": "Who?", "answers": [{"text": "Anna", "answer_start": 0}]}
    second = {"id": "q2", "question": "Why?", "answers": [], "is_impossible": True, "plausible_answers": []}
    third = {"id": "q3", "question": "When?"}
    return {
        "version": "v2.0",
        "data": [
            {"title": "Anna", "paragraphs": [{"context": "Anna came.", "qas": [first, second]}]},
            {"paragraphs": [{"context": "Then.", "qas": [third]}]},
        ],
    }


def test_squad_has_one_row_a_question(tmp_path: Path) -> None:
    table = opened(tmp_path, json.dumps(squad()), "dev.json")
    assert table.columns == ("id", "question", "context", "answers", "is_impossible", "title")
    answered = {"id": "q1", "question": "Who?", "answers": [{"text": "Anna", "start": 0}]}
    impossible: dict[str, Any] = {"id": "q2", "question": "Why?", "answers": []}
    unlabelled = {"id": "q3", "question": "When?", "answers": None}
    expected = [
        Row(1, answered | {"is_impossible": False, "context": "Anna came.", "title": "Anna"}),
        Row(2, impossible | {"is_impossible": True, "context": "Anna came.", "title": "Anna"}),
        Row(3, unlabelled | {"is_impossible": False, "context": "Then.", "title": None}),
    ]
    assert list(table) == expected
    assert list(table) == expected


@pytest.mark.parametrize(
    ("path", "value", "expected", "found"),
    [
        (["data", 1], 5, "an object for article 2", "5"),
        (["data", 0, "title"], 5, "a string under 'title' in article 1", "5"),
        (["data", 1, "paragraphs"], None, "a list under 'paragraphs' in article 2", "nothing"),
        (
            ["data", 0, "paragraphs", 0, "context"],
            7,
            "a string under 'context' in article 1, paragraph 1",
            "7",
        ),
        (["data", 0, "paragraphs", 0, "qas"], {}, "a list under 'qas' in article 1, paragraph 1", "{}"),
        (
            ["data", 0, "paragraphs", 0, "qas", 1, "id"],
            5.5,
            "a string under 'id' in article 1, paragraph 1, question 2",
            "5.5",
        ),
        (
            ["data", 0, "paragraphs", 0, "qas", 0, "is_impossible"],
            "no",
            "true or false under 'is_impossible' in article 1, paragraph 1, question 1",
            "'no'",
        ),
        (
            ["data", 0, "paragraphs", 0, "qas", 0, "answers", 0, "answer_start"],
            True,
            "a whole number under 'answer_start' in article 1, paragraph 1, question 1, answer 1",
            "True",
        ),
    ],
)
def test_malformed_squad_is_told_with_its_place(
    tmp_path: Path, path: list[Any], value: object, expected: str, found: str
) -> None:
    document: Any = squad()
    item = document
    for key in path[:-1]:
        item = item[key]
    item[path[-1]] = value
    assert refused(tmp_path, json.dumps(document), "dev.json") == (
        f"{expected} of {tmp_path}/dev.json",
        found,
        "write the file as SQuAD 1.1 or 2.0 has it",
    )
