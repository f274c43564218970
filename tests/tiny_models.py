"""Tiny trained models of every task, in a second or two each."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

from contract.rows import ROWS


def train_tiny(task: str, home: Path, tiny_folder: Callable[[str], Path], family: str | None = None) -> Path:
    """Trains a task on its rows of the contract for two steps; the folder is called as the task.

    Args:
        task: its name.
        home: where the folder goes.
        tiny_folder: the fixture.
        family: of the backbone; None: the first one that the task can be trained on.
    """
    from bertolt.training.fine_tune import fine_tune
    from bertolt.training.settings import TrainSettings

    given = ROWS[task]
    data = home / "data.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in given.rows * 4), encoding="utf-8")
    fine_tune(
        TrainSettings(
            data=(str(data),), validation=str(data), task=task, out=str(home / task),
            model=str(tiny_folder(family or given.families[0])), epochs=1, lr=1e-3, device="cpu", threads=1,
            batch_size=math.ceil(len(given.rows) / 2), set=dict(given.settings),
        ),
        lambda line: None,
    )  # fmt: skip
    return home / task
