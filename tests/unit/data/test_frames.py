"""Frames, series and arrays as tables and lists."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from bertolt.data.frames import frame_table, is_frame, refuse_other_collections, values_of
from bertolt.errors import DataError, InputError


class PolarsLike:
    """What polars' frames have of what is used here."""

    columns = ("text", "label")

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._table.__arrow_c_stream__(requested_schema)


class OldFrame:
    """A frame without the Arrow C stream: iterating it gives the names of its columns."""

    columns = ("text", "label")

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)


ARROW = pa.table({"text": ["a", None, "c"], "label": ["x", "y", "x"]})
FRAME = pd.DataFrame({"text": ["a", None, "c"], "label": ["x", "y", "x"]})


@pytest.mark.parametrize("frame", [FRAME, ARROW, PolarsLike(ARROW), ARROW.to_batches()[0]])
def test_every_kind_of_frame_gives_the_same_rows(frame: Any) -> None:
    assert is_frame(frame)
    table = frame_table(frame)
    assert (table.name, table.columns) == (type(frame).__name__, ("text", "label"))
    assert [(row.line, row.values["text"], row.values["label"]) for row in table] == [
        (1, "a", "x"), (2, None, "y"), (3, "c", "x"),
    ]  # fmt: skip


def test_a_dictionary_of_lists_arrays_and_series() -> None:
    table = frame_table({"text": ["a", "b"], "n": np.asarray([1, 2]), "label": pd.Series(["x", pd.NA])})
    assert [dict(row.values) for row in table] == [
        {"text": "a", "n": 1, "label": "x"}, {"text": "b", "n": 2, "label": None},
    ]  # fmt: skip


def test_the_index_is_no_column_and_values_are_those_of_a_file() -> None:
    day = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    frame = pd.DataFrame({"text": ["a"], "score": [float("nan")], "day": [day]}, index=[7])
    (row,) = frame_table(frame)
    assert dict(row.values) == {"text": "a", "score": None, "day": "2026-01-02T00:00:00+00:00"}
    assert frame_table(frame[frame["text"] == "a"]).columns == ("text", "score", "day")


def test_a_column_of_several_types_and_columns_of_several_lengths_are_refused() -> None:
    with pytest.raises(DataError, match="column label"):
        frame_table(pd.DataFrame({"text": ["a", "b"], "label": [1, "x"]}))
    with pytest.raises(DataError, match="columns of equal length in the dict"):
        frame_table({"text": ["a", "b"], "label": ["x"]})


@pytest.mark.parametrize(
    "values",
    [
        np.asarray(["a", "b"]),
        pd.Series(["a", "b"], index=[5, 9]),
        pa.array(["a", "b"]),
        pa.chunked_array([["a"], ["b"]]),
        ("a", "b"),
        pd.Index(["a", "b"]),
    ],
)
def test_series_and_arrays(values: Any) -> None:
    assert not is_frame(values)
    assert values_of(values) == ["a", "b"]


@pytest.mark.parametrize("missing", [None, float("nan"), np.nan, pd.NA, pd.NaT])
def test_what_is_missing_in_a_series_is_none(missing: Any) -> None:
    assert values_of(pd.Series(["a", missing], dtype=object)) == ["a", None]
    assert values_of(pd.Series(["a", None], dtype="string")) == ["a", None]


def test_other_values_are_no_lists() -> None:
    for value in ("text", b"bytes", {"text": "a"}, FRAME, iter(["a"]), 3, None, np.asarray([["a"], ["b"]])):
        assert values_of(value) is None


@pytest.mark.parametrize(
    ("value", "found"),
    [({"a", "b"}, "set"), (np.asarray([["a", "b"]]), "ndarray of 2 dimensions"), (OldFrame(), "OldFrame")],
)
def test_what_has_no_order_of_inputs_is_refused(value: Any, found: str) -> None:
    with pytest.raises(InputError, match=found):
        refuse_other_collections(value)
