"""Unlabelled text: what is one document, what is said of it, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bertolt.data.documents import Document, read_documents
from bertolt.errors import DataError, UnknownNameError


def _write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_lines_are_documents(tmp_path: Path) -> None:
    found = read_documents([_write(tmp_path / "a.txt", "\none film\r\n two films \n\n\n")])
    assert found.documents == [Document(2, "one film"), Document(3, "two films")]
    assert found.notes == [f"{tmp_path / 'a.txt'}: 2 documents; each line is a document"]


def test_blank_lines_separate_documents_of_sentences(tmp_path: Path) -> None:
    found = read_documents([_write(tmp_path / "a.txt", "One.\nTwo.\n \nThree.\n")])
    assert found.documents == [Document(1, "One. Two.", ("One.", "Two.")), Document(4, "Three.")]
    assert "each line is a sentence" in found.notes[0]


def test_a_tab_in_a_text_file_is_text(tmp_path: Path) -> None:
    found = read_documents([_write(tmp_path / "a.txt", "a\tb\nc\td\n")])
    assert [document.text for document in found.documents] == ["a\tb", "c\td"]


def test_tables_by_their_text_column_and_several_data(tmp_path: Path) -> None:
    table = _write(tmp_path / "a.csv", "id,review\n1,a film<br />b\n2,\n3,another\n")
    lines = _write(tmp_path / "b.jsonl", "".join(json.dumps({"body": text}) + "\n" for text in "xy"))
    found = read_documents([table, lines])
    assert [(each.line, each.text) for each in found.documents] == [
        (2, "a film<br />b"), (4, "another"), (1, "x"), (2, "y"),
    ]  # fmt: skip
    assert any("1 row left out, without text: line 3" in note for note in found.notes)
    assert any("HTML line breaks (<br />) in 1 document," in note for note in found.notes)


def test_a_named_column(tmp_path: Path) -> None:
    table = _write(tmp_path / "a.csv", "text,plot\nno,yes\n")
    assert read_documents([table], ["plot"]).documents[0].text == "yes"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "text\n1\n2.5\n-3e2\n", "numbers only"),
        ("a.jsonl", '{"text": 5}\n', "found int"),
        ("a.csv", "id\n1\n", "a text column"),
        ("a.txt", "\n \n", "text in"),
        ("a.csv", "text,label\n,1\n", "text in"),
    ],
)
def test_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_documents([_write(tmp_path / name, text)])


def test_text_that_is_not_utf_8_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"fine\ncaf\x81\n")
    with pytest.raises(DataError, match="line 2"):
        read_documents([str(path)])


def test_unknown_names(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="imdb"):
        read_documents(["imbd"])
    with pytest.raises(DataError, match="no file"):
        read_documents([str(tmp_path / "none.txt")])
