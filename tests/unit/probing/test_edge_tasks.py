"""Rows of every edge task as labelled spans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bertolt.data.edges import EdgeExample, LeftOut
from bertolt.data.table import Row
from bertolt.errors import DataError, UnknownNameError
from bertolt.probing.edge_tasks import (
    EDGE_TASKS,
    NO_HEAD,
    NOT_FOUND,
    OPEN,
    get_edge_task,
    open_edges,
    read_edge,
)

TREE = {
    "text": "The cat sat.", "words": ["The", "cat", "sat", "."], "upos": ["DET", "NOUN", "VERB", "_"],
    "xpos": ["DT", "NN", "VBD", "."], "heads": [2, 3, 0, None], "deprels": ["det", "nsubj", "root", "_"],
}  # fmt: skip


def _read(task: str, values: dict[str, Any], label: str | None = None) -> tuple[EdgeExample, LeftOut]:
    left_out = LeftOut()
    return read_edge(get_edge_task(task), Row(3, values), label, left_out), left_out


def _shown(example: EdgeExample) -> list[tuple[str, ...]]:
    return [
        (*(example.text[start:stop] for start, stop in target.spans), *target.labels)
        for target in example.targets
    ]


def test_part_of_speech_by_either_column() -> None:
    example, left_out = _read("pos", TREE)
    assert _shown(example) == [("The", "DET"), ("cat", "NOUN"), ("sat", "VERB")]
    assert left_out.counts() == {OPEN: 1}
    assert _shown(_read("pos", TREE, "xpos")[0])[0] == ("The", "DT")
    with pytest.raises(UnknownNameError, match="xpoz"):
        _read("pos", TREE, "xpoz")


def test_dependencies_and_phrases() -> None:
    example, left_out = _read("dependencies", TREE)
    assert _shown(example) == [("The", "cat", "det"), ("cat", "sat", "nsubj"), ("sat", "sat", "root")]
    assert left_out.counts() == {NO_HEAD: 1}
    assert _shown(_read("phrases", TREE)[0]) == [("The cat", "NP"), ("The cat sat", "clause")]


def test_entities() -> None:
    values = {"words": ["New", "York", "is", "Rome"], "tags": ["B-LOC", "I-LOC", "O", "B-ORG"]}
    assert _shown(_read("entities", values)[0]) == [("New York", "LOC"), ("Rome", "ORG")]


def test_pronouns_stand_behind_both_candidates_where_one_does() -> None:
    values = {
        "text": "It was he who said that Tom beat Jim because he ran.", "pronoun": "he",
        "candidates": ["Tom", "jim"], "answer": "Jim",
    }  # fmt: skip
    example, _ = _read("dpr", values)
    assert _shown(example) == [("he", "Tom", "not meant"), ("he", "Jim", "meant")]
    assert example.targets[0].spans[0][0] == values["text"].rindex("he")
    missing, left_out = _read("dpr", {**values, "candidates": ["Tom", "Ann"], "answer": "Ann"})
    assert missing.targets == ()
    assert left_out.counts() == {NOT_FOUND: 1}


def test_jiants_format_for_any_task_and_files_by_their_endings(tmp_path: Path) -> None:
    row = {"text": "a b", "targets": [{"span1": [0, 1], "span2": [1, 2], "label": "x"}]}
    assert _shown(_read("relations", row)[0]) == [("a", "b", "x")]
    file = tmp_path / "TRAIN_FILE.TXT"
    file.write_text('1\t"<e1>a</e1> <e2>b</e2>"\nOther\n', encoding="utf-8")
    task = get_edge_task("relations")
    assert [_shown(read_edge(task, each, None, LeftOut())) for each in open_edges(task, str(file))] == [
        [("a", "b", "Other")]
    ]
    with pytest.raises(DataError, match="no file"):
        open_edges(task, str(tmp_path / "missing.txt"))


@pytest.mark.parametrize("task", [each.name for each in EDGE_TASKS])
def test_other_columns_are_refused(task: str) -> None:
    with pytest.raises((DataError, UnknownNameError)):
        _read(task, {"sentence": "a", "label": "b"})


def test_an_unknown_task_offers_near_ones() -> None:
    with pytest.raises(UnknownNameError, match="relations"):
        get_edge_task("relation")
