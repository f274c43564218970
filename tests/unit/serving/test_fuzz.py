"""Five hundred requests at random; ten thousand are in the slow tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contract.rows import ROWS
from http_fuzz import fuzz_with_bodies, fuzz_with_schema
from http_server import Running, running


@pytest.fixture(scope="module")
def server(folder: Callable[[str], Path]) -> Iterator[Running]:
    """A model of every task."""
    with running(*map(folder, ROWS)) as found:
        yield found


def test_bodies_at_random_never_get_5xx(server: Running) -> None:
    fuzz_with_bodies(server, 300)


def test_what_the_schema_makes_never_gets_5xx(server: Running) -> None:
    fuzz_with_schema(server, 200)
