"""Parquet, read in batches."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bertolt.data.table import Noted, Row
from bertolt.errors import DataError

_BATCH_ROWS = 1024


@dataclass(frozen=True, slots=True)
class ParquetTable(Noted):
    """Records of a parquet file; the line is the number of the record.

    Dates and times come as ISO 8601 text, decimals as their digits, maps as lists of pairs, bytes as
    they are.

    Args:
        name: how messages call it.
        columns: the names of its columns.
        path: the file.
    """

    name: str
    columns: tuple[str, ...]
    path: Path

    def __iter__(self) -> Iterator[Row]:
        line = 0
        try:
            with pq.ParquetFile(self.path) as file:
                special = [field.name for field in file.schema_arrow if not _is_plain(field.type)]
                for batch in file.iter_batches(batch_size=_BATCH_ROWS):
                    for values in batch.to_pylist():
                        line += 1
                        for column in special:
                            values[column] = plain_value(values[column])
                        yield Row(line, values)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise _unreadable(self.name, error, f" after record {line}") from error


def open_parquet(path: Path, name: str) -> ParquetTable:
    """Opens a parquet file.

    Args:
        path: the file.
        name: how messages call it.

    Raises:
        DataError: if it is not parquet, is cut off, or has two columns of one name; while rows are
            read, if a part of it is damaged.
    """
    try:
        with pq.ParquetFile(path) as file:
            columns = tuple(file.schema_arrow.names)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(name, error) from error
    twice = next((column for n, column in enumerate(columns) if column in columns[:n]), None)
    if twice is not None:
        raise DataError(
            f"a different name for every column of {name}", f"{twice!r} twice", "rename one of these columns"
        )
    return ParquetTable(name, columns, path)


def _unreadable(name: str, error: Exception, where: str = "") -> DataError:
    reason = str(error).strip().splitlines()[0].rstrip(".")
    return DataError(f"a whole parquet file in {name}", f"{reason}{where}", "write or download it again")


def _is_plain(kind: Any) -> bool:
    types = pa.types
    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_boolean(kind)
        or types.is_null(kind)
    )


def plain_value(value: Any) -> Any:
    """A value of Arrow as a row holds it: dates as ISO 8601 text, decimals as their digits."""
    if isinstance(value, datetime.date | datetime.time):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, datetime.timedelta | Decimal):
        return str(value)
    if isinstance(value, dict):
        return {key: plain_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    return value
