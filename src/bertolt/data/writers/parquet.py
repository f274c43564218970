"""The writer of parquet: batches of rows, typed by the first batch.

A parquet file cannot be read or continued before it is complete. So the temporary file holds each batch as an
Arrow stream (https://arrow.apache.org/docs/format/Columnar.html), after its length in 8 bytes; at the end the
batches become the row groups of a parquet file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from bertolt.data.writers.writer import Writer
from bertolt.errors import DataError

BATCH_ROWS = 1000
"""Rows a batch, and so a row group."""

_UNFIT = (pa.ArrowException, OverflowError, TypeError, ValueError)


class ParquetWriter(Writer):
    """Parquet in row groups of 1,000.

    A column takes its type from the first 1,000 rows; where all of them are None, it holds strings.
    Whole numbers may be written into a column of floats. A dictionary is a struct, so on reading it
    has the keys of all dictionaries in its column, those that it lacked as None.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        super().__init__(path, columns)
        self._names = [self._encodable(name) for name in self.columns]
        self._batch: list[list[object]] = []
        self._types: list[Any] | None = None

    def _write(self, stream: BinaryIO, values: list[object]) -> None:
        self._batch.append([self._storable(value) for value in values])
        if len(self._batch) == BATCH_ROWS:
            self._flush(stream)

    def _settle(self, stream: BinaryIO) -> None:
        if self._batch:
            self._flush(stream)

    def _go_on(self, stream: BinaryIO) -> None:
        first = next(_batches(stream), None)
        self._types = None if first is None else list(first.schema.types)

    def _end(self, stream: BinaryIO) -> None:
        if self._batch or self._types is None:
            self._flush(stream)
        stream.flush()
        done = self._temporary.with_name(f"{self._temporary.name}.parquet")
        try:
            with self._temporary.open("rb") as written:
                batches = _batches(written)
                first = next(batches)
                with pq.ParquetWriter(done, first.schema) as writer:
                    for batch in chain((first,), batches):
                        writer.write_table(batch)
            with done.open("rb") as written:
                os.fsync(written.fileno())
            done.replace(self._temporary)
        finally:
            done.unlink(missing_ok=True)

    def _flush(self, stream: BinaryIO) -> None:
        columns = [[row[n] for row in self._batch] for n in range(len(self._names))]
        if self._types is None:
            self._types = [
                self._first_type(name, column) for name, column in zip(self._names, columns, strict=True)
            ]
        arrays = [
            self._array(name, column, kind)
            for name, column, kind in zip(self._names, columns, self._types, strict=True)
        ]
        schema = pa.schema(list(zip(self._names, self._types, strict=True)))
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, schema) as writer:
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
        content = sink.getvalue()
        stream.write(len(content).to_bytes(8, "little"))
        stream.write(content)
        self._batch.clear()

    def _first_type(self, name: str, values: list[object]) -> Any:
        try:
            return _settled(pa.array(values).type)
        except _UNFIT as error:
            raise self._misfit(name, values, None) from error

    def _array(self, name: str, values: list[object], kind: Any) -> Any:
        # Given the type at once, pyarrow would cut 1.5 to 1 and drop the keys that a struct lacks.
        if not _fits_all(values, kind):
            raise self._misfit(name, values, kind)
        return pa.array(values, type=kind)

    def _misfit(self, name: str, values: list[object], kind: Any) -> DataError:
        """The error for the first value that does not go with those before it."""
        good, bad = 0, len(values)
        while bad - good > 1:
            middle = (good + bad) // 2
            if _fits_all(values[:middle], kind):
                good = middle
            else:
                bad = middle
        row = self.rows - len(values) + bad
        before = (
            "a kind that parquet has" if kind is None and bad == 1 else "the same kind as in the rows before"
        )
        of_kind = "" if kind is None else f" ({kind})"
        return DataError(
            f"values of {before}{of_kind} in the column {name!r} of {self.path}",
            f"{values[bad - 1]!r:.60} in row {row}",
            "write one kind of value a column, or write jsonl",
        )

    def _storable(self, value: object) -> object:
        if isinstance(value, str):
            return self._encodable(value)
        if isinstance(value, dict):
            return {self._storable(key): self._storable(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._storable(item) for item in value]
        return value


def _batches(stream: BinaryIO) -> Iterator[Any]:
    """The batches in a temporary file, as tables."""
    while head := stream.read(8):
        yield pa.ipc.open_stream(stream.read(int.from_bytes(head, "little"))).read_all()


def _fits_all(values: list[object], kind: Any) -> bool:
    """Whether the values are of the type, or, without one, of any one type."""
    try:
        found = _settled(pa.array(values).type)
        if kind is None:
            return True
        if not _fits(pa.array(values).type, kind):
            return False
        pa.array(values, type=kind)  # a whole number may be too large to be exact as a float
    except _UNFIT:
        return False
    return found is not None


def _settled(kind: Any) -> Any:
    """The type with strings where only None or nothing was seen.

    Raises:
        ValueError: for bytes (pyarrow takes a str among them for bytes too) and for dictionaries
            without keys, which parquet cannot hold.
    """
    if pa.types.is_null(kind):
        return pa.string()
    if pa.types.is_list(kind):
        return pa.list_(_settled(kind.value_type))
    if pa.types.is_struct(kind):
        if kind.num_fields == 0:
            raise ValueError("a dictionary without keys")
        return pa.struct([(field.name, _settled(field.type)) for field in kind])
    if pa.types.is_binary(kind):
        raise ValueError("bytes")
    return kind


def _fits(found: Any, kind: Any) -> bool:
    """Whether values of one type can be written as another without loss."""
    if pa.types.is_null(found) or found == kind:
        return True
    if pa.types.is_list(found) and pa.types.is_list(kind):
        return _fits(found.value_type, kind.value_type)
    if pa.types.is_struct(found) and pa.types.is_struct(kind):
        return all(
            kind.get_field_index(field.name) >= 0 and _fits(field.type, kind.field(field.name).type)
            for field in found
        )
    return bool(pa.types.is_integer(found) and pa.types.is_float64(kind))
