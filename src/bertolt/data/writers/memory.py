"""csv that never touches a disk."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bertolt.data.writers.text import DelimitedWriter


def csv_bytes(
    columns: Sequence[str], rows: Iterable[Mapping[str, object]], *, safe_for_spreadsheets: bool = False
) -> bytes:
    """The rows as a csv file, as ``DelimitedWriter`` writes them.

    Args:
        columns: the names of the columns, in order.
        rows: values by column; a column without a value is empty.
        safe_for_spreadsheets: see ``DelimitedWriter``.

    Raises:
        DataError: a value for an unknown column, or one that csv cannot hold.
    """
    writer = _MemoryWriter(columns, safe_for_spreadsheets)
    for row in rows:
        writer.write(row)
    return writer.stream.getvalue()


class _MemoryWriter(DelimitedWriter):
    """Open from the start; needs no closing."""

    def __init__(self, columns: Sequence[str], safe: bool) -> None:
        super().__init__(Path("result.csv"), columns, ",", safe_for_spreadsheets=safe)
        self._stream = self.stream = io.BytesIO()
        self._begin(self.stream)
