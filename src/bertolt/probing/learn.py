"""Trains one bank of probes, as a part of a run that can be interrupted."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_model, save_model

from bertolt.errors import DiskError, FolderError
from bertolt.probing.bank import ProbeBank
from bertolt.probing.objective import EdgeProbing
from bertolt.progress import progress_bar
from bertolt.training.checkpoints import Checkpoints
from bertolt.training.loop import Log, Plan, train

#: There are never fewer: the learning rate must have come down.
LEAST_EPOCHS = 4
_DONE = "bank.safetensors"


class PartLog:
    """Keeps the steps of a part apart from those of others.

    Args:
        log: the run's.
        name: of the part.
    """

    def __init__(self, log: Log, name: str) -> None:
        self._log = log
        self._name = name

    def write(self, kind: str, figures: Mapping[str, float | str]) -> None:
        """See ``Log.write``."""
        self._log.write(f"{self._name} {kind}", figures)


def make_plan(objective: EdgeProbing, *, epochs: int | None, least_steps: int, lr: float, seed: int) -> Plan:
    """How long and how fast: ``epochs``, or as many as give at least ``least_steps``.

    Gradients are not scaled down: their norm is that of all probes, and one must not slow down another.
    """
    wanted = math.ceil(least_steps / len(objective.steps(0)))
    return Plan(
        epochs=epochs or max(LEAST_EPOCHS, wanted), learning_rate=lr, seed=seed, patience=5, max_norm=math.inf
    )


def learn(bank: ProbeBank, objective: EdgeProbing, plan: Plan, folder: Path, log: Log) -> ProbeBank:
    """Trains a bank and takes each probe's best weights.

    Args:
        bank: the probes.
        objective: of the bank.
        plan: how long and how fast.
        folder: the part's own; a finished part is read from it.
        log: the run's; its kinds begin with the folder's name.

    Raises:
        DiskError: the disk is full; the run can be resumed.
        FolderError: a finished part is damaged.
    """
    done = folder / _DONE
    if done.is_file():
        try:
            load_model(bank, done)
        except (OSError, SafetensorError) as error:
            raise FolderError(
                f"whole probes in {str(done)!r}", str(error)[:200], "probe anew without --resume"
            ) from error
        bank.eval()
        return bank
    total = plan.epochs * len(objective.steps(0))
    with progress_bar(folder.name.replace("-", " "), total) as progress:
        train(objective, plan, Checkpoints(folder), PartLog(log, folder.name), progress)
    bank.take_best()
    _keep(bank, done)
    for name in ("last", "best"):
        shutil.rmtree(folder / name, ignore_errors=True)
    return bank


def _keep(bank: ProbeBank, done: Path) -> None:
    new = done.with_suffix(".new")
    try:
        done.parent.mkdir(parents=True, exist_ok=True)
        save_model(bank, str(new))
        os.replace(new, done)
    except (OSError, SafetensorError) as error:
        new.unlink(missing_ok=True)
        raise DiskError(
            f"room for the probes in {str(done.parent)!r}",
            str(error)[:200],
            "free some space, then go on with `bertolt probe --resume DIR`",
        ) from error
