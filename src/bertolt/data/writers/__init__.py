"""Writers of tables: row by row, in constant memory, the whole file or none."""

from __future__ import annotations

from bertolt.data.writers.opening import open_writer
from bertolt.data.writers.writer import SavePoint, Writer, part_of

__all__ = ["SavePoint", "Writer", "open_writer", "part_of"]
