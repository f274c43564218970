"""Tiny models of several tasks, trained once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Folder = Callable[[str], Path]


@pytest.fixture(scope="session")
def folder(tiny_folder: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Given a task, a model folder of its name; shared by all tests."""
    from tiny_models import train_tiny

    made: dict[str, Path] = {}

    def train(task: str) -> Path:
        if task not in made:
            made[task] = train_tiny(task, tmp_path_factory.mktemp("served"), tiny_folder)
        return made[task]

    return train


@pytest.fixture(scope="session")
def sentiment(folder: Folder) -> Path:
    """A text classification model."""
    return folder("text-classification")
