"""The training loop, read from top to bottom. It knows an Objective and nothing of tasks."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch

from bertolt.models.memory import FreedMemory
from bertolt.progress import Progress
from bertolt.training.checkpoints import Checkpoints, Position
from bertolt.training.objective import Objective, signals_of
from bertolt.training.optimisation import MAX_NORM, make_optimiser, rate, step_seed


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast.

    Args:
        epochs: passes over the data.
        learning_rate: the peak.
        seed: of dropout.
        patience: validations without a gain after which training stops; 0 never stops early.
        layer_decay: factor of the learning rate from a layer to the one below.
        bf16: whether matrix products run in bfloat16 (on a GPU).
        max_norm: to which the gradient of all parameters together is scaled down; infinity leaves it, for
            networks whose parts must not feel each other.
    """

    epochs: int
    learning_rate: float
    seed: int
    patience: int = 0
    layer_decay: float = 1.0
    bf16: bool = False
    max_norm: float = MAX_NORM


class Log(Protocol):
    """Receives a record of each step and of each validation."""

    def write(self, kind: str, figures: Mapping[str, float | str]) -> None:
        """Keeps one record."""


def train(
    objective: Objective, plan: Plan, checkpoints: Checkpoints, log: Log, progress: Progress
) -> Position:
    """Trains ``objective.network``, and leaves its best weights in it.

    Goes on from the last checkpoint where there is one. Step ``i`` of a run is the same computation
    whether or not the run was interrupted before it: its examples are a function of seed and epoch, its
    dropout of seed and step, its learning rate of the step.

    Returns:
        Where training ended, with the best validation score.
    """
    network = objective.network
    device = next(network.parameters()).device
    optimiser = make_optimiser(network, plan.learning_rate, plan.layer_decay)
    position = checkpoints.resume(objective, optimiser)
    progress.advance(position.step)
    freed = FreedMemory()
    epoch_steps = objective.steps(position.epoch)
    total = plan.epochs * len(epoch_steps)
    network.train()
    while position.epoch < plan.epochs and not position.stopped:
        done = position.step - position.epoch * len(epoch_steps)
        for step in epoch_steps[done:]:
            start = time.perf_counter()
            learning_rate = rate(position.step, total, plan.learning_rate)
            for group in optimiser.param_groups:
                group["lr"] = learning_rate * group["scale"]
            torch.manual_seed(step_seed(plan.seed, position.step))
            loss_sum = 0.0
            for batch in step.batches:
                with torch.autocast(device.type, torch.bfloat16, enabled=plan.bf16):
                    loss = objective.loss(batch) / step.weight
                loss.backward()  # type: ignore[no-untyped-call]
                loss_sum += loss.item()
            norm = torch.nn.utils.clip_grad_norm_(network.parameters(), plan.max_norm).item()
            optimiser.step()
            optimiser.zero_grad()
            position.step += 1
            speed = step.tokens / (time.perf_counter() - start)
            figures = {"step": position.step, "loss": loss_sum, "learning_rate": learning_rate}
            signals = signals_of(objective)
            log.write("step", {**figures, "gradient_norm": norm, "tokens_per_second": speed, **signals})
            progress.advance(1, live(loss_sum, signals, speed))
            freed.give_back()
            checkpoints.save_if_due(objective, optimiser, position)
        position.epoch += 1
        validation = objective.validate()
        if validation is not None:
            log.write("validation", {"step": position.step, "epoch": position.epoch, **validation.figures})
            if checkpoints.is_best(validation.score, position):
                checkpoints.save_best(network)
            position.stopped = 0 < plan.patience <= position.validations_without_gain
        if position.epoch < plan.epochs and not position.stopped:
            checkpoints.save(objective, optimiser, position)
            epoch_steps = objective.steps(position.epoch)
    checkpoints.load_best(network, position)
    network.eval()
    return position


def live(loss: float, signals: dict[str, float], speed: float) -> str:
    """What stands beside the bar: losses, confidence and speed."""
    parts = [f"loss {loss:.3f}"]
    if "unlabelled_loss" in signals:
        parts.append(f"unlabelled {signals['unlabelled_loss']:.3f}")
    if "confidence" in signals:
        parts.append(f"confidence {signals['confidence']:.0%}")
    return ", ".join([*parts, f"{speed:,.0f} tokens/s"])
