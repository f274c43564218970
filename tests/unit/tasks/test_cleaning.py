"""--fix: what the copy holds, and that every change is told."""

from __future__ import annotations

import csv
import json
from pathlib import Path

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
