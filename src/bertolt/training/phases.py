"""A training as a sequence of phases, each a run of the loop that is done once, whenever it is killed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_model, save_model

from bertolt.errors import FolderError
from bertolt.models.swap import finish_swap, write_folder
from bertolt.progress import progress_bar
from bertolt.training.checkpoints import EVERY_SECONDS, WEIGHTS, Checkpoints, Position
from bertolt.training.duration import expected_time
from bertolt.training.loop import Log, Plan, train
from bertolt.training.objective import Objective
from bertolt.training.prepare import Say

POSITION = "position.json"


class PhaseLog:
    """Tags the records of a phase with its name.

    Args:
        log: of the run.
        phase: its name.
    """

    def __init__(self, log: Log, phase: str) -> None:
        self._log = log
        self._phase = phase
        #: The last step that was written.
        self.step = 0.0

    def write(self, kind: str, figures: Mapping[str, float | str]) -> None:
        """See ``Log.write``."""
        self.step = float(figures["step"])
        self._log.write(kind, {"phase": self._phase, **figures})


@dataclass(frozen=True, slots=True)
class Where:
    """What all phases of a run share.

    Args:
        log: of the run.
        say: receives lines for people.
        machine: device and threads, in words.
        every_seconds: of work that an interruption may cost.
    """

    log: Log
    say: Say
    machine: str
    every_seconds: float = EVERY_SECONDS


class Phases:
    """Runs the phases of a training, one after another.

    What a phase leaves behind is a function of the network that it finds and of its objective, so a method
    that is run again from its beginning, over phases that are done, ends with the same weights.

    Args:
        folder: where each phase has a folder of its own, of its checkpoints and at last of its weights.
        where: log, lines for people, and the machine.
    """

    def __init__(self, folder: Path, where: Where) -> None:
        self._folder = folder
        self._where = where
        self._log = PhaseLog(where.log, "")
        #: Sentences for ``bertolt.json`` and the report: what was chosen, and why.
        self.notes: list[str] = []

    def run(self, name: str, objective: Objective, plan: Plan) -> Position:
        """Trains ``objective.network`` as the loop does, or loads what this phase left when it was done.

        Args:
            name: unique in the run, such as ``"round-2"``.
            objective: what is trained.
            plan: how long and how fast.

        Raises:
            FolderError: what this phase left is damaged.
            DiskError: the disk is full; the run can be resumed.
        """
        folder = self._folder / name
        self._log = PhaseLog(self._where.log, name)
        position = self._load(folder / "done", objective)
        if position is not None:
            self._log.step = float(position.step)
            return position
        self._where.say(f"{expected_time(objective, plan, self._where.machine)}; phase: {name}")
        checkpoints = Checkpoints(folder, every_seconds=self._where.every_seconds)
        with progress_bar(name, plan.epochs * len(objective.steps(0))) as progress:
            position = train(objective, plan, checkpoints, self._log, progress)
        self._save(folder / "done", objective, position)
        for left in ("last", "best"):
            shutil.rmtree(folder / left, ignore_errors=True)
        return position

    def event(self, text: str, **figures: float) -> None:
        """Logs something that happened in the phase that runs, such as a collapse; the report shows it."""
        self._log.write("event", {"step": self._log.step, "text": text, **figures})
        self._where.say(text)

    def say(self, text: str) -> None:
        """A line for people."""
        self._where.say(text)

    def note(self, text: str) -> None:
        """A sentence for people, which ``bertolt.json`` and the report keep."""
        self.notes.append(text)
        self._where.say(text)

    def _load(self, done: Path, objective: Objective) -> Position | None:
        finish_swap(done)
        if not done.is_dir():
            return None
        try:
            load_model(objective.network, done / WEIGHTS)
            position = json.loads((done / POSITION).read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError, SafetensorError) as error:
            raise FolderError(
                f"the whole weights of a phase in {str(done)!r}",
                str(error).strip().splitlines()[0][:200],
                "train anew without --resume",
            ) from error
        objective.network.eval()
        return Position(**position)

    def _save(self, done: Path, objective: Objective, position: Position) -> None:
        def write(folder: Path) -> None:
            save_model(objective.network, str(folder / WEIGHTS))
            _write(folder / POSITION, asdict(position))

        write_folder(done, write, ours=lambda old: (old / WEIGHTS).is_file())


def _write(file: Path, value: Any) -> None:
    file.write_text(json.dumps(value), encoding="utf-8")
