"""Answers in the forms that files have, each at its place."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest

from bertolt.data.examples import Answer
from bertolt.data.table import MemoryTable, Row
from bertolt.errors import DataError
from bertolt.tasks.answer_reading import (
    CONTRADICTION,
    MOVED,
    NO_ANSWER,
    NOT_THERE,
    ONE_NOT_THERE,
    OTHER_FORM,
    SEVERAL,
    locate,
    read_answers,
)
from bertolt.tasks.question_answering import TASK
from bertolt.tasks.reading import ColumnChoice, read_labelled

CONTEXT = "Bern is a town. The bear of Bern is on the flag of Bern."
#          0         10        20        30        40        50


def read(answers: Any = None, start: Any = None, impossible: Any = None) -> tuple[Any, str]:
    values = {"answers": answers, "answer_start": start, "is_impossible": impossible}
    return read_answers(Row(7, values), CONTEXT)


@pytest.mark.parametrize(
    "answers",
    [
        [{"text": "Bern", "answer_start": 28}, {"text": "a town", "answer_start": 8}],
        [{"text": "Bern", "start": 28}, {"text": "a town", "start": 8}],
        {"text": ["Bern", "a town"], "answer_start": [28, 8]},
        '{"text": ["Bern", "a town"], "answer_start": [28, 8]}',
        '[{"text": "Bern", "start": 28}, {"text": "a town", "start": 8}]',
    ],
)
def test_forms_of_several_answers(answers: Any) -> None:
    assert read(answers) == ((Answer(text="Bern", start=28), Answer(text="a town", start=8)), "")


@pytest.mark.parametrize("start", [28, "28", " 28 ", 28.0])
def test_a_text_with_its_start(start: Any) -> None:
    assert read("Bern", start) == ((Answer(text="Bern", start=28),), "")


@pytest.mark.parametrize("start", [None, "", float("nan")])
def test_a_text_without_start_is_its_first_occurrence_and_that_is_said(start: Any) -> None:
    assert read("Bern", start) == ((Answer(text="Bern", start=0),), SEVERAL)
    assert read("a town", start) == ((Answer(text="a town", start=8),), "")


@pytest.mark.parametrize(
    ("start", "place"), [(27, 28), (40, 51), (39, 28), (20, 28), (5, 0), (-1, 0), (9999, 51)]
)
def test_a_wrong_start_moves_to_the_nearest_occurrence(start: int, place: int) -> None:
    assert read("Bern", start) == ((Answer(text="Bern", start=place),), MOVED)


def test_the_nearest_of_two_equally_near_is_the_earlier() -> None:
    assert locate("a a", "a", 1) == (Answer(text="a", start=0), MOVED)


def test_white_space_around_an_answer_goes_only_where_it_must() -> None:
    assert read(" town", 9) == ((Answer(text=" town", start=9),), "")
    assert read("town \n", 9) == ((Answer(text="town", start=10),), MOVED)


def test_an_answer_that_is_not_there_is_never_learnt() -> None:
    assert read("Zürich", 0) == (None, NOT_THERE)
    assert read(["Zürich", "a town"]) == ((Answer(text="a town", start=8),), ONE_NOT_THERE)


def test_impossible_or_only_without_an_answer() -> None:
    assert read([]) == ((), "")
    assert read({"text": [], "answer_start": []}) == ((), "")
    assert read("[]") == ((), "")
    assert read("", impossible="true") == ((), "")
    assert read(None, impossible=True) == ((), "")
    assert read("", impossible="false") == (None, NO_ANSWER)
    assert read("  ") == (None, NO_ANSWER)
    assert read(None) == (None, "")
    assert read("Bern", 0, impossible="1") == (None, CONTRADICTION)


def test_brackets_in_a_text_are_a_text() -> None:
    context = 'He wrote {"a": 1} and [2].'
    row = Row(1, {"answers": "[2]", "answer_start": 22})
    assert read_answers(row, context) == ((Answer(text="[2]", start=22),), "")
    row = Row(1, {"answers": '{"a": 1}'})
    assert read_answers(row, context) == ((Answer(text='{"a": 1}', start=9),), "")


@pytest.mark.parametrize(
    ("answers", "start", "impossible", "column"),
    [
        (5, None, None, "answers"),
        ([5], None, None, "answers"),
        ({"texts": []}, None, None, "answers"),
        ("Bern", "zero", None, "answer_start"),
        ("Bern", 1.5, None, "answer_start"),
        ("Bern", True, None, "answer_start"),
        ("Bern", 0, "perhaps", "is_impossible"),
    ],
)
def test_other_values_are_refused_with_their_line(
    answers: Any, start: Any, impossible: Any, column: str
) -> None:
    with pytest.raises(DataError, match=f"'{column}' on line 7"):
        read(answers, start, impossible)


def test_starts_must_be_as_many_as_answers() -> None:
    with pytest.raises(DataError, match="on line 7; found 2 answers and 1 start;"):
        read({"text": ["Bern", "a town"], "answer_start": [0]})


def test_a_table_is_read_with_an_account_of_every_line() -> None:
    rows = [
        {"question": "Who?", "context": CONTEXT, "answer": "The bear", "answer_start": "16"},
        {"question": "Who?", "context": CONTEXT, "answer": "The bear", "answer_start": "10"},
        {"question": "Who?", "context": CONTEXT, "answer": "A wolf", "answer_start": "10"},
        {"question": "Who?", "context": CONTEXT, "answer": "", "answer_start": ""},
        {"question": " ", "context": CONTEXT, "answer": "Bern", "answer_start": "0"},
        {"question": "Where?", "context": CONTEXT, "answer": "Bern", "answer_start": ""},
    ]
    columns = ("question", "context", "answer", "answer_start")
    table = MemoryTable("zoo.csv", columns, [Row(n, row) for n, row in enumerate(rows, start=2)])
    reading = read_labelled(TASK, table, TASK.Settings(), ColumnChoice())
    assert [example.line for example in reading.examples] == [2, 3, 7]
    assert [example.answers[0].start for example in reading.examples] == [16, 16, 0]
    assert reading.repaired == {MOVED: [3], SEVERAL: [7]}
    assert reading.left_out == {NOT_THERE: [4], NO_ANSWER: [5]}
    assert reading.without_text == [6]


def test_the_kept_record_is_read_back_as_it_was() -> None:
    row = Row(
        1, {"question": "Who?", "context": CONTEXT, "answers": [{"text": "Bern", "start": 28}], "id": 5}
    )
    example = TASK.example(row, TASK.Settings())
    kept = json.loads(json.dumps(example.values()))
    assert TASK.example(Row(1, kept), TASK.Settings()) == example
    assert example.id == "5"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("start", [None, 14])
def test_an_answer_in_another_unicode_form_is_found_at_its_own_characters(
    form: str, start: int | None
) -> None:
    other = {"NFC": "NFD", "NFD": "NFC"}[form]
    context = unicodedata.normalize(form, "Él vivía en Québec, no en Lévis; 한국 lies far.")
    for words in ("Québec", "Lévis", "Él", "한국"):
        answer, note = locate(context, unicodedata.normalize(other, words), start)
        assert answer is not None
        assert answer.text == unicodedata.normalize(form, words)
        assert context[answer.start : answer.start + len(answer.text)] == answer.text
        assert note == OTHER_FORM
    assert locate(unicodedata.normalize("NFD", "Lévis é"), unicodedata.normalize("NFD", "ev"), None) == (
        None,
        "",
    )
