"""Small files as people and their tools write them: what is read of each, or what is said instead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bertolt.data.sources import open_source
from bertolt.errors import DataError
from bertolt.tasks.reading import ColumnChoice, Reading, read_labelled
from bertolt.tasks.registry import get_task

TEXTS = ("A warm evening.", "A dull evening.", "Lovely acting.", "Awful acting.")


def read(file: Path, task: str = "text-classification", *, text: str = "", label: str = "") -> Reading:
    """The reading of a file for a task, with the columns that were named."""
    found = get_task(task)
    table = open_source(str(file), found.layouts).whole
    assert table is not None
    choice = ColumnChoice((text,) if text else (), (label,) if label else ())
    return read_labelled(found, table, found.Settings(), choice)


def csv_file(*labels: str, separator: str = ",", end: str = "\n", head: str = "text,label") -> bytes:
    lines = [head, *(f"{text}{separator}{label}" for text, label in zip(TEXTS, labels, strict=False))]
    return (end.join(lines) + end).encode()


def json_lines(*rows: Any) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


PAIRS = [{"text": text, "label": label} for text, label in zip(TEXTS, "1010", strict=True)]
CASES: dict[str, tuple[str, bytes, list[str]]] = {
    "index column": ("a.csv", b",text,label\n0,A warm evening.,1\n1,A dull evening.,0\n", ["1", "0"]),
    "floats": ("a.csv", csv_file("1.0", "0.0", "1.0"), ["1", "0", "1"]),
    "fastText": ("a.txt", b"__label__2 A warm evening.\n__label__1 A dull evening.\n", ["2", "1"]),
    "line separators": (
        "a.jsonl",
        json_lines({"text": "A\u2028warm\x85even\u2029ing", "label": "good"}),
        ["good"],
    ),
    "words for nothing": ("a.csv", csv_file("NA", "null", "None"), ["NA", "null", "None"]),
    "a line that names the separator": (
        "a.csv",
        b"\xef\xbb\xbfsep=;\r\n" + csv_file("good", "bad", separator=";", end="\r\n", head="text;label"),
        ["good", "bad"],
    ),
    "pipes": ("a.csv", csv_file("good", "bad", separator="|", head="text|label"), ["good", "bad"]),
    "carriage returns": ("a.csv", csv_file("1", "0", end="\r"), ["1", "0"]),
    "UTF-16 with tabs": (
        "a.txt",
        csv_file("1", "0", separator="\t", end="\r\n", head="text\tlabel").decode().encode("utf-16"),
        ["1", "0"],
    ),
    "objects in a file called json": ("a.json", json_lines(*PAIRS), ["1", "0", "1", "0"]),
    "rows under data": ("a.json", json.dumps({"data": PAIRS}).encode(), ["1", "0", "1", "0"]),
    "pandas' columns": (
        "a.json",
        json.dumps({"text": {"0": TEXTS[0], "1": TEXTS[1]}, "label": {"0": "a", "1": "b"}}).encode(),
        ["a", "b"],
    ),
    "true, 0, 1.0 and a text": (
        "a.jsonl",
        json_lines(*({"text": "A film.", "label": value} for value in (True, 0, 1.0, "0"))),
        ["True", "0", "1", "0"],
    ),
    "joined files": ("a.csv", csv_file("1", "0") + csv_file("1", "0"), ["1", "0", "1", "0"]),
    "no gold label": (
        "a.jsonl",
        json_lines(*({"text": "A film.", "label": value} for value in (0, 1, 2, -1))),
        ["0", "1", "2"],
    ),
    "lists of one label": ("a.jsonl", json_lines({"data": "A film.", "label": ["good"]}), ["good"]),
}


@pytest.mark.parametrize(("name", "content", "labels"), CASES.values(), ids=list(CASES))
def test_labels_are_read(tmp_path: Path, name: str, content: bytes, labels: list[str]) -> None:
    (tmp_path / name).write_bytes(content)
    assert [example.label for example in read(tmp_path / name).examples] == labels


@pytest.mark.parametrize(
    ("column", "labels"),
    [
        (pa.array([True, False]), ["True", "False"]),
        (pa.array(["good", "bad"]).dictionary_encode(), ["good", "bad"]),
    ],
)
def test_columns_of_parquet_are_read(tmp_path: Path, column: Any, labels: list[str]) -> None:
    pq.write_table(pa.table({"text": list(TEXTS[:2]), "label": column}), tmp_path / "a.parquet")
    assert [example.label for example in read(tmp_path / "a.parquet").examples] == labels


def test_a_nested_field_is_named_with_dots(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(json_lines({"review": {"body": "A film."}, "meta": {"stars": 1}}))
    (example,) = read(tmp_path / "a.jsonl", text="review.body", label="meta.stars").examples
    assert (example.text, example.label) == ("A film.", "1")


@pytest.mark.parametrize(
    ("content", "labels"),
    [
        ("text,labels\nA,\"['funny', 'sad']\"\nB,['loud']\nC,[]\n", [{"funny", "sad"}, {"loud"}, set()]),
        ("text,labels\nA,funny|sad\nB,none\nC,funny|sad\n", [{"funny", "sad"}, {"none"}, {"funny", "sad"}]),
    ],
)
def test_lists_of_labels_are_read(tmp_path: Path, content: str, labels: list[set[str]]) -> None:
    (tmp_path / "a.csv").write_text(content, encoding="utf-8")
    found = read(tmp_path / "a.csv", "multi-label-classification").examples
    assert [set(example.labels) for example in found] == labels


def test_a_column_that_counts_is_no_word(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text("1\tAda\tB-PER\n2\tlives\tO\n\n1\tBern\tB-LOC\n", encoding="utf-8")
    found = read(tmp_path / "a.conll", "token-classification").examples
    assert [example.tags for example in found] == [("B-PER", "O"), ("B-LOC",)]
    assert [example.text.split() for example in found] == [["Ada", "lives"], ["Bern"]]


def test_words_that_cannot_be_seen_keep_the_others_in_place(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text("Ada\tB-PER\n\u200b\tO\nlives\tO\n", encoding="utf-8")
    (example,) = read(tmp_path / "a.conll", "token-classification").examples
    words = [example.text[start:end] for start, end in example.words]
    assert (words[0], words[-1]) == ("Ada", "lives")
    assert len(example.tags) == len(words) == 3


REFUSED = {
    "multi-hot lists": ("a.csv", b'text,labels\nA,"[1, 0, 1]"\nB,"[0, 1, 0]"\n', "names"),
    "lists without commas": ("a.csv", b"text,labels\nA,\"['funny' 'sad']\"\n", "a comma between two"),
    "quotes after backslashes": ("a.csv", b'text,label\n"He said \\"A film.\\" and left",1\n', "quote"),
    "a file of tags without blank lines": ("a.bio", b"Ada B-PER\n" * 1001, "1,000 words"),
    "a word of a no-break space": ("a.conll", b"Ada\tB-PER\n\xc2\xa0\tO\n", "not blank on line"),
}


@pytest.mark.parametrize(("name", "content", "said"), REFUSED.values(), ids=list(REFUSED))
def test_what_cannot_be_learnt_from_is_refused(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=said):
        read(tmp_path / name, "multi-label-classification" if name == "a.csv" else "token-classification")
