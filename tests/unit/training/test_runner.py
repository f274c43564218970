"""Runner: each is done once, wherever a run is killed; and what the log and the report know of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from bertolt.errors import FolderError
from bertolt.training.loop import Plan
from bertolt.training.objective import Step, Validation
from bertolt.training.runlog import RunLog, read_log
from bertolt.training.runner import RunContext, Runner
from faults import killed_before

PLAN = Plan(epochs=2, learning_rate=0.1, seed=0)


class _Nearer:
    """A vector that is to come near to a place. Implements ``Objective``."""

    def __init__(self, network: nn.Linear, place: float) -> None:
        self.network: nn.Module = network
        self._place = place
        self.losses = 0

    def steps(self, epoch: int) -> Sequence[Step]:
        return [Step([[1.0]], 1.0, 1), Step([[2.0]], 1.0, 1)]

    def loss(self, batch: Sequence[float]) -> Tensor:
        self.losses += 1
        found: Tensor = (self.network(torch.tensor(batch)) - self._place).square().sum()
        return found

    def validate(self) -> Validation | None:
        return None

    def signals(self) -> dict[str, float]:
        return {"labelled_loss": self._place}

    def state(self) -> dict[str, Any]:
        return {}

    def load_state(self, state: dict[str, Any]) -> None:
        """None."""


def _network() -> nn.Linear:
    network = nn.Linear(1, 1)
    with torch.no_grad():
        network.weight.fill_(0.5)
        network.bias.fill_(-0.25)
    return network


def _runner(folder: Path, said: list[str] | None = None) -> Runner:
    folder.mkdir(exist_ok=True)
    told = [] if said is None else said
    return Runner(folder / "phases", RunContext(RunLog(folder), told.append, "a machine", 0.0))


def _method(runner: Runner, network: nn.Linear) -> list[int]:
    """Two phases with a change between them that depends on the first."""
    first, second = _Nearer(network, 1.0), _Nearer(network, -1.0)
    runner.run_phase("first", first, PLAN)
    runner.event("turned round", alarm=1.0)
    with torch.no_grad():
        network.weight.mul_(network.bias)
    runner.run_phase("second", second, PLAN)
    return [first.losses, second.losses]


def _state(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}


@pytest.fixture
def whole(tmp_path: Path) -> dict[str, Tensor]:
    network = _network()
    _method(_runner(tmp_path / "whole"), network)
    return _state(network)


@pytest.mark.parametrize(("phase", "step"), [("first", 1), ("first", 4), ("second", 1), ("second", 3)])
def test_killed_in_any_phase_and_resumed_is_never_killed(
    tmp_path: Path, whole: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch, phase: str, step: int
) -> None:
    with killed_before(monkeypatch, "step", phase=phase, step=step):
        _method(_runner(tmp_path / "cut"), _network())
    network = _network()
    losses = _method(_runner(tmp_path / "cut"), network)
    assert {name: value.tolist() for name, value in network.state_dict().items()} == {
        name: value.tolist() for name, value in whole.items()
    }
    assert (losses[0] == 0) == (phase == "second")
    logs = [
        [{**each, "tokens_per_second": 0} for each in read_log(tmp_path / name)] for name in ("whole", "cut")
    ]
    assert sorted(logs[0], key=str) == sorted(logs[1], key=str)


def test_the_log_names_the_phase_and_keeps_signals_and_events(tmp_path: Path) -> None:
    _method(_runner(tmp_path / "run"), _network())
    log = read_log(tmp_path / "run")
    steps = [(each["phase"], each["step"], each["labelled_loss"]) for each in log if each["kind"] == "step"]
    assert steps == [("first", step, 1.0) for step in (1, 2, 3, 4)] + [
        ("second", step, -1.0) for step in (1, 2, 3, 4)
    ]
    (event,) = [each for each in log if each["kind"] == "event"]
    assert event == {"kind": "event", "phase": "first", "step": 4.0, "text": "turned round", "alarm": 1.0}


def test_a_done_phase_keeps_its_weights_and_nothing_else(tmp_path: Path) -> None:
    _method(_runner(tmp_path / "run"), _network())
    folder = tmp_path / "run" / "phases"
    left = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    names = ("model.safetensors", "position.json")
    assert left == {f"{phase}/done/{name}" for phase in ("first", "second") for name in names}


def test_a_damaged_phase_is_refused(tmp_path: Path) -> None:
    _method(_runner(tmp_path / "run"), _network())
    (tmp_path / "run" / "phases" / "first" / "done" / "model.safetensors").write_bytes(b"half")
    with pytest.raises(FolderError, match="the whole files of a phase"):
        _method(_runner(tmp_path / "run"), _network())


def test_notes_are_said_and_kept(tmp_path: Path) -> None:
    said: list[str] = []
    runner = _runner(tmp_path / "run", said)
    runner.note("chose the second")
    assert (runner.notes, said) == (["chose the second"], ["chose the second"])


def test_a_value_is_computed_once_in_a_run(tmp_path: Path) -> None:
    computed: list[int] = []

    def compute() -> dict[str, float | None]:
        computed.append(1)
        return {"perplexity": 0.1 + 0.2, "accuracy": None}

    for _ in range(2):
        value = _runner(tmp_path / "run").cached("before", compute)
        assert value == {"perplexity": 0.1 + 0.2, "accuracy": None}
    assert computed == [1]
    (tmp_path / "run" / "phases" / "before-value" / "value.json").write_text("{")
    with pytest.raises(FolderError, match="the whole files of a phase"):
        _runner(tmp_path / "run").cached("before", compute)
