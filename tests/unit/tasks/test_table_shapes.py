"""Check, training and prediction agree on the rows of a table, however it is written."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings

from table_shapes import Shape, check_no_row_is_lost, shapes


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(shapes())
def test_no_row_is_lost(shape: Shape) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check_no_row_is_lost(shape, Path(folder))
