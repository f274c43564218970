"""Where a run stands, on disk: at most two checkpoints, the last and the best; safetensors and JSON only."""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, load_model, save_file, save_model
from torch import Tensor, nn

from bertolt.errors import FolderError
from bertolt.models.config import first_line
from bertolt.models.swap import finish_swap, write_folder
from bertolt.training.objective import Objective

#: Seconds of work that an interruption may cost.
EVERY_SECONDS = 300.0

WEIGHTS = "model.safetensors"
OPTIMISER = "optimiser.safetensors"
STATE = "state.json"


@dataclass(slots=True)
class Position:
    """Where a run stands.

    Args:
        step: steps done.
        epoch: epochs done.
        best_score: the best validation score so far, or None before the first.
        best_step: the step after which it was measured.
        validations_without_gain: since then.
        stopped: whether patience ran out.
    """

    step: int = 0
    epoch: int = 0
    best_score: float | None = None
    best_step: int | None = None
    validations_without_gain: int = 0
    stopped: bool = False


class Checkpoints:
    """The checkpoints of a run.

    Args:
        folder: the run's own (``DIR.run``).
        every_seconds: how often the last checkpoint is renewed.
    """

    def __init__(self, folder: Path, *, every_seconds: float = EVERY_SECONDS) -> None:
        self._last = folder / "last"
        self._best = folder / "best"
        self._every_seconds = every_seconds
        self._saved_at = time.monotonic()

    def resume(self, objective: Objective, optimiser: torch.optim.Optimizer) -> Position:
        """Loads the last checkpoint, if there is one, and says where it stands.

        Raises:
            FolderError: it is damaged.
        """
        self._saved_at = time.monotonic()
        finish_swap(self._last)
        if not self._last.is_dir():
            return Position()
        try:
            state = json.loads((self._last / STATE).read_text(encoding="utf-8"))
            load_model(objective.network, self._last / WEIGHTS)
            _load_optimiser(optimiser, load_file(self._last / OPTIMISER))
        except (OSError, json.JSONDecodeError, SafetensorError) as error:
            raise FolderError(
                f"a whole checkpoint in {str(self._last)!r}",
                first_line(error),
                "train anew without --resume",
            ) from error
        objective.load_state(state["objective"])
        return Position(**state["position"])

    def save_if_due(self, objective: Objective, optimiser: torch.optim.Optimizer, position: Position) -> None:
        """Saves when the last checkpoint is older than ``every_seconds``."""
        if time.monotonic() - self._saved_at >= self._every_seconds:
            self.save(objective, optimiser, position)

    def save(self, objective: Objective, optimiser: torch.optim.Optimizer, position: Position) -> None:
        """Replaces the last checkpoint, whole or not at all.

        Raises:
            DiskError: it could not be written; the one before still stands.
        """
        state = {"position": asdict(position), "objective": objective.state()}

        def write(folder: Path) -> None:
            save_model(objective.network, str(folder / WEIGHTS))
            save_file(_optimiser_tensors(optimiser), folder / OPTIMISER)
            (folder / STATE).write_text(json.dumps(state), encoding="utf-8")

        write_folder(self._last, write, ours=_is_checkpoint)
        self._saved_at = time.monotonic()

    def is_best(self, score: float, position: Position) -> bool:
        """Notes a validation in ``position``; whether it is the best so far (the first of equals)."""
        if position.best_score is not None and not score > position.best_score:  # so NaN is no gain
            position.validations_without_gain += 1
            return False
        position.best_score = -math.inf if math.isnan(score) else score
        position.best_step = position.step
        position.validations_without_gain = 0
        return True

    def save_best(self, network: nn.Module) -> None:
        """Keeps the weights as the best."""
        write_folder(
            self._best, lambda folder: save_model(network, str(folder / WEIGHTS)), ours=_is_checkpoint
        )

    def load_best(self, network: nn.Module, position: Position) -> None:
        """Puts the best weights into the network; the last ones stay where nothing was measured."""
        if position.best_step is not None and position.best_step != position.step:
            finish_swap(self._best)
            load_model(network, self._best / WEIGHTS)


def _is_checkpoint(folder: Path) -> bool:
    return (folder / WEIGHTS).is_file()


def _optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    for index, values in optimiser.state_dict()["state"].items():
        for name, value in values.items():
            tensors[f"{index}.{name}"] = value.contiguous()
    return tensors


def _load_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
