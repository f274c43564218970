from __future__ import annotations

import errno
import os
import resource
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from bertolt.data.readers import open_table
from bertolt.data.writers import open_writer
from bertolt.data.writers.memory import csv_bytes
from bertolt.errors import BertoltError, DataError, DiskError, SettingError

ALL = ["a.csv", "a.tsv", "a.jsonl", "a.parquet"]


def write(path: Path, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> int:
    with open_writer(path, columns) as writer:
        for row in rows:
            writer.write(row)
    return writer.replaced


def parts(error: BertoltError) -> tuple[str, str, str]:
    return error.expected, error.found, error.do


def test_csv_is_written_as_rfc_4180_has_it(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"text": 'a "b", c', "n": 1, "more": [1, {"é": None}]},
        {"text": "two\nlines", "n": 0.5, "more": True},
        {"text": "x\ry", "more": ""},
    ]
    write(tmp_path / "a.csv", ["text", "n", "more"], rows)
    assert (tmp_path / "a.csv").read_bytes().decode() == (
        'text,n,more\n"a ""b"", c",1,"[1, {""é"": null}]"\n"two\nlines",0.5,true\n"x\ry",,\n'
    )


def test_the_header_of_a_tsv_says_that_it_is_quoted(tmp_path: Path) -> None:
    write(tmp_path / "a.tsv", ["text", "n"], [{"text": 'a "b"', "n": 1}, {"text": "c, d", "n": 2}])
    assert (tmp_path / "a.tsv").read_text() == '"text"\t"n"\n"a ""b"""\t1\nc, d\t2\n'


def test_texts_that_spreadsheets_would_run_get_an_apostrophe_and_numbers_stay(tmp_path: Path) -> None:
    texts = ["=1+1", "+1", "-1", "@A1", "\tx", "\rx", "\nx", "＝1", "a=1", " =1", "'=1", ""]
    for name in ("a.csv", "a.tsv"):
        with open_writer(tmp_path / name, ["=text", "n"], safe_for_spreadsheets=True) as writer:
            for text in texts:
                writer.write({"=text": text, "n": -1.5})
        table = list(open_table(tmp_path / name))
        expected = ["'=1+1", "'+1", "'-1", "'@A1", "'\tx", "'\rx", "'\nx", "'＝1", *texts[8:]]
        assert [row.values["'=text"] for row in table] == expected
        assert {row.values["n"] for row in table} == {"-1.5"}
    plain = csv_bytes(["t"], [{"t": "=1"}])
    assert (plain, csv_bytes(["t"], [{"t": "=1"}], safe_for_spreadsheets=True)) == (b"t\n=1\n", b"t\n'=1\n")
    with pytest.raises(SettingError) as error:
        open_writer(tmp_path / "a.jsonl", ["text"], safe_for_spreadsheets=True)
    assert error.value.found == "'a.jsonl'"


def test_json_lines_are_utf8_with_every_column(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", ["text", "n"], [{"n": 1, "text": "é"}, {}])
    assert (tmp_path / "a.jsonl").read_text() == '{"text": "é", "n": 1}\n{"text": null, "n": null}\n'


@pytest.mark.parametrize(("name", "replaced"), [("a.csv", 3), ("a.tsv", 3), ("a.parquet", 3), ("a.jsonl", 0)])
def test_lone_surrogates_are_replaced_and_counted_or_stay_as_escapes(
    tmp_path: Path, name: str, replaced: int
) -> None:
    text = "\ud800é\udfff😀"
    assert write(tmp_path / name, ["text", "tags"], [{"text": text, "tags": ["\udc00"]}]) == replaced
    (row,) = open_table(tmp_path / name)
    assert row.values["text"] == (text if name == "a.jsonl" else "\ufffdé\ufffd😀")


def test_json_lines_hold_surrogates_as_escapes(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", ["text"], [{"text": "\ud800é"}])
    assert (tmp_path / "a.jsonl").read_text() == '{"text": "\\ud800é"}\n'


@pytest.mark.parametrize("name", ALL)
def test_without_rows_a_readable_file_is_written(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, ["text"], [])
    if name == "a.jsonl":
        assert (tmp_path / name).read_bytes() == b""
    else:
        assert (open_table(tmp_path / name).columns, list(open_table(tmp_path / name))) == (("text",), [])


def interrupted(path: Path) -> None:
    with open_writer(path, ["text"]) as writer:
        for number in range(2500):
            writer.write({"text": str(number)})
        raise KeyboardInterrupt


@pytest.mark.parametrize("name", ALL)
def test_a_failure_leaves_the_older_file_and_nothing_else(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, ["text"], [{"text": "old"}])
    before = (tmp_path / name).read_bytes()
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path / name)
    assert os.listdir(tmp_path) == [name]
    assert (tmp_path / name).read_bytes() == before


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("name", ALL)
def test_a_write_that_the_system_refuses_is_a_disk_error_and_leaves_nothing(
    tmp_path: Path, name: str
) -> None:
    rows = [{"text": os.urandom(500).hex()} for _ in range(3000)]
    with largest_file(100_000), pytest.raises(DiskError) as caught:
        write(tmp_path / name, ["text"], rows)
    assert parts(caught.value) == (
        f"that {tmp_path / name} can be written",
        "File too large",
        "check the disk and the path",
    )
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ALL)
def test_a_full_disk_at_the_end_is_told(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskError) as caught:
        write(tmp_path / name, ["text"], [{"text": "a"}])
    assert parts(caught.value) == (
        f"that {tmp_path / name} can be written",
        "No space left on device",
        "free some space there, or write to another disk",
    )
    assert os.listdir(tmp_path) == []


def test_a_link_keeps_pointing_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("real.csv")
    write(tmp_path / "link.csv", ["text"], [{"text": "a"}])
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "text\na\n"


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    cases: list[tuple[Path, list[str], type[BertoltError], tuple[str, str, str]]] = [
        (
            tmp_path / "a.txt",
            ["text"],
            DataError,
            (
                "a file name that ends in .csv, .tsv, .jsonl or .parquet",
                "'a.txt'",
                "choose one of these endings",
            ),
        ),
        (
            tmp_path / "a.csv",
            ["text", "text"],
            DataError,
            (f"a different name for every column of {tmp_path}/a.csv", "'text', 'text'", "rename them"),
        ),
        (
            tmp_path / "a.tsv",
            ["a", "b\tc"],
            DataError,
            (
                f"names of columns without tabs and line breaks, for {tmp_path}/a.tsv",
                "'a', 'b\\tc'",
                "rename them, or write csv",
            ),
        ),
        (
            tmp_path / "folder.csv",
            ["text"],
            DiskError,
            ("the name of a file to write", f"the folder {tmp_path}/folder.csv", "name a file in it"),
        ),
        (
            tmp_path / "no" / "a.csv",
            ["text"],
            DiskError,
            (f"a folder {tmp_path}/no to write a.csv into", "no such folder", f"run: mkdir -p {tmp_path}/no"),
        ),
    ]
    for path, columns, kind, expected in cases:
        with pytest.raises(kind) as caught:
            open_writer(path, columns)
        assert parts(caught.value) == expected


def test_a_value_for_an_unknown_column_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        write(tmp_path / "a.csv", ["text", "label"], [{"text": "a"}, {"text": "b", "lable": 1}])
    assert parts(caught.value) == (
        f"values for text, label in {tmp_path}/a.csv",
        "a value for 'lable' in row 2",
        "name every column when the file is opened",
    )


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (float("nan"), "Out of range float values are not JSON compliant"),
        (b"a", "Object of type bytes is not"),
    ],
)
def test_what_json_cannot_hold_is_told(tmp_path: Path, value: object, found: str) -> None:
    with pytest.raises(DataError) as caught:
        write(tmp_path / "a.jsonl", ["x"], [{"x": 1}, {"x": value}])
    assert caught.value.expected == f"values that JSON can hold in row 2 of {tmp_path}/a.jsonl"
    assert caught.value.found.startswith(found)
    assert os.listdir(tmp_path) == []


def test_parquet_takes_nested_values_and_makes_columns_of_none_strings(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"none": None, "empty": [], "answers": [{"text": "a", "start": 1}], "x": 1},
        {"none": None, "empty": [], "answers": [], "x": 0.5},
    ]
    write(tmp_path / "a.parquet", list(rows[0]), rows)
    assert [row.values for row in open_table(tmp_path / "a.parquet")] == rows
    schema = pq.read_schema(tmp_path / "a.parquet")
    assert [str(kind) for kind in schema.types] == [
        "string",
        "list<element: string>",
        "list<element: struct<text: string, start: int64>>",
        "double",
    ]


@pytest.mark.parametrize(
    ("usual", "odd", "kind"),
    [
        (1, "a", "int64"),
        (1, 1.5, "int64"),
        (0.5, 2**60 + 1, "double"),
        ("a", b"a", "string"),
        ({"a": 1}, {"a": 1, "b": 2}, "struct<a: int64>"),
        (["a"], [1], "list<item: string>"),
        (None, ["a"], "string"),
        (1, 2**70, "int64"),
    ],
)
def test_a_row_that_does_not_fit_the_first_thousand_is_told(
    tmp_path: Path, usual: object, odd: object, kind: str
) -> None:
    rows = [{"x": usual}] * 1234 + [{"x": odd}] + [{"x": usual}] * 100
    with pytest.raises(DataError) as caught:
        write(tmp_path / "a.parquet", ["x"], rows)
    assert parts(caught.value) == (
        f"values of the same kind as in the rows before ({kind}) in the column 'x' of {tmp_path}/a.parquet",
        f"{odd!r} in row 1235",
        "write one kind of value a column, or write jsonl",
    )
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("values", "row", "before"),
    [
        ([1, 2, "a", 3], 3, "the same kind as in the rows before"),
        (["a", b"a"], 2, "the same kind as in the rows before"),
        ([{}, {}], 1, "a kind that parquet has"),
        ([object], 1, "a kind that parquet has"),
    ],
)
def test_a_first_batch_of_several_kinds_is_told(
    tmp_path: Path, values: list[object], row: int, before: str
) -> None:
    with pytest.raises(DataError) as caught:
        write(tmp_path / "a.parquet", ["x"], [{"x": value} for value in values])
    assert parts(caught.value) == (
        f"values of {before} in the column 'x' of {tmp_path}/a.parquet",
        f"{values[row - 1]!r} in row {row}",
        "write one kind of value a column, or write jsonl",
    )


@pytest.mark.parametrize("name", ALL)
def test_rows_are_written_in_constant_memory(tmp_path: Path, name: str) -> None:
    with open_writer(tmp_path / name, ["text"]) as writer:
        writer.write({"text": "a" * 100})
        tracemalloc.start()
        try:
            for number in range(10_000):
                writer.write({"text": f"{number:0100}"})
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 600_000
