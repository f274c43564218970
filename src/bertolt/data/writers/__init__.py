"""Writers of tables: row by row, in constant memory, the whole file or none."""

from __future__ import annotations

from bertolt.data.writers.opening import open_writer
from bertolt.data.writers.writer import Writer

__all__ = ["Writer", "open_writer"]
