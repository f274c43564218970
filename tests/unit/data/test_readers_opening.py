from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bertolt.data.readers import SUFFIXES, open_table
from bertolt.data.table import Layout, Row
from bertolt.errors import DataError


def refused(call: Callable[[], object]) -> tuple[str, str, str]:
    with pytest.raises(DataError) as caught:
        call()
    return caught.value.expected, caught.value.found, caught.value.do


def test_a_missing_file_is_told_with_near_names(tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_text("text\na\n")
    assert refused(lambda: open_table(tmp_path / "review.csv")) == (
        "a data file",
        f"no file {tmp_path}/review.csv",
        f"did you mean {tmp_path}/reviews.csv?",
    )


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    assert refused(lambda: open_table(tmp_path / "no" / "reviews.csv")) == (
        "a data file",
        f"no file {tmp_path}/no/reviews.csv",
        f"check the path: there is no folder {tmp_path}/no",
    )


def test_a_folder_is_no_data_file_and_a_file_in_it_is_offered(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("")
    (tmp_path / "train.csv").write_text("text\na\n")
    assert refused(lambda: open_table(tmp_path)) == (
        "a data file",
        f"the folder {tmp_path}",
        f"name one file, such as {tmp_path}/train.csv",
    )


def test_a_pipe_cannot_be_read_twice(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.csv")
    assert refused(lambda: open_table(tmp_path / "a.csv")) == (
        "a file that can be read twice",
        f"{tmp_path}/a.csv, which is a pipe or a device",
        "save the data to a file first",
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_empty_file_is_told(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.touch()
    assert refused(lambda: open_table(path)) == (
        f"data in {path}",
        "an empty file",
        "check that it was written completely",
    )


@pytest.mark.parametrize("suffix", [suffix for suffix in SUFFIXES if suffix != ".parquet"])
def test_a_file_of_blank_lines_is_empty(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"\xef\xbb\xbf\n\r\n")
    _, found, do = refused(lambda: open_table(path))
    assert (found, do) == ("an empty file", "check that it was written completely")


@pytest.mark.parametrize(
    ("name", "do"),
    [
        ("a.xlsx", "save the sheet as CSV UTF-8"),
        ("a.csv.zip", "give the file the ending of what it holds, or convert it"),
        ("README", "give the file the ending of what it holds, or convert it"),
    ],
)
def test_an_unknown_ending_is_told(tmp_path: Path, name: str, do: str) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04")
    assert refused(lambda: open_table(tmp_path / name)) == (
        "a file name that ends in .csv, .tsv, .jsonl, .ndjson, .json, .conll, .bio, .iob, .conllu, .parquet",
        repr(name),
        do,
    )


def test_an_unreadable_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text\na\n")

    def forbidden(self: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)  # the tests may run as root, whom no permission stops
    assert refused(lambda: open_table(path)) == (
        f"a file that can be read at {path}",
        "Permission denied",
        "check its permissions and its disk",
    )


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("text,label\né,1\n".encode("utf-16"), "UTF-16"),
        ("text,label\né,1\n".encode("utf-16-le"), "UTF-16"),
        ("text,label\né,1\n".encode("utf-16-be"), "UTF-16"),
        ("text,label\né,1\n".encode("utf-32"), "UTF-32"),
    ],
)
def test_wide_encodings_are_recognised(tmp_path: Path, data: bytes, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    assert refused(lambda: open_table(path)) == (
        f"text in UTF-8 in {path}",
        f"text in {encoding}",
        "save it as UTF-8 (in Excel: CSV UTF-8), or run, with the encoding it has: "
        f"iconv -f {encoding} -t UTF-8 a.csv > a-utf8.csv",
    )


def test_a_wrong_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"text,label\ngood,1\n" + "café,1\n".encode("latin-1"))
    assert refused(lambda: list(open_table(path))) == (
        f"text in UTF-8 in {path}",
        "the byte 0xE9 on line 3, which is not UTF-8",
        "save it as UTF-8 (in Excel: CSV UTF-8), or run, with the encoding it has: "
        "iconv -f WINDOWS-1252 -t UTF-8 a.csv > a-utf8.csv",
    )


def test_text_formats_are_read_from_gzip(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"text,label\na,1\n"))
    assert list(open_table(path)) == [Row(2, {"text": "a", "label": "1"})]


def test_damaged_gzip_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"text,label\na,1\n")[:-9])
    expected, found, do = refused(lambda: list(open_table(path)))
    assert expected == f"a whole gzip file in {path}"
    assert found.startswith("damaged data (")
    assert do == "download or compress it again"


def test_the_ending_may_be_in_capitals(tmp_path: Path) -> None:
    (tmp_path / "A.CSV").write_text("text\na\n")
    assert list(open_table(tmp_path / "A.CSV")) == [Row(2, {"text": "a"})]


def test_a_txt_file_with_tabs_is_tsv(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text\tlabel\na\t1\n")
    assert list(open_table(tmp_path / "a.txt")) == [Row(2, {"text": "a", "label": "1"})]


def test_a_txt_file_without_tabs_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Some prose.\n")
    assert refused(lambda: open_table(path)) == (
        f"columns separated by tabs, under a header line, in {path}",
        "a first line without a tab",
        "write its lines into a csv file under a header line such as: text",
    )


COLA = Layout("CoLA tsv", ("source", "label", "mark", "sentence"), lambda fields: len(fields) == 4)


def test_a_layout_gives_the_columns_of_a_file_without_a_header(tmp_path: Path) -> None:
    path = tmp_path / "in_domain_dev.tsv"
    path.write_text('gj04\t1\t\tHe said "yes".\ncj99\t0\t*\tThe more.\n')
    table = open_table(path, [COLA])
    assert table.columns == COLA.columns
    assert getattr(table, "layout", None) is COLA
    assert list(table) == [
        Row(1, {"source": "gj04", "label": "1", "mark": "", "sentence": 'He said "yes".'}),
        Row(2, {"source": "cj99", "label": "0", "mark": "*", "sentence": "The more."}),
    ]


def test_a_layout_names_itself_where_a_row_does_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("gj04\t1\t\tA.\ncj99\t0\tB.\n")
    assert refused(lambda: list(open_table(path, [COLA]))) == (
        "4 fields, as in CoLA tsv (source, label, mark, sentence)",
        f"3 fields on line 2 of {path}",
        "correct that line, or save the file as csv if a field contains a delimiter or a line break",
    )


def test_a_layout_that_does_not_match_leaves_the_header_line(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("text\tlabel\na\t1\n")
    table = open_table(path, [COLA])
    assert table.columns == ("text", "label")
    assert getattr(table, "layout", COLA) is None


def test_a_layout_brings_its_suffix_and_the_last_column_takes_the_rest_after_a_space(tmp_path: Path) -> None:
    path = tmp_path / "stsa.binary.dev"
    path.write_text("1 a fine film .\n0 dull\n")
    layout = Layout("SST", ("label", "text"), lambda fields: fields[0] in {"0", "1"}, (".dev", ".train"), " ")
    assert list(open_table(path, [layout])) == [
        Row(1, {"label": "1", "text": "a fine film ."}),
        Row(2, {"label": "0", "text": "dull"}),
    ]


def test_a_layout_with_commas_is_quoted_as_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('3,"Title","Text, quoted"\n')
    layout = Layout("AG News csv", ("label", "title", "text"), lambda f: f[0].isdigit(), (".csv",), ",")
    assert list(open_table(path, [layout])) == [
        Row(1, {"label": "3", "title": "Title", "text": "Text, quoted"})
    ]
