"""Checkpoints: what is saved is what is loaded."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from bertolt.errors import FolderError
from bertolt.progress import NoProgress
from bertolt.training.checkpoints import Checkpoints, Position
from bertolt.training.loop import Plan, train
from bertolt.training.optimisation import make_optimiser
from toy_objective import Log, Toy

PLAN = Plan(epochs=3, learning_rate=0.05, seed=4)


def _train(toy: Toy, folder: Path, plan: Plan = PLAN, log: Log | None = None, every: float = 0.0) -> Position:
    checkpoints = Checkpoints(folder, every_seconds=every)
    return train(toy, plan, checkpoints, log or Log(), NoProgress())


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    toy = Toy()
    optimiser = make_optimiser(toy.network, 0.1)
    toy.loss(torch.randn(5, 3)).backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    position = Position(step=7, epoch=2, best_score=0.5, best_step=4, validations_without_gain=1)
    Checkpoints(tmp_path).save(toy, optimiser, position)
    other = Toy()
    fresh = make_optimiser(other.network, 0.1)
    assert Checkpoints(tmp_path).resume(other, fresh) == position
    assert other.told == {"seen": [1, 2]}
    assert torch.equal(other.weights(), toy.weights())
    one, two = optimiser.state_dict()["state"], fresh.state_dict()["state"]
    assert one.keys() == two.keys()
    for index in one:
        assert one[index].keys() == two[index].keys() == {"step", "exp_avg", "exp_avg_sq"}
        assert all(torch.equal(one[index][name], two[index][name]) for name in one[index])


def test_without_a_checkpoint_a_run_begins(tmp_path: Path) -> None:
    toy = Toy()
    assert Checkpoints(tmp_path).resume(toy, make_optimiser(toy.network, 0.1)) == Position()


@pytest.mark.parametrize("step", range(1, 10))
@pytest.mark.parametrize("every", [0.0, 1e9])
def test_a_run_that_goes_on_ends_as_one_that_never_stopped(tmp_path: Path, step: int, every: float) -> None:
    scores = [0.1, 0.3, 0.2]
    whole, stopped, resumed = Toy(scores), Toy(scores), Toy(scores)
    end = _train(whole, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        _train(
            stopped, tmp_path / "run", log=Log(lambda kind, at: kind == "step" and at == step), every=every
        )
    resumed.scores = scores[min(2, (step - 1) // 3) :]
    assert _train(resumed, tmp_path / "run", every=every) == end
    assert torch.equal(resumed.weights(), whole.weights())
    assert {path.name for path in (tmp_path / "run").iterdir()} <= {"last", "best"}


@pytest.mark.parametrize(
    ("scores", "best"),
    [([0.1, 0.3, 0.2], 1), ([0.3, 0.3, 0.3], 0), ([0.1, 0.2, 0.3], 2), ([math.nan, 0.1, math.nan], 1)],
)
def test_the_best_weights_are_kept(tmp_path: Path, scores: list[float], best: int) -> None:
    toy = Toy(scores)
    end = _train(toy, tmp_path)
    assert end.best_step == 3 * (best + 1)
    assert end.best_score == scores[best]
    assert torch.equal(toy.weights(), toy.validated[best])
    assert not toy.network.training


def test_without_validation_the_last_weights_stay(tmp_path: Path) -> None:
    toy = Toy()
    assert _train(toy, tmp_path).best_step is None
    assert torch.equal(toy.weights(), toy.validated[-1])


@pytest.mark.parametrize(("patience", "epochs"), [(0, 6), (1, 3), (2, 4)])
def test_patience(tmp_path: Path, patience: int, epochs: int) -> None:
    toy = Toy([0.2, 0.5, 0.4, 0.4, 0.3, 0.1])
    end = _train(toy, tmp_path, Plan(epochs=6, learning_rate=0.05, seed=4, patience=patience))
    assert end.epoch == epochs
    assert end.stopped is (patience > 0)
    assert end.best_step == 6


def test_steps_are_logged_by_number_with_their_rate(tmp_path: Path) -> None:
    log = Log()
    _train(Toy([0.1, 0.2, 0.3]), tmp_path, log=log)
    steps = [figures for kind, figures in log.records if kind == "step"]
    assert [figures["step"] for figures in steps] == [*range(1, 10)]
    # 9 steps: one of warm-up, then down by an eighth a step.
    expected = [0.05, *(0.05 * (9 - step) / 8 for step in range(1, 9))]
    assert [figures["learning_rate"] for figures in steps] == pytest.approx(expected)
    assert [figures for kind, figures in log.records if kind == "validation"] == [
        {"step": 3, "epoch": 1},
        {"step": 6, "epoch": 2},
        {"step": 9, "epoch": 3},
    ]


def test_a_damaged_checkpoint_gets_one_message(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _train(Toy(), tmp_path, log=Log(lambda kind, at: at == 5))
    for name in ("model.safetensors", "optimiser.safetensors", "state.json"):
        file = tmp_path / "last" / name
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2])
        with pytest.raises(FolderError) as caught:
            _train(Toy(), tmp_path)
        assert caught.value.expected == f"a whole checkpoint in {str(tmp_path / 'last')!r}"
        assert caught.value.do == "train anew without --resume"
        file.write_bytes(content)
    _train(Toy(), tmp_path)
