"""Training in phases: each is named, logged, and done once, also across interruptions.

``train``, ``adapt`` and ``probe`` run their objectives here. The weights of a phase that is done stay in the
run folder until the whole run is finished; a run that goes on loads them instead of training again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_model, save_model

from bertolt.errors import FolderError
from bertolt.models.config import first_line
from bertolt.models.swap import finish_swap, write_folder
from bertolt.progress import progress_bar
from bertolt.training.checkpoints import EVERY_SECONDS, WEIGHTS, Checkpoints, Position
from bertolt.training.duration import expected_time
from bertolt.training.loop import Log, Plan, train
from bertolt.training.objective import Objective
from bertolt.training.prepare import Say

POSITION = "position.json"
VALUE = "value.json"


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
class RunContext:
    """What all phases of a run share.

    Args:
        log: of the run.
        say: prints a line for people.
        machine: device and threads, in words.
        every_seconds: seconds between two checkpoints: the work that an interruption may cost.
    """

    log: Log
    say: Say
    machine: str
    every_seconds: float = EVERY_SECONDS


class Runner:
    """Runs the phases of a run, one after another.

    The result of a phase is a function of the network that it is given and of its objective. So a run that is
    repeated from its beginning, with the phases that are done read from disk, ends with the same weights.

    Args:
        folder: of all phases; each has a folder of its own in it.
        context: log, lines for people, and the machine.
    """

    def __init__(self, folder: Path, context: RunContext) -> None:
        self._folder = folder
        self._context = context
        self._log = PhaseLog(context.log, "")
        #: Sentences for ``bertolt.json`` and the report: what was chosen, and why.
        self.notes: list[str] = []

    def run_phase(self, name: str, objective: Objective, plan: Plan, *, announce: bool = True) -> Position:
        """Trains ``objective.network`` by the loop, or loads the weights of this phase where it is done.

        Args:
            name: unique in the run, such as ``"round-2"``.
            objective: what is trained.
            plan: how long and how fast.
            announce: whether the expected time is said before the phase begins.

        Raises:
            FolderError: the files of this phase are damaged.
            DiskError: the disk is full; the run can be resumed.
        """
        folder = self._folder / name
        self._log = PhaseLog(self._context.log, name)
        position = self._load(folder / "done", objective)
        if position is not None:
            self._log.step = float(position.step)
            return position
        if announce:
            self.say(f"{expected_time(objective, plan, self._context.machine)}; phase: {name}")
        checkpoints = Checkpoints(folder, every_seconds=self._context.every_seconds)
        with progress_bar(name.replace("-", " "), plan.epochs * len(objective.steps(0))) as progress:
            position = train(objective, plan, checkpoints, self._log, progress)
        self._save(folder / "done", objective, position)
        for left in ("last", "best"):
            shutil.rmtree(folder / left, ignore_errors=True)
        return position

    def cached(self, name: str, compute: Callable[[], Any]) -> Any:
        """A value that is computed once in a run; a run that goes on reads it.

        Args:
            name: unique in the run.
            compute: returns the value, as JSON can hold it.

        Raises:
            FolderError: the file is damaged.
            DiskError: it cannot be written.
        """
        folder = self._folder / f"{name}-value"
        finish_swap(folder)
        if folder.is_dir():
            return _read_json(folder / VALUE)
        value = compute()
        write_folder(folder, lambda new: _write(new / VALUE, value), ours=lambda old: (old / VALUE).is_file())
        return value

    def event(self, text: str, **figures: float) -> None:
        """Logs something that happened in the current phase, such as a collapse; the report shows it."""
        self._log.write("event", {"step": self._log.step, "text": text, **figures})
        self.say(text)

    def say(self, text: str) -> None:
        """Prints a line for people."""
        self._context.say(text)

    def note(self, text: str) -> None:
        """Prints a sentence that ``bertolt.json`` and the report keep."""
        self.notes.append(text)
        self.say(text)

    def _load(self, done: Path, objective: Objective) -> Position | None:
        finish_swap(done)
        if not done.is_dir():
            return None
        try:
            load_model(objective.network, done / WEIGHTS)
        except (OSError, SafetensorError) as error:
            raise _damaged(done, error) from error
        objective.network.eval()
        return Position(**_read_json(done / POSITION))

    def _save(self, done: Path, objective: Objective, position: Position) -> None:
        def write(folder: Path) -> None:
            save_model(objective.network, str(folder / WEIGHTS))
            _write(folder / POSITION, asdict(position))

        write_folder(done, write, ours=lambda old: (old / WEIGHTS).is_file())


def _read_json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise _damaged(file.parent, error) from error


def _damaged(folder: Path, error: Exception) -> FolderError:
    return FolderError(
        f"the whole files of a phase in {str(folder)!r}",
        first_line(error),
        "train anew without --resume",
    )


def _write(file: Path, value: Any) -> None:
    file.write_text(json.dumps(value), encoding="utf-8")
