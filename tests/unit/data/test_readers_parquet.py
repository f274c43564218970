from __future__ import annotations

import datetime
import json
import tracemalloc
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bertolt.data.readers import open_table
from bertolt.data.readers.options import ReadSettings
from bertolt.data.table import Row
from bertolt.errors import DataError


def saved(tmp_path: Path, columns: dict[str, Any]) -> Path:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def test_records_are_numbered_and_read_again(tmp_path: Path) -> None:
    path = saved(tmp_path, {"text": ["a\nb", None], "n": [1, 2], "tags": [["O"], []]})
    table = open_table(path)
    expected = [
        Row(1, {"text": "a\nb", "n": 1, "tags": ["O"]}),
        Row(2, {"text": None, "n": 2, "tags": []}),
    ]
    assert table.columns == ("text", "n", "tags")
    assert list(table) == expected
    assert list(table) == expected


def test_dates_decimals_maps_and_categories_are_plain_values(tmp_path: Path) -> None:
    day = datetime.date(2026, 1, 2)
    path = saved(
        tmp_path,
        {
            "day": [day],
            "at": [datetime.datetime(2026, 1, 2, 3, 4, 5)],
            "price": [Decimal("1.50")],
            "map": pa.array([[("k", day)]], pa.map_(pa.string(), pa.date32())),
            "category": pa.array(["pos"]).dictionary_encode(),
            "struct": [{"day": day}],
        },
    )
    assert list(open_table(path)) == [
        Row(
            1,
            {
                "day": "2026-01-02",
                "at": "2026-01-02T03:04:05",
                "price": "1.50",
                "map": [["k", "2026-01-02"]],
                "category": "pos",
                "struct": {"day": "2026-01-02"},
            },
        )
    ]


def test_what_is_not_parquet_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_text("text,label\na,1\n")
    with pytest.raises(DataError) as caught:
        open_table(path)
    assert caught.value.expected == f"a whole parquet file in {path}"
    assert "Parquet magic bytes not found" in caught.value.found
    assert caught.value.do == "write or download it again"


def test_a_file_that_is_cut_off_is_told(tmp_path: Path) -> None:
    path = saved(tmp_path, {"text": ["a"] * 1000})
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="a whole parquet file in"):
        open_table(path)


def test_damage_in_the_middle_is_told_while_rows_are_read(tmp_path: Path) -> None:
    path = saved(tmp_path, {"text": [f"text {n}" for n in range(5000)]})
    data = bytearray(path.read_bytes())
    data[4:4000] = bytes(3996)
    path.write_bytes(data)
    table = open_table(path)
    with pytest.raises(DataError) as caught:
        list(table)
    assert caught.value.expected == f"a whole parquet file in {path}"
    assert caught.value.found.endswith(" after record 0")


def test_two_columns_of_one_name_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["text", "text"]), path)
    with pytest.raises(DataError) as caught:
        open_table(path)
    assert (caught.value.expected, caught.value.found, caught.value.do) == (
        f"a different name for every column of {path}",
        "'text' twice",
        "rename one of these columns",
    )


def test_rows_stream_in_constant_memory(tmp_path: Path) -> None:
    path = saved(tmp_path, {"text": [f"text {n}" for n in range(50_000)]})
    table = open_table(path)
    tracemalloc.start()
    try:
        count = sum(1 for _ in table)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 50_000
    assert peak < 1_500_000


def test_the_names_of_classes_in_the_metadata_are_used(tmp_path: Path) -> None:
    classes = {"_type": "ClassLabel", "names": ["O", "B-PER"]}
    features = {
        "label": classes,
        "tags": {"_type": "Sequence", "feature": classes},
        "older": [classes],
        "text": {"_type": "Value", "dtype": "string"},
    }
    data = {
        "label": [1, -1, None],
        "tags": [[0, 1], [], None],
        "older": [[1], [-1], []],
        "text": ["a", "b", "c"],
    }
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    pq.write_table(pa.table(data).replace_schema_metadata(metadata), tmp_path / "a.parquet")
    assert [row.values for row in open_table(tmp_path / "a.parquet")] == [
        {"label": "B-PER", "tags": ["O", "B-PER"], "older": ["B-PER"], "text": "a"},
        {"label": None, "tags": [], "older": [None], "text": "b"},
        {"label": None, "tags": None, "older": [], "text": "c"},
    ]


def test_a_parquet_file_has_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["a" * 1_000_000]}), path)
    with pytest.raises(DataError, match="raise --max-cell"):
        list(open_table(path, options=ReadSettings(max_cell=1000)))
    monkeypatch.setattr("bertolt.data.readers.arrow.ALWAYS_ALLOWED", 1000)
    with pytest.raises(DataError, match="raise --max-expansion"):
        open_table(path, options=ReadSettings(max_expansion=2))
