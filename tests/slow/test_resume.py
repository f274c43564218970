"""Trainings that are killed outright, again and again, end with the weights of one that never was."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from process import environment, run

TESTS = Path(__file__).parents[1]
STEPS = 30  # 240 sentences less the two parts that are cut off: 192, in steps of 20, three times
CHECKPOINTS = {"last", "best", "done"}

#: Trains until it is killed: before the log's record of a step, or before a call to the file system.
CHILD = """
import json, os, signal, sys
from bertolt.models import swap
from bertolt.training.fine_tune import fine_tune
from bertolt.training.runlog import RunLog
from bertolt.training.settings import TrainSettings

settings, kill, resume = json.loads(sys.argv[1])

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def counted(call):
    def wrapper(*args, **options):
        kill["number"] -= 1
        if kill["number"] < 0:
            die()
        return call(*args, **options)
    return wrapper

if kill["kind"] == "step":
    write = RunLog.write
    def killing(log, kind, figures):
        if (kind, figures["step"]) == ("step", kill["number"]):
            die()
        write(log, kind, figures)
    RunLog.write = killing
else:
    if kind_is_slow := kill["kind"] == "two renames":
        swap._exchange = lambda one, other: False
    for name in ("rename", "mkdir", "unlink", "rmdir", "open"):
        setattr(os, name, counted(getattr(os, name)))
    if not kind_is_slow:
        swap._exchange = counted(swap._exchange)
fine_tune(TrainSettings.model_validate(settings), lambda line: None, resume=resume, checkpoint_seconds=0)
"""


@dataclass(frozen=True)
class Kill:
    """Where a training is killed.

    Args:
        kind: before the log's record of step ``number``; or before call ``number`` to the file system,
            on one that can exchange two folders or on one that renames twice.
        number: of the step, from 1, or of the call, from 0.
    """

    kind: str
    number: int


def _random_kills(seed: int) -> list[Kill]:
    """One to three kills, each later in the run than the one before, as far as that can be said."""
    chance = random.Random(seed)
    steps = sorted(chance.sample(range(1, STEPS + 1), chance.randint(1, 3)))
    kinds = ("step", "exchange", "two renames")
    return [
        Kill("step", step) if kind == "step" else Kill(kind, chance.randint(24, 480))
        for step, kind in zip(steps, chance.choices(kinds, k=3), strict=False)
    ]


CASES = [
    [Kill("step", 1)],  # before the first checkpoint
    [Kill("step", 2), Kill("step", 11), Kill("step", STEPS)],
    # Twice about the second save, where the first is replaced; 1 is before the run's settings are written.
    *([Kill(way, number)] * 2 for way in ("exchange", "two renames") for number in (1, 9, 18, 19, 20, 23)),
    *(_random_kills(seed) for seed in range(6)),
]


@pytest.fixture(scope="module")
def whole(
    tiny_folder: Callable[[str], Path], sentiment_csv: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, object], bytes]:
    """The settings of a training, and the weights that it ends with when it is left alone."""
    settings = {
        "data": [str(sentiment_csv)], "model": str(tiny_folder("bert")), "epochs": 3, "lr": 5e-3,
        "batch_size": 20, "threads": 1, "device": "cpu", "out": "model",
    }  # fmt: skip
    folder = tmp_path_factory.mktemp("whole")
    done = run(
        "train", sentiment_csv, "--model", tiny_folder("bert"), "--epochs", "3", "--lr", "5e-3",
        "--batch-size", "20", "--threads", "1", "--device", "cpu", "--out", "model", cwd=folder,
    )  # fmt: skip
    assert done.code == 0, done.err
    log = (folder / "model.run" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    assert sum(json.loads(line)["kind"] == "step" for line in log) == STEPS
    return settings, (folder / "model" / "model.safetensors").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("kills", CASES, ids=lambda kills: "-".join(f"{k.kind[0]}{k.number}" for k in kills))
def test_killed_and_resumed_is_never_killed(
    whole: tuple[dict[str, object], bytes], tmp_path: Path, kills: Sequence[Kill]
) -> None:
    settings, weights = whole
    begun = tmp_path / "model.run" / "settings.json"
    for kill in kills:
        told = json.dumps([settings, asdict(kill), begun.is_file()])
        done = subprocess.run(
            [sys.executable, "-c", CHILD, told], cwd=tmp_path, env=environment(), timeout=120, check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode != -signal.SIGKILL:  # the run was over before the place where it was to die
            assert done.returncode == 0, done.stderr
            break
        found = {path.name for path in (tmp_path / "model.run" / "phases" / "supervised").glob("*/")}
        assert {name for name in found if not name.startswith(".")} <= CHECKPOINTS
        assert len(found) <= 3, found  # two, and one that was being written or removed
    else:
        if begun.is_file():
            resumed = run("train", "--resume", "model", cwd=tmp_path)
        else:
            resumed = run("train", *_words(settings), cwd=tmp_path)
        assert resumed.code == 0, resumed.err
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == weights
    assert {path.name for path in (tmp_path / "model.run").iterdir()} == {"log.jsonl", "settings.json"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "model.run"]


def _words(settings: dict[str, object]) -> list[str]:
    data = [str(name) for name in settings["data"]]  # type: ignore[attr-defined]
    options = [(f"--{key.replace('_', '-')}", str(value)) for key, value in settings.items() if key != "data"]
    return [*data, *(word for option in options for word in option)]
