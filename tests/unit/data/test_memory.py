"""csv in memory: the same reader and the same writer, without a disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from bertolt.data.readers.delimited import open_csv
from bertolt.data.readers.source import text_source
from bertolt.data.writers.memory import csv_bytes
from bertolt.errors import DataError

COLUMNS = ("text", "label", "scores")
ROWS = ({"text": 'says "no",\nthen yes', "label": "é", "scores": [0.5, 1]}, {"text": "", "label": None})
WRITTEN = 'text,label,scores\n"says ""no"",\nthen yes",é,"[0.5, 1]"\n,,\n'


def test_rows_are_written_as_a_file_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert csv_bytes(COLUMNS, ROWS).decode() == WRITTEN
    assert list(tmp_path.iterdir()) == []


def test_what_is_written_is_read_again_and_again() -> None:
    table = open_csv(text_source(Path("a.csv"), content=b"\xef\xbb\xbf" + WRITTEN.encode()))
    read = [{"text": 'says "no",\nthen yes', "label": "é", "scores": "[0.5, 1]"}]
    read.append({"text": "", "label": "", "scores": ""})
    assert table.columns == COLUMNS
    assert [row.values for row in table] == read
    assert [row.values for row in table] == read
    assert [row.line for row in table] == [2, 4]


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(DataError, match="'other' in row 1"):
        csv_bytes(("text",), [{"other": 1}])


def test_bytes_that_are_no_text_name_the_line() -> None:
    with pytest.raises(DataError, match="0xE9 on line 2"):
        list(open_csv(text_source(Path("a.csv"), content=b"text\ncaf\xe9 \x81\n")))
