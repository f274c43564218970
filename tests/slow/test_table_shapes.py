"""Many more tables than the fast test draws, and other ones each time."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings

from table_shapes import Shape, check_no_row_is_lost, shapes


@pytest.mark.slow
@settings(max_examples=3000, deadline=None, database=None)
@given(shapes())
def test_no_row_is_lost(shape: Shape) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check_no_row_is_lost(shape, Path(folder))
