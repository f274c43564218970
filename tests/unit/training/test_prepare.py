"""How long texts are read is the task's to say, and the notes, the folder and the card repeat it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bertolt.errors import SettingError
from bertolt.tasks.registry import get_task
from bertolt.training.fine_tune import fine_tune
from bertolt.training.prepare import length_policy
from bertolt.training.settings import TrainSettings
from contract.rows import ROWS


def test_the_first_policy_of_a_task_is_its_default() -> None:
    assert length_policy(get_task("text-classification"), None) == "head"
    assert length_policy(get_task("text-classification"), "tail") == "tail"
    assert length_policy(get_task("question-answering"), None) == "windows"
    assert length_policy(get_task("token-classification"), "windows") == "windows"


def test_a_policy_that_a_task_does_not_know_is_refused() -> None:
    with pytest.raises(SettingError, match="--long windows for question-answering; found 'tail'"):
        length_policy(get_task("question-answering"), "tail")


@pytest.mark.parametrize(
    ("task", "shown"),
    [("token-classification", "whole, in windows"), ("text-classification", "the beginning is read")],
)
def test_notes_folder_and_card_agree(
    tiny_folder: Callable[[str], Path], tmp_path: Path, task: str, shown: str
) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in ROWS[task].rows), encoding="utf-8")
    settings = TrainSettings(
        data=(str(data),), validation=str(data), task=task, out=str(tmp_path / "model"),
        model=str(tiny_folder("bert")), epochs=1, max_length=12, device="cpu", threads=1,
    )  # fmt: skip
    notes: list[str] = []
    run = fine_tune(settings, notes.append)
    policy = get_task(task).policies[0]
    assert run.record.spec.long == policy
    assert any(f"at 12 ({policy})" in note for note in notes)
    card = (run.folder / "README.md").read_text(encoding="utf-8")
    assert f"Texts of up to 12 tokens, special ones included; of longer ones {shown}" in card or (
        f"Texts of up to 12 tokens, special ones included; longer ones are read {shown}" in card
    )
