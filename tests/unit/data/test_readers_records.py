"""Header lines, columns without a name, delimiters and line ends: csv files and sheets."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from bertolt.data.readers import open_table
from bertolt.data.readers.options import ReadSettings
from bertolt.data.table import Row, Table
from bertolt.errors import DataError


def opened(tmp_path: Path, data: str, name: str = "a.csv", **options: Any) -> Table:
    path = tmp_path / name
    path.write_bytes(data.encode())
    return open_table(path, options=ReadSettings(**options))


def values(table: Table) -> list[tuple[Any, ...]]:
    return [tuple(row.values.values()) for row in table]


def test_the_index_of_pandas_is_left_aside(tmp_path: Path) -> None:
    table = opened(tmp_path, ",text,label\n0,a,x\n1,b,y\n2,c,x\n")
    assert table.columns == ("text", "label")
    assert values(table) == [("a", "x"), ("b", "y"), ("c", "x")]
    assert table.notes == ("column 1 has no name and counts the rows: it is left aside",)


def test_empty_columns_of_excel_are_left_aside_and_overflowing_text_is_said(tmp_path: Path) -> None:
    table = opened(tmp_path, "v1,v2,,,\nham,Ok,,,\nspam,Win,more text,,\nham,short row\n")
    assert table.columns == ("v1", "v2")
    assert values(table) == [("ham", "Ok"), ("spam", "Win"), ("ham", "short row")]
    assert table.notes == (
        "columns 4, 5 have neither a name nor a value and are left aside",
        "column 3 has no name and is left aside, though it has values, such as 'more text' on line 3: "
        "name it in the first line to read it",
    )


def test_row_names_of_r_have_no_name_in_the_header(tmp_path: Path) -> None:
    table = opened(tmp_path, "text,label\n1,a,x\n2,b,y\n")
    assert values(table) == [("a", "x"), ("b", "y")]


@pytest.mark.parametrize(
    ("data", "name", "note"),
    [
        ("text|label\na, b; c|x\n", "a.csv", "its fields are separated by pipes (|)"),
        ("text;label\na, b|c;x\n", "a.csv", "semicolons"),
        ("text\tlabel\na, b\tx\n", "a.csv", "tabs"),
        ('text,label\n"a, b",x\n', "a.tsv", "commas"),
        ("\ufeffsep=;\r\ntext;label\r\na, b;x\r\n", "a.csv", "semicolons"),
        ("text|label\na, b|x\n", "a.txt", "pipes"),
    ],
)
def test_a_delimiter_is_guessed_and_said(tmp_path: Path, data: str, name: str, note: str) -> None:
    table = opened(tmp_path, data, name)
    assert table.columns == ("text", "label")
    assert next(iter(table)).values["text"].startswith("a, b")
    assert next(iter(table)).values["label"] == "x"
    assert len(table.notes) == 1
    assert note in table.notes[0]


def test_a_delimiter_that_is_named_is_used(tmp_path: Path) -> None:
    table = opened(tmp_path, "text^label\na^x\n", delimiter="^")
    assert values(table) == [("a", "x")]
    assert table.notes == ()


def test_carriage_returns_alone_end_lines(tmp_path: Path) -> None:
    table = opened(tmp_path, 'text,label\r"a, b",x\rc,y\r')
    assert list(table) == [
        Row(2, {"text": "a, b", "label": "x"}),
        Row(3, {"text": "c", "label": "y"}),
    ]


def test_header_lines_in_the_middle_are_left_out(tmp_path: Path) -> None:
    for name, mark in (("a.csv", ","), ("a.tsv", "\t"), ("a.txt", "\t")):
        header = f"text{mark}label\n"
        table = opened(tmp_path, f"{header}a{mark}x\n{header}b{mark}y\n{header}", name)
        assert values(table) == [("a", "x"), ("b", "y")]
        assert table.left_out == {"repeats of the header line": [3, 5]}


@pytest.mark.parametrize(
    ("data", "shown", "choice"),
    [
        (
            "a fine film,good\na dull one,bad\nmore of it,good\n",
            "'a fine film', 'good'",
            "--text 1 --label 2",
        ),
        ("1,a fine film\n0,a dull one\n1,more of it\n", "'1', 'a fine film'", "--text 2 --label 1"),
    ],
)
def test_a_file_without_a_header_is_said_to_be_one(
    tmp_path: Path, data: str, shown: str, choice: str
) -> None:
    with pytest.raises(DataError) as caught:
        opened(tmp_path, data)
    assert caught.value.expected == f"a first line with the names of the columns in {tmp_path}/a.csv"
    assert caught.value.found == f"a line like the others: {shown}"
    assert caught.value.do == (
        f"add --no-header and choose the columns by number, such as: --no-header {choice} "
        "(if these are names, add --header)"
    )
    table = opened(tmp_path, data, header=False)
    assert (table.columns, len(list(table))) == (("1", "2"), 3)
    assert len(list(opened(tmp_path, data, header=True))) == 2


@pytest.mark.parametrize(
    "data",
    [
        "0,1\na,x\nb,y\n",  # pandas numbers columns without a name
        "funny,sad\nfunny,\n,sad\n",  # a form's boxes: the name or nothing
        "What did you like about it?,stars\nThe food was good.,5\nNothing at all.,1\n",
    ],
)
def test_unusual_names_are_still_a_header(tmp_path: Path, data: str) -> None:
    assert len(list(opened(tmp_path, data))) == 2


def test_long_names_are_cut_in_messages(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        list(opened(tmp_path, f"{'x' * 100},label\nonly\n"))
    assert caught.value.expected == f"2 fields, as in the header ({'x' * 40}, label)"


SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def write_xlsx(path: Path, sheets: dict[str, list[list[Any]]]) -> None:
    """A workbook as small as one can be; None is a cell that is not there."""

    def cell(place: int, line: int, value: Any) -> str:
        where = f'r="{chr(65 + place)}{line}"'
        if isinstance(value, str):
            return f'<c {where} t="inlineStr"><is><t>{value}</t></is></c>'
        return "" if value is None else f"<c {where}><v>{value}</v></c>"

    def rows(records: list[list[Any]]) -> str:
        found = []
        for line, record in enumerate(records, start=1):
            cells = "".join(cell(place, line, value) for place, value in enumerate(record))
            found.append(f'<row r="{line}">{cells}</row>')
        return f'<worksheet xmlns="{SHEET}"><sheetData>{"".join(found)}</sheetData></worksheet>'

    names = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, start=1)
    )
    targets = "".join(
        f'<Relationship Id="r{n}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types"/>')
        book.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
            f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{SHEET}" xmlns:r="{RELATIONS}"><sheets>{names}</sheets></workbook>',
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{PACKAGE}/relationships">{targets}</Relationships>',
        )
        for n, records in enumerate(sheets.values(), start=1):
            book.writestr(f"xl/worksheets/sheet{n}.xml", rows(records))


RECORDS = [
    ["text", "stars", None],
    ["Good.", 5, None],
    ["text", "stars", None],
    [None] * 3,
    ["Bad.", 1.5, "x"],
]


def test_the_only_sheet_with_rows_is_read(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "a.xlsx", {"Reviews": RECORDS, "Empty": []})
    table = open_table(tmp_path / "a.xlsx")
    assert list(table) == [
        Row(2, {"text": "Good.", "stars": 5}),
        Row(5, {"text": "Bad.", "stars": 1.5}),
    ]
    assert table.left_out == {"repeats of the header line": [3]}
    assert table.notes[0] == "the sheet 'Reviews' is read"
    assert table.notes[1].startswith("column 3 has no name and is left aside, though it has values")


def test_of_several_sheets_one_is_chosen(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_xlsx(path, {"A": [["text"], ["a"]], "B b": [["text"], ["b"]]})
    with pytest.raises(DataError) as caught:
        open_table(path)
    assert (caught.value.found, caught.value.do) == ("2: 'A', 'B b'", "choose one: --sheet 'A'")
    for sheet in ("B b", "2"):
        table = open_table(path, options=ReadSettings(sheet=sheet))
        assert (values(table), table.notes) == ([("b",)], ())
    with pytest.raises(DataError, match="the sheets 'A', 'B b'"):
        open_table(path, options=ReadSettings(sheet="C"))


def test_a_workbook_that_is_none_or_grows_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.xlsx"
    path.write_text("text,label\n")
    with pytest.raises(DataError, match="a whole workbook in"):
        open_table(path)
    write_xlsx(path, {"A": [["text"], ["a" * 200_000]]})
    with pytest.raises(DataError, match="raise --max-cell"):
        open_table(path, options=ReadSettings(max_cell=1000))
    monkeypatch.setattr("bertolt.data.readers.sheet.ALWAYS_ALLOWED", 100_000)
    with pytest.raises(DataError, match="raise --max-expansion"):
        open_table(path, options=ReadSettings(max_expansion=10))
