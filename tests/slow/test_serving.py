"""The server for a minute: ten thousand requests at random, and memory and files that stay as they are."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

from contract.rows import ROWS
from http_fuzz import fuzz_with_bodies, fuzz_with_schema
from http_server import running
from tiny_models import train_tiny

pytestmark = pytest.mark.slow

SOAK = Path(__file__).parents[2] / "benchmarks" / "soak.py"


@pytest.fixture(scope="module")
def tiny_models(
    tiny_folder: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """A model of every task."""
    return {task: train_tiny(task, tmp_path_factory.mktemp("served"), tiny_folder) for task in ROWS}


def test_ten_thousand_requests_at_random_never_get_5xx(tiny_models: dict[str, Path]) -> None:
    with running(*tiny_models.values()) as server:
        fuzz_with_bodies(server, 7_000)
        fuzz_with_schema(server, 3_000)


def test_a_minute_of_load_leaves_memory_and_files_as_they_are(tiny_models: dict[str, Path]) -> None:
    spec = importlib.util.spec_from_file_location("soak", SOAK)
    assert spec is not None
    assert spec.loader is not None
    soak = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(soak)
    report = soak.soak([tiny_models["text-classification"]], seconds=60, clients=8)
    assert report["requests"] > 100
    assert set(report["statuses"]) <= {"200", "413", "422", "429", "503", "gone"}
    assert report["files_end"] <= report["files_start"] + 8
    assert report["megabytes_end"] <= report["megabytes_start"] * 1.15 + 10
