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
#: What a phase may leave on disk: the last and the best checkpoint, or the weights of a phase that is done.
CHECKPOINTS = {"last", "best", "done"}
CASES = [
    [Kill("step", 1, "head")],  # before the first checkpoint
    [Kill("step", 4, "head"), Kill("step", 1, "adapt")],  # between the two phases
    [Kill("step", 3, "adapt"), Kill("validation", 6), Kill("validation", STEPS)],
    *([Kill(way, number)] * 2 for way in ("exchange", "two renames") for number in (1, 19, 23)),
    [Kill("two renames", 300)],  # while the model's folder is written
    *(random_kills(seed, steps=STEPS, calls=range(24, 300), phase="adapt") for seed in range(3)),
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
    records = [(record["kind"], record["phase"]) for record in map(json.loads, log)]
    counted = [("step", "head"), ("step", "adapt"), ("validation", "adapt")]
    assert [records.count(kind) for kind in counted] == [5, STEPS, 2]
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
        for phase in (tmp_path / "model.run" / "phases").glob("[ha]*"):
            folders = {path.name for path in phase.glob("*/")}
            whole = {name for name in folders if not name.startswith(".")}
            assert whole <= CHECKPOINTS
            assert len(folders - whole) <= 1, folders  # one that was being written or removed
    else:
        words = ["--resume", "model"] if begun.is_file() else _words(settings)
        resumed = run("adapt", *words, cwd=tmp_path)
        assert resumed.code == 0, resumed.err
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == weights
    assert {path.name for path in (tmp_path / "model.run").iterdir()} == {"log.jsonl", "settings.json"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "model.run"]
