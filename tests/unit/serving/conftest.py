"""Tiny models of several tasks, trained once."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from contract.rows import ROWS

Folder = Callable[[str], Path]


@pytest.fixture(scope="session")
def folder(tiny_folder: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Given a task, a model folder of its name; shared by all tests."""
    from bertolt.training.fine_tune import fine_tune
    from bertolt.training.settings import TrainSettings

    made: dict[str, Path] = {}

    def train(task: str) -> Path:
        if task not in made:
            home = tmp_path_factory.mktemp("served")
            given = ROWS[task]
            data = home / "data.jsonl"
            data.write_text("".join(json.dumps(row) + "\n" for row in given.rows * 4), encoding="utf-8")
            fine_tune(
                TrainSettings(
                    data=(str(data),), validation=str(data), task=task, out=str(home / task),
                    model=str(tiny_folder(given.families[0])), epochs=1, lr=1e-3, device="cpu", threads=1,
                    batch_size=math.ceil(len(given.rows) / 2), set=dict(given.settings),
                ),
                lambda line: None,
            )  # fmt: skip
            made[task] = home / task
        return made[task]

    return train


@pytest.fixture(scope="session")
def sentiment(folder: Folder) -> Path:
    """A text classification model."""
    return folder("text-classification")
