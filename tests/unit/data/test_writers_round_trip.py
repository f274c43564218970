"""What is written is read again as it was, for any texts and names of columns."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bertolt.data.readers import open_table
from bertolt.data.readers.options import ReadSettings
from bertolt.data.writers import open_writer

BREAKS = re.compile("[\t\r\n]")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('",;\t\r\n\0\ufeff# ')) | st.text(
    '\n" \t,;a'
)
NAMES = st.lists(TEXTS.filter(str.strip), min_size=1, max_size=4, unique=True)
FLAT = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)
NESTED = st.recursive(
    FLAT | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


def write(path: Path, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    with open_writer(path, columns) as writer:
        for row in rows:
            writer.write(row)


@settings(deadline=None, max_examples=100)
@given(st.data(), st.sampled_from(["a.csv", "a.tsv"]))
def test_delimited_text_comes_back(data: st.DataObject, name: str) -> None:
    columns = data.draw(NAMES)
    if name == "a.tsv":
        columns = [f"{number}{BREAKS.sub('', column)}" for number, column in enumerate(columns)]
    rows = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(columns, TEXTS)), max_size=4))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write(path, columns, rows)
        table = open_table(
            path, options=ReadSettings(header=True, delimiter={"a.csv": ",", "a.tsv": "tab"}[name])
        )
        assert table.columns == tuple(columns)
        repeated = [row for row in rows if len(columns) > 1 and list(row.values()) == columns]
        assert [row.values for row in table] == [row for row in rows if row not in repeated]
        assert sum(map(len, table.left_out.values())) == len(repeated)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_json_lines_come_back(data: st.DataObject) -> None:
    columns = data.draw(NAMES)
    rows = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(columns, NESTED)), min_size=1, max_size=4))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl"
        write(path, columns, rows)
        table = open_table(path)
        assert table.columns == tuple(columns)
        assert [row.values for row in table] == rows


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_parquet_comes_back(data: st.DataObject) -> None:
    columns = data.draw(NAMES)
    kinds: list[st.SearchStrategy[Any]] = [
        TEXTS,
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False),
        st.booleans(),
        st.lists(st.none() | TEXTS, max_size=3),
        st.lists(st.fixed_dictionaries({"text": TEXTS, "start": st.integers(0, 9)}), max_size=3),
    ]
    chosen = {column: st.none() | data.draw(st.sampled_from(kinds)) for column in columns}
    rows = data.draw(st.lists(st.fixed_dictionaries(chosen), max_size=4))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.parquet"
        write(path, columns, rows)
        table = open_table(path)
        assert table.columns == tuple(columns)
        assert [row.values for row in table] == rows
