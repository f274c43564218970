"""Adaptations that are killed outright, again and again, end with the weights of one that never was."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from kills import Kill, killed_run, random_kills
from process import environment, run
from tiny import sentiment_rows

STEPS = 12  # two epochs
#: Of the head's phase, and then of the whole network's the last and the best.
CHECKPOINTS = {"warm-up", "last", "best"}
CASES = [
    [Kill("warm-up step", 1)],  # before the first checkpoint
    [Kill("warm-up step", 4), Kill("step", 1)],  # between the head's phase and the whole network's
    [Kill("step", 3), Kill("validation", 6), Kill("validation", STEPS)],
    *([Kill(way, number)] * 2 for way in ("exchange", "two renames") for number in (1, 19, 23)),
    [Kill("two renames", 300)],  # while the model's folder is written
    *(random_kills(seed, steps=STEPS, calls=range(24, 300)) for seed in range(3)),
]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """240 documents of a line each."""
    file = tmp_path_factory.mktemp("texts") / "lines.txt"
    file.write_text("".join(f"{text}\n" for text, _ in sentiment_rows()), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def settings(tiny_folder: Callable[[str], Path], texts: Path) -> dict[str, object]:
    return {
        "model": str(tiny_folder("bert")), "data": [str(texts)], "out": "model", "epochs": 2, "lr": 1e-2,
        "batch_size": 36, "warm_up": 5, "device": "cpu", "threads": 1,
    }  # fmt: skip


def _words(settings: dict[str, object]) -> list[str]:
    names = ("epochs", "lr", "batch_size", "warm_up", "device", "threads", "out")
    options = [(f"--{name.replace('_', '-')}", str(settings[name])) for name in names]
    (data,) = settings["data"]  # type: ignore[misc]
    return [str(settings["model"]), str(data), *(word for option in options for word in option)]


@pytest.fixture(scope="module")
def weights(settings: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Those that the adaptation ends with when it is left alone."""
    folder = tmp_path_factory.mktemp("whole")
    done = run("adapt", *_words(settings), cwd=folder)
    assert done.code == 0, done.err
    log = (folder / "model.run" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    kinds = [json.loads(line)["kind"] for line in log]
    assert [kinds.count(kind) for kind in ("warm-up step", "step", "validation")] == [5, STEPS, 2]
    return (folder / "model" / "model.safetensors").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("kills", CASES, ids=lambda kills: "-then-".join(map(str, kills)))
def test_killed_and_resumed_is_never_killed(
    settings: dict[str, object], weights: bytes, tmp_path: Path, kills: Sequence[Kill]
) -> None:
    begun = tmp_path / "model.run" / "settings.json"
    for kill in kills:
        if not killed_run(kill, "adapt", settings, cwd=tmp_path, env=environment(), resume=begun.is_file()):
            break
        found = {path.name for path in (tmp_path / "model.run").glob("*/")}
        whole = {name for name in found if not name.startswith(".")}
        assert whole <= CHECKPOINTS
        assert len(whole) <= 2, found
        assert len(found) <= 3, found  # and one that was being written or removed
    else:
        words = ["--resume", "model"] if begun.is_file() else _words(settings)
        resumed = run("adapt", *words, cwd=tmp_path)
        assert resumed.code == 0, resumed.err
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == weights
    assert {path.name for path in (tmp_path / "model.run").iterdir()} == {"log.jsonl", "settings.json"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "model.run"]
