from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bertolt.data.readers import open_table
from bertolt.data.table import Table
from bertolt.tasks.reading import ColumnChoice, read_labelled
from bertolt.tasks.registry import get_task

TEXT = "Ada Byron moved to Bern."
SPANS = [[0, 9, "PER"], [19, 23, "LOC"]]
WORDS = ["Ada", "Byron", "moved", "to", "Bern", "."]
TAGS = ["B-PER", "I-PER", "O", "O", "B-LOC", "O"]


def lines(tmp_path: Path, *rows: Any) -> Table:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return open_table(path)


def document(tmp_path: Path, *rows: Any) -> Table:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(rows))
    return open_table(path)


def objects(start: str, end: str, label: str) -> list[dict[str, Any]]:
    return [
        {start: begin, end: stop, label: [name] if label == "labels" else name} for begin, stop, name in SPANS
    ]


@pytest.mark.parametrize(
    "row",
    [
        {"id": 1, "text": TEXT, "label": SPANS},  # doccano
        {"id": 1, "data": TEXT, "label": SPANS},  # doccano, older
        {"id": 1, "text": TEXT, "entities": objects("start_offset", "end_offset", "label"), "relations": []},
        {"text": TEXT, "spans": objects("start", "end", "label"), "answer": "accept"},  # Prodigy
        {"text": TEXT, "entities": SPANS},  # spaCy
        {"id": 1, "text": TEXT, "label": objects("start", "end", "labels"), "annotator": 2},  # JSON-MIN
    ],
)
def test_character_spans_become_tags_of_words_and_offsets_stay(tmp_path: Path, row: dict[str, Any]) -> None:
    empty = {key: [] if isinstance(value, list) else value for key, value in row.items()}
    for table in (lines(tmp_path, empty, row), document(tmp_path, empty, row)):
        first, second = table
        assert (first.values["words"], first.values["tags"]) == (WORDS, ["O"] * 6)
        assert (second.values["text"], second.values["words"], second.values["tags"]) == (TEXT, WORDS, TAGS)
        assert len(table.notes) == 1
        assert table.notes[0].endswith("are read as tags of words (columns 'words' and 'tags')")
    task = get_task("token-classification")
    reading = read_labelled(task, table, task.Settings(), ColumnChoice())
    example = reading.examples[-1]
    assert example.text == TEXT
    assert [example.text[begin:stop] for begin, stop in example.words] == WORDS
    assert example.tags == tuple(TAGS)


def test_of_spans_that_overlap_the_longest_stays_and_half_words_are_widened(tmp_path: Path) -> None:
    spans = [[0, 3, "A"], [0, 9, "B"], [10, 13, "C"], [16, 16, "D"]]
    table = lines(tmp_path, {"text": TEXT, "label": spans})
    (row,) = table
    assert row.values["tags"] == ["B-B", "I-B", "B-C", "O", "O", "O"]
    assert table.notes[1:] == (
        "1 spans overlap a longer or earlier one and are not read",
        "1 spans begin or end inside a word and take the whole word",
        "1 spans hold no word of their text and are not read",
    )


def test_doccano_classes_are_labels(tmp_path: Path) -> None:
    rows = [{"id": n, "data": f"text {n}", "label": [name], "Comments": []} for n, name in enumerate("xyxy")]
    task = get_task("text-classification")
    table = lines(tmp_path, *rows, {"id": 9, "data": "open", "label": [], "Comments": []})
    reading = read_labelled(task, table, task.Settings(), ColumnChoice())
    assert [(each.text, each.label) for each in reading.examples] == [
        ("text 0", "x"),
        ("text 1", "y"),
        ("text 2", "x"),
        ("text 3", "y"),
    ]
    assert reading.without_label == [5]


def task_of(result: list[dict[str, Any]], **annotation: Any) -> dict[str, Any]:
    return {"id": 1, "data": {"text": TEXT}, "annotations": [{"result": result, **annotation}]}


def test_label_studio_choices_are_labels(tmp_path: Path) -> None:
    good = {"type": "choices", "from_name": "mood", "value": {"choices": ["good"]}}
    both = {"type": "choices", "from_name": "mood", "value": {"choices": ["good", "long"]}}
    other = {"type": "textarea", "value": {"text": ["hm"]}}
    skipped = {
        "id": 2,
        "data": {"text": "skipped"},
        "annotations": [{"result": [good], "was_cancelled": True}],
    }
    twice = task_of([good])
    twice["annotations"].append({"result": [both]})
    table = document(tmp_path, task_of([good, other]), task_of([both]), skipped, twice)
    assert [row.values for row in table] == [
        {"text": TEXT, "label": "good"},
        {"text": TEXT, "label": ["good", "long"]},
        {"text": "skipped"},
        {"text": TEXT, "label": "good"},
    ]
    assert table.notes == (
        "it is read as an export of Label Studio",
        "1 tasks have more than one annotation: the first is read",
        "1 results of the kind 'textarea' are not read",
    )


def test_label_studio_spans_are_tags(tmp_path: Path) -> None:
    results = [
        {"type": "labels", "value": {"start": start, "end": end, "text": "…", "labels": [name]}}
        for start, end, name in SPANS
    ]
    (first, second) = document(tmp_path, task_of(results), task_of([]))
    assert (first.values["words"], first.values["tags"]) == (WORDS, TAGS)
    assert second.values["tags"] == ["O"] * 6


def test_two_questions_of_label_studio_have_a_column_each(tmp_path: Path) -> None:
    results = [
        {"type": "choices", "from_name": "mood", "value": {"choices": ["good"]}},
        {"type": "rating", "from_name": "stars", "value": {"rating": 4}},
    ]
    (row,) = document(tmp_path, task_of(results))
    assert row.values == {"text": TEXT, "mood": "good", "stars": 4}
