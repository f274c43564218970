"""--fix: what the copy holds, and that every change is told."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from bertolt.data.readers import open_table
from bertolt.errors import InputError
from bertolt.tasks.cleaning import Cleaning, clean_table
from bertolt.tasks.reading import ColumnChoice
from bertolt.tasks.registry import get_task

ROWS = [
    ("id", "review", "label"),
    ("1", "Good.<br /><br />R&amp;D is &lt;3", "pos"),
    ("2", "Good film", "Pos"),
    ("3", "Good film", "pos"),
    ("4", "", "pos"),
    ("5", "no label", ""),
    ("6", "bad film", "neg"),
    ("7", "Bad film!", "neg"),
    ("8", "bad film", "pos"),
]


def clean(tmp_path: Path, task: str = "text-classification") -> tuple[list[dict[str, str]], Cleaning]:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    with source.open("w", newline="") as file:
        csv.writer(file).writerows(ROWS)
    found = get_task(task)
    done = clean_table(open_table(source), found, found.Settings(), ColumnChoice(), out)
    with out.open(newline="") as file:
        return list(csv.DictReader(file)), done


def test_the_copy_keeps_other_columns_and_what_only_a_person_can_decide(tmp_path: Path) -> None:
    rows, done = clean(tmp_path)
    assert [tuple(row.values()) for row in rows] == [
        ("1", "Good. R&D is <3", "pos"),
        ("2", "Good film", "pos"),
        ("6", "bad film", "neg"),
        ("7", "Bad film!", "neg"),  # not equal to the letter
        ("8", "bad film", "pos"),  # two labels for one text
    ]
    assert done.rows == 5


def test_every_change_is_told_with_its_lines(tmp_path: Path) -> None:
    _, done = clean(tmp_path)
    assert done.changes == {
        "HTML removed": [2],
        "label 'Pos' written as 'pos'": [3],
        "left out, the same as an earlier row": [4],
        "left out, without text": [5],
        "left out, without a label": [6],
    }


def test_the_data_itself_is_never_overwritten(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text,label\na,x\nb,y\n")
    task = get_task("text-classification")
    with pytest.raises(InputError, match="another file"):
        clean_table(open_table(source), task, task.Settings(), ColumnChoice(), source)
    assert source.read_text() == "text,label\na,x\nb,y\n"


def test_texts_with_offsets_stay_as_they_are(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    answers = {"text": ["film"], "answer_start": [5]}
    row = {"question": "What?", "context": "A <b>film</b> here", "answers": answers}
    source.write_text(json.dumps(row) + "\n")
    task = get_task("question-answering")
    done = clean_table(open_table(source), task, task.Settings(), ColumnChoice(), out)
    assert (done.rows, done.changes) == (1, {})
    assert "<b>film</b>" in out.read_text()


def fixed(tmp_path: Path, rows: list[dict[str, Any]], task: str) -> tuple[list[Any], Cleaning]:
    """The label column of the copy."""
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = get_task(task)
    done = clean_table(open_table(source), found, found.Settings(), ColumnChoice(), out)
    return [list(json.loads(line).values())[1] for line in out.read_text().splitlines()], done


def test_labels_in_other_characters_are_joined(tmp_path: Path) -> None:
    labels = ["été", "été", "e\u0301te\u0301", "１", "1", "1.0", "1", " été "]
    rows = [{"text": f"text {number}", "label": label} for number, label in enumerate(labels)]
    found, done = fixed(tmp_path, rows, "text-classification")
    assert found == ["été", "été", "été", "1", "1", "1", "1", "été"]
    assert done.changes["label '1.0' written as '1'"] == [6]


def test_labels_in_lists_and_in_texts_are_joined(tmp_path: Path) -> None:
    given = [["joy", "Love"], "joy|love", "['Joy', 'love']", ["love"], "joy"]
    rows = [{"text": f"text {number}", "labels": label} for number, label in enumerate(given)]
    found, done = fixed(tmp_path, rows, "multi-label-classification")
    assert found == [["joy", "love"], "joy|love", '["joy", "love"]', ["love"], "joy"]
    assert sorted(done.changes) == ["label 'Joy' written as 'joy'", "label 'Love' written as 'love'"]


def test_the_digit_0_becomes_the_letter_o(tmp_path: Path) -> None:
    rows = [{"words": ["Ada", "ran", str(number)], "tags": ["B-PER", "0", "0"]} for number in range(3)]
    found, done = fixed(tmp_path, rows, "token-classification")
    assert found == [["B-PER", "O", "O"]] * 3
    assert done.changes == {"label '0' written as 'O'": [1, 2, 3]}


def test_rows_whose_label_stands_for_no_label_are_left_out(tmp_path: Path) -> None:
    rows = [{"text": f"text {number}", "label": number % 4 - 1} for number in range(8)]
    found, done = fixed(tmp_path, rows, "text-classification")
    assert found == [0, 1, 2, 0, 1, 2]
    assert done.changes == {"left out, without a label (-1)": [1, 5]}
