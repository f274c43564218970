from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from bertolt.data.readers import open_table
from bertolt.data.table import Row
from bertolt.errors import DataError


def table(tmp_path: Path, data: str | bytes, name: str = "a.csv") -> list[Row]:
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(open_table(path))


def refused(tmp_path: Path, data: str | bytes, name: str = "a.csv") -> tuple[str, str, str]:
    with pytest.raises(DataError) as caught:
        table(tmp_path, data, name)
    return caught.value.expected, caught.value.found, caught.value.do


def test_lines_are_counted_through_quoted_line_breaks(tmp_path: Path) -> None:
    rows = table(tmp_path, 'text,label\n"two\nlines",1\nplain,0\n"a\n\nb\r\nc",1\n,0\n')
    assert rows == [
        Row(2, {"text": "two\nlines", "label": "1"}),
        Row(4, {"text": "plain", "label": "0"}),
        Row(5, {"text": "a\n\nb\r\nc", "label": "1"}),
        Row(9, {"text": "", "label": "0"}),
    ]


def test_a_table_can_be_read_again_and_in_parallel(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text\na\nb\n")
    opened = open_table(path)
    assert [(one.line, two.line) for one, two in zip(opened, opened, strict=True)] == [(2, 2), (3, 3)]
    assert opened.name == str(path)


def test_a_byte_order_mark_and_windows_line_ends_are_no_content(tmp_path: Path) -> None:
    assert table(tmp_path, b"\xef\xbb\xbftext,label\r\na,1\r\n") == [Row(2, {"text": "a", "label": "1"})]


def test_semicolons_separate_where_the_header_has_no_comma(tmp_path: Path) -> None:
    assert table(tmp_path, "text;label\na, b;1\n") == [Row(2, {"text": "a, b", "label": "1"})]


def test_a_semicolon_in_a_quoted_name_separates_nothing(tmp_path: Path) -> None:
    assert table(tmp_path, '"a;b"\nx;y\n') == [Row(2, {"a;b": "x;y"})]


def test_nul_bytes_pass(tmp_path: Path) -> None:
    assert table(tmp_path, "text,label\na\0b,1\n") == [Row(2, {"text": "a\0b", "label": "1"})]


def test_a_field_of_two_million_characters_and_ten_thousand_columns_pass(tmp_path: Path) -> None:
    assert len(table(tmp_path, "text\n" + "é" * 2_000_000 + "\n")[0].values["text"]) == 2_000_000
    names = [f"c{n}" for n in range(10_000)]
    (row,) = table(tmp_path, ",".join(names) + "\n" + ",".join(map(str, range(10_000))) + "\n")
    assert row.values["c9999"] == "9999"


def test_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    assert table(tmp_path, "text,label\n") == []


def test_blank_lines_are_no_records(tmp_path: Path) -> None:
    assert [row.line for row in table(tmp_path, "\ntext,label\n\na,1\n\r\nb,0\n\n")] == [4, 6]


def test_in_one_column_a_blank_line_is_an_empty_field_unless_nothing_follows(tmp_path: Path) -> None:
    rows = table(tmp_path, "text\na\n\nb\n\n\n")
    assert rows == [Row(2, {"text": "a"}), Row(3, {"text": ""}), Row(4, {"text": "b"})]


@pytest.mark.parametrize(("row", "found"), [("only", "1 field"), ("a,b,1", "3 fields")])
def test_another_number_of_fields_is_told_with_its_line(tmp_path: Path, row: str, found: str) -> None:
    assert refused(tmp_path, f'text,label\n"x\ny",1\n{row}\n') == (
        "2 fields, as in the header (text, label)",
        f"{found} on line 4 of {tmp_path}/a.csv",
        "put a field that contains a delimiter, a quote or a line break in double quotes",
    )


def test_many_columns_are_not_all_listed(tmp_path: Path) -> None:
    expected, _, _ = refused(tmp_path, ",".join("abcdefghijkl") + "\n1\n")
    assert expected == "12 fields, as in the header (a, b, c, d, e, f, g, h, i, j, …)"


@pytest.mark.parametrize(
    ("header", "found"),
    [("text,label,text", "'text' twice"), (", ", "no name at all")],
)
def test_header_names_are_there_and_different(tmp_path: Path, header: str, found: str) -> None:
    assert refused(tmp_path, f"{header}\n") == (
        "a header with a different name for every column",
        f"{found} on line 1 of {tmp_path}/a.csv",
        "give every column a name of its own, or remove that column",
    )


def test_a_quote_that_is_never_closed_is_told_with_the_line_of_its_record(tmp_path: Path) -> None:
    assert refused(tmp_path, 'text,label\na,1\n"b,1\nc,1\n') == (
        f"quoted fields that end with a double quote in {tmp_path}/a.csv",
        "a double quote that is never closed in the record that begins on line 3",
        "double every quote inside a quoted field, or close the field",
    )


def test_a_quote_inside_a_quoted_field_that_is_not_doubled_is_told(tmp_path: Path) -> None:
    assert refused(tmp_path, 'text,label\n"b "c" d",1\n') == (
        f"quoted fields that end with a double quote in {tmp_path}/a.csv",
        "',' expected after '\"' in the record that begins on line 2",
        "double every quote inside a quoted field, or close the field",
    )


def test_a_bare_carriage_return_is_told(tmp_path: Path) -> None:
    assert refused(tmp_path, "text,label\na\rb,1\n") == (
        f"line feeds at the ends of the lines of {tmp_path}/a.csv",
        "a bare carriage return in the record that begins on line 2",
        "put that field in double quotes, or save the file with Windows or Unix line ends",
    )


def test_tsv_with_a_stray_quote_is_read_literally(tmp_path: Path) -> None:
    rows = table(tmp_path, '\ufefftext\tlabel\n"all of it"\t1\n" begun\t0\r\n', "a.tsv")
    assert rows == [
        Row(2, {"text": '"all of it"', "label": "1"}),
        Row(3, {"text": '" begun', "label": "0"}),
    ]


def test_tsv_whose_every_quote_is_proper_is_quoted(tmp_path: Path) -> None:
    rows = table(tmp_path, 'text\tlabel\n"say ""yes"""\t1\nplain\t0\n', "a.tsv")
    assert [row.values["text"] for row in rows] == ['say "yes"', "plain"]


def test_tsv_with_a_quoted_header_may_have_tabs_and_line_breaks_in_fields(tmp_path: Path) -> None:
    rows = table(tmp_path, '"text"\t"label"\n"a\tb\nc"\t1\nd\t0\n', "a.tsv")
    assert rows == [Row(2, {"text": "a\tb\nc", "label": "1"}), Row(4, {"text": "d", "label": "0"})]


def test_tsv_with_another_number_of_fields_is_told_with_its_line(tmp_path: Path) -> None:
    assert refused(tmp_path, "text\tlabel\na\tb\t1\n", "a.tsv") == (
        "2 fields, as in the header (text, label)",
        f"3 fields on line 2 of {tmp_path}/a.tsv",
        "correct that line, or save the file as csv if a field contains a delimiter or a line break",
    )


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.conll", "a.conllu"])
def test_rows_stream_in_constant_memory(tmp_path: Path, name: str) -> None:
    record = {
        "a.csv": "some text,1\n",
        "a.tsv": "some text\t1\n",
        "a.jsonl": '{"text": "some text", "label": 1}\n',
        "a.conll": "word\tO\n\n",
        "a.conllu": "1\tword\t_\tX\t_\t_\t0\troot\t_\t_\n\n",
    }[name]
    header = {"a.csv": "text,label\n", "a.tsv": "text\tlabel\n"}.get(name, "")
    number = 200_000 if name == "a.csv" else 20_000
    path = tmp_path / name
    path.write_text(header + record * number)
    opened = open_table(path)
    tracemalloc.start()
    try:
        count = sum(1 for _ in opened)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == number
    assert peak < 300_000
