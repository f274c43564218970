"""Parquet files, and folders that ``datasets`` wrote with ``save_to_disk``; both are read in batches.

The names of classes stand in the features of the Hugging Face ``datasets`` library: in the parquet file's
metadata under ``huggingface``, or in ``dataset_info.json``. Numbers of classes are read as these names, and
-1, which means that there is no label, as None.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bertolt.data.readers.compression import ALWAYS_ALLOWED, too_much
from bertolt.data.readers.options import ReadSettings
from bertolt.data.table import Noted, Row
from bertolt.errors import DataError

_BATCH_ROWS = 1024

Features = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ArrowTable(Noted):
    """Records of Arrow batches; the line is the number of the record.

    Dates and times come as ISO 8601 text, decimals as their digits, maps as lists of pairs, bytes as
    they are.

    Args:
        name: how messages call it.
        columns: the names of its columns.
        batches: reads it from the beginning.
        features: of the ``datasets`` library, by column; empty where there are none.
        most: characters that a cell may have.
        kind: what the file is, for messages.
    """

    name: str
    columns: tuple[str, ...]
    batches: Callable[[], Iterator[pa.RecordBatch]]
    features: Features
    most: int
    kind: str

    def __iter__(self) -> Iterator[Row]:
        line = 0
        classes = {column: each for column, each in self.features.items() if _has_classes(each)}
        try:
            for batch in self.batches():
                self._refuse_long_cells(batch, line)
                special = [field.name for field in batch.schema if not _is_plain(field.type)]
                for values in batch.to_pylist():
                    line += 1
                    for column in special:
                        values[column] = plain_value(values[column])
                    for column, feature in classes.items():
                        values[column] = self._named(values.get(column), feature, line)
                    yield Row(line, values)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise _unreadable(self.name, self.kind, error, f" after record {line}") from error

    def _named(self, value: Any, feature: Any, line: int) -> Any:
        try:
            return with_class_names(value, feature)
        except IndexError as error:
            raise DataError(
                f"the number of a class in each row of {self.name}",
                f"{error} in record {line}",
                "write the data again with the names of all classes",
            ) from error

    def _refuse_long_cells(self, batch: pa.RecordBatch, line: int) -> None:
        for column, values in zip(batch.schema.names, batch.columns, strict=True):
            if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
                longest = pc.max(pc.binary_length(values)).as_py() or 0
                if longest > self.most:
                    raise DataError(
                        f"cells of at most {self.most:,} bytes in {self.name}",
                        f"{longest:,} in the column {column!r} after record {line}",
                        "look whether the file is what you expect; if it is, raise --max-cell",
                    )


def open_parquet(path: Path, name: str, options: ReadSettings) -> ArrowTable:
    """Opens a parquet file.

    Args:
        path: the file.
        name: how messages call it.
        options: the bounds.

    Raises:
        DataError: if it is not parquet, is cut off, grows beyond its bound, or has two columns of one name;
            while rows are read, if a part of it is damaged.
    """
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            groups = range(file.metadata.num_row_groups)
            size = sum(file.metadata.row_group(group).total_byte_size for group in groups)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(name, "parquet", error) from error
    packed = path.stat().st_size
    most = max(ALWAYS_ALLOWED, packed * options.max_expansion)
    if size > most:
        raise too_much(name, most, packed)

    def batches() -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size=_BATCH_ROWS)

    features = _features_of(schema.metadata)
    return ArrowTable(name, _columns(schema, name), batches, features, options.max_cell, "parquet")


def open_saved(folder: Path, name: str, options: ReadSettings) -> ArrowTable:
    """Opens one split that ``datasets.Dataset.save_to_disk`` wrote: arrow files beside ``state.json``.

    Raises:
        DataError: a file is missing or damaged; also while rows are read.
    """
    state, info = (_json(folder / file, name) for file in ("state.json", "dataset_info.json"))
    files = [folder / str(each.get("filename")) for each in state.get("_data_files", [])]
    for file in files:
        if file.parent != folder or not file.is_file():
            raise DataError(
                f"the files that state.json of {name} names", f"no {file.name}", "copy the whole folder again"
            )
    if not files:
        raise DataError(f"at least one arrow file in {name}", "none", "check that it was written completely")
    try:
        with _stream(files[0]) as reader:
            schema = reader.schema
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(name, "arrow", error) from error

    def batches() -> Iterator[pa.RecordBatch]:
        for file in files:
            with _stream(file) as reader:
                for batch in reader:
                    for start in range(0, batch.num_rows, _BATCH_ROWS):
                        yield batch.slice(start, _BATCH_ROWS)

    features = info.get("features") or _features_of(schema.metadata)
    return ArrowTable(name, _columns(schema, name), batches, features, options.max_cell, "arrow")


@contextmanager
def _stream(file: Path) -> Iterator[Any]:
    with pa.memory_map(str(file)) as mapped, pa.ipc.open_stream(mapped) as reader:
        yield reader


def _json(file: Path, name: str) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError("no object")
    except (OSError, ValueError) as error:
        raise DataError(
            f"a folder as datasets' save_to_disk writes it in {name}",
            f"{file.name} that cannot be read ({error})",
            "copy the whole folder again",
        ) from error
    return found


def _columns(schema: pa.Schema, name: str) -> tuple[str, ...]:
    columns = tuple(schema.names)
    twice = next((column for n, column in enumerate(columns) if column in columns[:n]), None)
    if twice is not None:
        raise DataError(
            f"a different name for every column of {name}", f"{twice!r} twice", "rename one of these columns"
        )
    return columns


def _features_of(metadata: Mapping[bytes, bytes] | None) -> Features:
    try:
        found = json.loads((metadata or {}).get(b"huggingface", b"{}"))
        features = found["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    return features if isinstance(features, dict) else {}


def with_class_names(value: Any, feature: Any) -> Any:
    """A value with the names of its classes in place of their numbers; -1 becomes None.

    Args:
        value: as the data have it.
        feature: its feature, as ``datasets.Features.to_dict`` gives it.

    Raises:
        IndexError: there is no class of this number.
    """
    if value is None or not isinstance(feature, dict | list):
        return value
    if isinstance(feature, list):
        return [with_class_names(each, feature[0]) for each in value] if isinstance(value, list) else value
    if feature.get("_type") == "ClassLabel":
        names = feature.get("names")
        if not isinstance(value, int) or isinstance(value, bool) or not isinstance(names, list):
            return value
        if value >= len(names) or value < -1:
            raise IndexError(f"{value}, of {len(names)} classes")
        return None if value == -1 else names[value]
    inner = feature.get("feature", feature)
    if isinstance(value, list):
        return value if inner is feature else [with_class_names(each, inner) for each in value]
    if isinstance(value, dict) and isinstance(inner, dict):
        return {
            key: [with_class_names(each, inner.get(key)) for each in item]
            if isinstance(item, list) and inner is not feature
            else with_class_names(item, inner.get(key))
            for key, item in value.items()
        }
    return value


def _has_classes(feature: Any) -> bool:
    if isinstance(feature, dict):
        return feature.get("_type") == "ClassLabel" or any(map(_has_classes, feature.values()))
    return isinstance(feature, list) and any(map(_has_classes, feature))


def _unreadable(name: str, kind: str, error: Exception, where: str = "") -> DataError:
    reason = str(error).strip().splitlines()[0].rstrip(".")
    return DataError(f"a whole {kind} file in {name}", f"{reason}{where}", "write or download it again")


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
