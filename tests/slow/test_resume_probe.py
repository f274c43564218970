"""Probes that are killed outright, again and again, end with what one that never was found."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bertolt.probing.record import COUNTS, PROBES, RESULTS
from edges import random_labels
from kills import Kill, killed_run
from process import environment, run

STEPS = 26  # of the task, in two epochs
LAST = Kill("step", 14, "code-5")  # of the last part
CASES = [
    [Kill("exchange", 1), Kill("exchange", 5)],  # before the first file of the run, and of the states
    [Kill("step", 1, "task"), Kill("validation", STEPS // 2, "task"), Kill("step", STEPS, "task")],
    [Kill("step", 5, "control"), Kill("step", 5, "random"), Kill("step", 5, "mix-1")],
    [Kill("step", 3, "code-1"), LAST, Kill("exchange", 8)],  # the last one in a checkpoint
    [LAST, Kill("exchange", 38)],  # while the probe folder is written
    [LAST, Kill("two renames", 43)],  # when it is
    [LAST, Kill("exchange", 47)],  # while the hidden states are removed
]


@pytest.fixture(scope="module")
def settings(
    tiny_folder: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, object]:
    data = random_labels(tmp_path_factory.mktemp("edges"), texts=60)
    return {
        "model": str(tiny_folder("bert")), "data": str(data), "edge_task": "edges", "out": "probe",
        "epochs": 2, "lr": 2e-2, "batch_size": 4, "seeds": 2, "device": "cpu", "threads": 1,
        "set": {"projection": 16, "steps": 60},
    }  # fmt: skip


def _words(settings: dict[str, object]) -> list[str]:
    names = ("edge_task", "epochs", "lr", "batch_size", "seeds", "device", "threads", "out")
    options = [(f"--{name.replace('_', '-')}", str(settings[name])) for name in names]
    options += [("--set", f"{name}={value}") for name, value in settings["set"].items()]  # type: ignore[attr-defined]
    return [str(settings["model"]), str(settings["data"]), *(word for option in options for word in option)]


def _found(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in (RESULTS, PROBES, COUNTS)}


@pytest.fixture(scope="module")
def whole(settings: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the probe finds when it is left alone."""
    folder = tmp_path_factory.mktemp("whole")
    done = run("probe", *_words(settings), cwd=folder)
    assert done.code == 0, done.err
    log = (folder / "probe.run" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    records = [(record["kind"], record["phase"]) for record in map(json.loads, log)]
    parts = ["task", "control", "random", "mix-1", *(f"code-{block}" for block in range(6))]
    assert list(dict.fromkeys(phase for _, phase in records)) == parts
    counted = [records.count(kind) for kind in (("step", "task"), ("validation", "task"), ("step", "code-5"))]
    assert counted == [STEPS, 2, LAST.number]
    return _found(folder / "probe")


@pytest.mark.slow
@pytest.mark.parametrize("kills", CASES, ids=lambda kills: "-then-".join(map(str, kills)))
def test_killed_and_resumed_is_never_killed(
    settings: dict[str, object], whole: dict[str, bytes], tmp_path: Path, kills: Sequence[Kill]
) -> None:
    begun = tmp_path / "probe.run" / "settings.json"
    for kill in kills:
        resume = begun.is_file()
        assert killed_run(kill, "probe", settings, cwd=tmp_path, env=environment(), resume=resume), kill
    words = ["--resume", "probe"] if begun.is_file() else _words(settings)
    resumed = run("probe", *words, cwd=tmp_path)
    assert resumed.code == 0, resumed.err
    assert _found(tmp_path / "probe") == whole
    assert {path.name for path in (tmp_path / "probe.run").iterdir()} == {"log.jsonl", "settings.json"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["probe", "probe.run"]
