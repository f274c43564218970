from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from bertolt.data.readers import SUFFIXES, open_table
from bertolt.data.readers.options import ReadSettings
from bertolt.data.sources import open_source
from bertolt.data.table import Layout, Row
from bertolt.errors import DataError, SettingError
from bertolt.training.settings import check_settings


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


@pytest.mark.parametrize(
    "suffix", [suffix for suffix in SUFFIXES if suffix not in {".parquet", ".xlsx", ".xlsm", ".xls", ".ods"}]
)
def test_a_file_of_blank_lines_is_empty(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"\xef\xbb\xbf\n\r\n")
    _, found, do = refused(lambda: open_table(path))
    assert (found, do) == ("an empty file", "check that it was written completely")


def test_an_unknown_ending_is_told(tmp_path: Path) -> None:
    (tmp_path / "README").write_text("Some prose.")
    assert refused(lambda: open_table(tmp_path / "README")) == (
        f"a file name that ends in {', '.join(SUFFIXES)}",
        "'README'",
        "give the file the ending of what it holds, or convert it",
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
def test_wide_encodings_are_read_and_said(tmp_path: Path, data: bytes, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    table = open_table(path)
    assert list(table) == [Row(2, {"text": "é", "label": "1"})]
    assert table.notes == (f"it is read as {encoding}, as its first bytes show",)


def test_windows_1252_is_guessed_and_said(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("text,label\ngood,1\nle café “d’été”,1\n".encode("cp1252"))
    table = open_table(path)
    assert [row.values["text"] for row in table] == ["good", "le café “d’été”"]
    assert table.notes == (
        "it is not UTF-8 and is read as Windows-1252, such as 'café'; "
        "if letters look wrong, name its encoding with --encoding",
    )


@pytest.mark.parametrize(
    ("data", "byte"),
    [
        ("café,1\n".encode("cp1252") + "naïve,1\n".encode(), "E9"),  # half UTF-8
        ("Фильм хороший,1\n".encode("cp1251"), "D4"),  # long runs
        ("miły film,1\n".encode("cp1250"), "B3"),  # ł would be read as ³
        (b"caf\x81,1\n", "81"),  # no character of Windows-1252
    ],
)
def test_an_encoding_that_cannot_be_told_is_refused_with_its_line(
    tmp_path: Path, data: bytes, byte: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"text,label\ngood,1\n" + data)
    assert refused(lambda: list(open_table(path))) == (
        f"text in UTF-8 in {path}",
        f"the byte 0x{byte} on line 3, which is not UTF-8",
        "name the encoding that it has, such as --encoding cp1252, or save it as UTF-8 (in Excel: CSV UTF-8)",
    )


def test_an_encoding_that_is_named_is_used(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("text,label\nФильм,1\n".encode("cp1251"))
    assert list(open_table(path, options=ReadSettings(encoding="windows-1251"))) == [
        Row(2, {"text": "Фильм", "label": "1"})
    ]


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


def _zip(*members: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return stream.getvalue()


DATA = b"text,label\na,1\n"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv.bz2", bz2.compress(DATA)),
        ("a.csv.xz", lzma.compress(DATA)),
        ("a.csv.zst", pa.Codec("zstd").compress(DATA, asbytes=True)),
        ("a.csv.zip", _zip(("b.csv", DATA), ("__MACOSX/b.csv", b"x"), ("README.txt", b"y"))),
        ("a.zip", _zip(("b.csv", DATA))),
        ("a.csv", gzip.compress(DATA)),  # known by its content
    ],
)
def test_compressed_files_are_read_by_their_content(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    assert list(open_table(tmp_path / name)) == [Row(2, {"text": "a", "label": "1"})]


def test_a_member_of_an_archive_is_named_behind_a_colon(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(_zip(("x/train.csv", DATA), ("x/test.csv", DATA.replace(b"a,", b"b,"))))
    assert refused(lambda: open_table(path)) == (
        f"one data file in {path}",
        "2 files: x/train.csv, x/test.csv",
        f"name one, such as {path}:x/train.csv, or unpack the archive",
    )
    whole = open_source(f"{path}:x/test.csv").whole
    assert whole is not None
    assert list(whole) == [Row(2, {"text": "b", "label": "1"})]


def test_what_cannot_be_read_inside_another_file_is_told(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("a.csv"))
    (tmp_path / "a.tar.gz").write_bytes(stream.getvalue())
    assert refused(lambda: open_table(tmp_path / "a.tar.gz"))[1:] == (
        "a tar archive",
        "unpack it first, and name the file in it",
    )


@pytest.mark.parametrize(
    ("name", "compress"),
    [
        ("a.csv.gz", gzip.compress),
        ("a.csv.bz2", bz2.compress),
        ("a.csv.xz", lzma.compress),
        ("a.csv.zst", lambda data: pa.Codec("zstd").compress(data, asbytes=True)),
        ("a.csv.zip", lambda data: _zip(("b.csv", data))),
        ("a.json.gz", gzip.compress),
    ],
)
def test_a_file_that_grows_beyond_its_bound_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, compress: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr("bertolt.data.readers.compression.ALWAYS_ALLOWED", 1_000_000)
    path = tmp_path / name
    path.write_bytes(compress(b"text\n" + b"a" * 15_000_000))
    tracemalloc.start()
    try:
        expected, found, do = refused(lambda: list(open_table(path)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert expected.startswith("at most 1 MB in ")
    assert (found, do) == ("more", "if you trust the file, unpack it first, or raise --max-expansion")
    assert peak < 12_000_000  # xz alone takes 8 MB
    if name == "a.csv.gz":
        (row,) = open_table(path, options=ReadSettings(max_expansion=1_000_000))
        assert len(row.values["text"]) == 15_000_000


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.conll", "a.txt"])
def test_a_line_beyond_the_bound_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("text,label\n" if name == "a.csv" else "")
    with path.open("a") as file:
        file.write("a" * 2000 + "\n")
    expected, found, do = refused(lambda: list(open_table(path, options=ReadSettings(max_cell=1000))))
    assert expected == f"lines of at most 1,000 characters in {path}"
    assert found == f"more on line {1 + (name == 'a.csv')}"
    assert do.endswith("raise --max-cell")


def test_a_cell_of_many_lines_beyond_the_bound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('text,label\n"' + "a line\n" * 500 + '",1\n')
    assert refused(lambda: list(open_table(path, options=ReadSettings(max_cell=1000)))) == (
        f"cells of at most 1000 characters in {path}",
        "more in the record that begins on line 2",
        "look for a double quote that is never closed, or raise --max-cell",
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delimiter": "ab"}, "one character"),
        ({"encoding": "klingon"}, "an encoding that Python knows"),
        ({"encoding": "base64"}, "an encoding that Python knows"),
    ],
)
def test_settings_of_reading_that_cannot_be_used_are_told(options: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        check_settings(ReadSettings, options)


def test_the_ending_may_be_in_capitals(tmp_path: Path) -> None:
    (tmp_path / "A.CSV").write_text("text\na\n")
    assert list(open_table(tmp_path / "A.CSV")) == [Row(2, {"text": "a"})]


def test_a_txt_file_with_tabs_is_tsv(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text\tlabel\na\t1\n")
    assert list(open_table(tmp_path / "a.txt")) == [Row(2, {"text": "a", "label": "1"})]


def test_a_txt_file_without_columns_has_a_text_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Some prose, it says.\n\nMore.\n")
    table = open_table(path)
    assert table.notes == ("each line is a text; there are no labels in it",)
    assert list(table) == [Row(1, {"text": "Some prose, it says."}), Row(3, {"text": "More."})]


def test_fasttext_lines_have_their_labels_before_the_text(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("__label__2 Good, very.\n__label__a __label__b Both.\nNone.\n")
    assert list(open_table(path)) == [
        Row(1, {"text": "Good, very.", "label": "2"}),
        Row(2, {"text": "Both.", "label": ["a", "b"]}),
        Row(3, {"text": "None.", "label": None}),
    ]


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
