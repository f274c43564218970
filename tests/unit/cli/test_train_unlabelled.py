"""``bertolt train --unlabelled`` and ``--method`` on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bertolt.cli.dispatch import main
from bertolt.training.run_folder import RunFolder
from process import run
from tiny import sentiment_rows


def _words(backbone: Path, data: Path, *more: str) -> list[str]:
    return [
        "train", str(data / "labels.csv"), "--model", str(backbone), "--out", str(data / "model"),
        "--epochs", "1", "--threads", "1", "--device", "cpu", *more,
    ]  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = sentiment_rows()
    lines = ["text,label", *(f'"{text}",{label}' for text, label in rows[:24])]
    (tmp_path / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    for name, part in (("one", rows[20:50]), ("two", rows[50:70])):
        (tmp_path / f"{name}.txt").write_text("\n".join(text for text, _ in part), encoding="utf-8")
    return tmp_path


def test_a_pool_of_two_files_in_a_process(tiny_folder: Callable[[str], Path], data: Path) -> None:
    pool = ["--unlabelled", "one.txt", "--unlabelled", "two.txt"]
    own = ["--set", "rounds=1", "--set", "consistency=5"]
    done = run(*_words(tiny_folder("bert"), data, *pool, *own, "--json"), cwd=data)
    assert done.code == 0, done.err
    method = json.loads(done.out)["method"]
    assert method["name"] == "self-training"
    assert method["settings"]["rounds"] == 1
    assert method["settings"]["consistency"] == 5
    assert method["pool"]["texts"] == 46
    assert "unlabelled: 46 texts; length: " in done.err
    assert "round 1: 22 of 46 unlabelled texts are learnt from (11 negative, 11 positive)" in done.err
    settings = RunFolder(data / "model").read()["settings"]
    assert settings["unlabelled"] == ["one.txt", "two.txt"]


def test_a_method_without_its_pool_is_refused(
    tiny_folder: Callable[[str], Path], data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(_words(tiny_folder("bert"), data, "--method", "consistency")) == 2
    assert "--unlabelled FILE, texts without labels, for --method consistency" in capsys.readouterr().err
    assert not (data / "model.run").exists()
