"""Data in memory: frames of pandas, polars and Arrow, dictionaries of lists, arrays and series of texts.

None of these libraries but pyarrow is imported. A frame is read through the Arrow C stream
(https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html): pandas has it from 2.2 on,
polars from 1.3 on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bertolt.data.table import MemoryTable, Row
from bertolt.errors import DataError, InputError

#: The column into which pandas' index is put; it is no data.
_INDEX = "__index_level_"


def is_frame(value: Any) -> bool:
    """Whether a value is a table with named columns: a frame of pandas or polars, an Arrow table."""
    named = hasattr(value, "columns") or hasattr(value, "schema")
    return named and hasattr(value, "__arrow_c_stream__")


def frame_table(value: Any, name: str = "") -> MemoryTable:
    """A frame as a table; missing values (None, NaN, pandas' NA) are None. The line is the row's number.

    Args:
        value: see ``is_frame``; or a dictionary with a list for each column.
        name: how messages call it; by default the name of its type.

    Raises:
        DataError: a column holds values of several types, or columns differ in length.
    """
    import pyarrow as pa  # takes a third of a second, which a prediction of a text need not wait

    from bertolt.data.readers.arrow import plain_value

    name = name or type(value).__name__
    try:
        if isinstance(value, Mapping):
            table = pa.table({str(column): values_of(values) for column, values in value.items()})
        else:
            table = pa.table(value)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DataError(
            f"columns of equal length in the {name}, each with values of one type",
            " ".join(map(str, error.args))[:300],
            "convert that column to text, or leave it out",
        ) from error
    columns = tuple(column for column in table.column_names if not column.startswith(_INDEX))
    rows = [
        Row(line, {column: plain_value(values[column]) for column in columns})
        for line, values in enumerate(table.to_pylist(), start=1)
    ]
    return MemoryTable(name=name, columns=columns, rows=rows)


def values_of(value: Any) -> list[Any] | None:
    """The values of a list, a tuple, or an array or series of one dimension; None for anything else.

    Arrays and series are those of numpy, pandas, polars and Arrow; their missing values become None.
    """
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, str | bytes | Mapping) or is_frame(value):
        return None
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(value, method) and getattr(value, "ndim", 1) == 1:
            values = getattr(value, method)()
            return [None if _is_missing(each) else each for each in values]
    return None


def _is_missing(value: Any) -> bool:
    """Whether a value is None, NaN, or pandas' NA or NaT."""
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    return isinstance(value, float) and value != value


def refuse_other_collections(value: Any) -> None:
    """Refuses a collection whose elements have no order, or are not single inputs.

    Raises:
        InputError: a set, an array of several dimensions, or a frame that cannot be read, such as one of an
            old pandas, whose elements are the names of its columns.
    """
    dimensions = getattr(value, "ndim", 1)
    if isinstance(value, set | frozenset) or dimensions != 1 or hasattr(value, "columns"):
        shape = f" of {dimensions} dimensions" if dimensions != 1 else ""
        raise InputError(
            "a string, an object of the task's columns, a list of these, or a frame",
            f"a value of type {type(value).__name__}{shape}",
            "give a list",
        )
