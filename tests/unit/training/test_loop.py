"""The training loop, against a reference that is written out by hand."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from bertolt.progress import NoProgress
from bertolt.training.checkpoints import Checkpoints, Position
from bertolt.training.loop import Plan, train
from bertolt.training.objective import Step, Validation
from toy_objective import Log, Toy

PEAK = 0.01
DECAY = 0.01  # of weights; biases are not decayed
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class Regression:
    """Fits y = 2 * x[0] by one linear layer, two micro-batches a step. Implements ``Objective``."""

    def __init__(self, steps: int = 4) -> None:
        torch.manual_seed(3)
        self.network: nn.Module = nn.Linear(2, 1)
        self.asked: list[int] = []
        self._steps = steps

    def steps(self, epoch: int) -> list[Step]:
        self.asked.append(epoch)
        random = torch.Generator().manual_seed(epoch)
        return [
            Step(
                [torch.randn(3, 2, generator=random), torch.randn(1, 2, generator=random)],
                weight=4.0,
                tokens=8,
            )
            for _ in range(self._steps)
        ]

    def loss(self, batch: Tensor) -> Tensor:
        return functional.mse_loss(self.network(batch)[:, 0], 2 * batch[:, 0], reduction="sum")

    def validate(self) -> Validation | None:
        return None

    def state(self) -> dict[str, object]:
        return {}

    def load_state(self, state: dict[str, object]) -> None:
        pass


def run(objective: object, plan: Plan, folder: Path, log: Log) -> Position:
    return train(objective, plan, Checkpoints(folder), log, NoProgress())  # type: ignore[arg-type]


def reference(epochs: int, max_norm: float) -> tuple[Tensor, Tensor, list[float], list[float]]:
    """AdamW (Loshchilov & Hutter 2019, algorithm 2) on the same rows, in double precision.

    Returns:
        Weight, bias, the loss of each step and the norm of each gradient before it is clipped.
    """
    objective = Regression()
    layer = objective.network
    assert isinstance(layer, nn.Linear)
    parameters = [layer.weight.detach().double().clone(), layer.bias.detach().double().clone()]
    moments = [(torch.zeros_like(value), torch.zeros_like(value)) for value in parameters]
    losses, norms = [], []
    steps = [step for epoch in range(epochs) for step in objective.steps(epoch)]
    warm_up = max(1, round(len(steps) * 0.1))
    for number, step in enumerate(steps):
        rows = torch.cat(list(step.batches)).double()
        error = rows @ parameters[0][0] + parameters[1] - 2 * rows[:, 0]
        losses.append((error**2).mean().item())
        gradients = [(2 * error[:, None] * rows).mean(0, keepdim=True), (2 * error).mean(0, keepdim=True)]
        norms.append(math.sqrt(sum((gradient**2).sum().item() for gradient in gradients)))
        gradients = [gradient * min(1.0, max_norm / (norms[-1] + 1e-6)) for gradient in gradients]
        if number < warm_up:
            rate = PEAK * (number + 1) / warm_up
        else:
            rate = PEAK * (len(steps) - number) / (len(steps) - warm_up)
        for place, (value, gradient) in enumerate(zip(parameters, gradients, strict=True)):
            first, second = moments[place]
            first.mul_(BETA1).add_((1 - BETA1) * gradient)
            second.mul_(BETA2).add_((1 - BETA2) * gradient**2)
            if place == 0:
                value.mul_(1 - rate * DECAY)
            corrected = (second / (1 - BETA2 ** (number + 1))).sqrt() + EPSILON
            value.sub_(rate * first / (1 - BETA1 ** (number + 1)) / corrected)
    return parameters[0], parameters[1], losses, norms


@pytest.mark.parametrize("max_norm", [1.0, math.inf])
def test_the_weights_are_those_of_the_update_rule(tmp_path: Path, max_norm: float) -> None:
    objective, log = Regression(), Log()
    run(objective, Plan(epochs=3, learning_rate=PEAK, seed=0, max_norm=max_norm), tmp_path, log)
    weight, bias, losses, norms = reference(3, max_norm)
    torch.testing.assert_close(objective.network.weight.double(), weight, atol=1e-6, rtol=0)
    torch.testing.assert_close(objective.network.bias.double(), bias, atol=1e-6, rtol=0)
    records = [figures for kind, figures in log.records if kind == "step"]
    assert [figures["loss"] for figures in records] == pytest.approx(losses, rel=1e-5)
    assert [figures["gradient_norm"] for figures in records] == pytest.approx(norms, rel=1e-5)
    assert max(norms) > 1  # so that clipping to 1 changes the result


def test_every_step_is_logged_with_its_number_and_its_learning_rate(tmp_path: Path) -> None:
    objective, log = Regression(steps=5), Log()
    position = run(objective, Plan(epochs=2, learning_rate=0.9, seed=0), tmp_path, log)
    assert (position.step, position.epoch, position.stopped) == (10, 2, False)
    assert objective.asked == [0, 1]
    assert [figures["step"] for _, figures in log.records] == list(range(1, 11))
    # One step of warm-up, then down to 0 after the last step.
    expected = [0.9, *(0.9 * (10 - step) / 9 for step in range(1, 10))]
    assert [figures["learning_rate"] for _, figures in log.records] == pytest.approx(expected)


def test_the_best_weights_stay_and_patience_ends_the_training(tmp_path: Path) -> None:
    objective, log = Toy(scores=[0.5, 0.8, 0.7, 0.8, 0.9]), Log()
    position = run(objective, Plan(epochs=5, learning_rate=PEAK, seed=0, patience=2), tmp_path, log)
    # An equal score is no gain, so that two validations without one end the training after epoch 4.
    assert (position.epoch, position.stopped) == (4, True)
    assert (position.best_score, position.best_step) == (0.8, 6)
    assert torch.equal(objective.weights(), objective.validated[1])
    epochs = [figures["epoch"] for kind, figures in log.records if kind == "validation"]
    assert epochs == [1, 2, 3, 4]


def test_without_validation_the_last_weights_stay(tmp_path: Path) -> None:
    objective = Toy()
    position = run(objective, Plan(epochs=2, learning_rate=PEAK, seed=0), tmp_path, Log())
    assert position.best_step is None
    assert torch.equal(objective.weights(), objective.validated[-1])


def test_the_network_is_in_evaluation_mode_at_the_end(tmp_path: Path) -> None:
    objective = Toy()
    run(objective, Plan(epochs=1, learning_rate=PEAK, seed=0), tmp_path, Log())
    assert not objective.network.training


def test_dropout_depends_on_the_seed_and_the_step_alone(tmp_path: Path) -> None:
    weights = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        objective = Toy()
        torch.manual_seed(ord(name))  # what was drawn before must not matter
        run(objective, Plan(epochs=1, learning_rate=PEAK, seed=seed), tmp_path / name, Log())
        weights.append(objective.weights())
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
