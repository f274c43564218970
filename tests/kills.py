"""A training in a process of its own that ends itself with SIGKILL at a chosen place, so at no chance moment.

python kills.py KILL VERB SETTINGS RESUME, all of it JSON: see ``killed_run``.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

#: The calls to the file system that are counted; the exchange of two folders is one as well.
CALLS = ("rename", "mkdir", "unlink", "rmdir", "open")
WAYS = ("exchange", "two renames")


@dataclass(frozen=True)
class Kill:
    """Where a training is killed.

    Args:
        kind: a kind of the log's records, such as ``step``: before that of step ``number``; or one of
            ``WAYS``: before call ``number`` to the file system, where two folders can be exchanged, or
            where that takes two renames.
        number: of the step, from 1, or of the call, from 0.
        phase: of the step; None: of any phase.
    """

    kind: str
    number: int
    phase: str | None = None

    def __str__(self) -> str:
        return "-".join(
            [*([self.phase] if self.phase else []), self.kind.replace(" ", "-"), str(self.number)]
        )


def random_kills(seed: int, *, steps: int, calls: range, phase: str | None = None) -> list[Kill]:
    """One to three kills, of which those at steps are each later in the run than the one before."""
    chance = random.Random(seed)
    places = sorted(chance.sample(range(1, steps + 1), chance.randint(1, 3)))
    return [
        Kill("step", place, phase) if kind == "step" else Kill(kind, chance.choice(calls))
        for place, kind in zip(places, chance.choices(("step", *WAYS), k=len(places)), strict=True)
    ]


def killed_run(
    kill: Kill, verb: str, settings: Mapping[str, Any], *, cwd: Path, env: Mapping[str, str], resume: bool
) -> bool:
    """Trains, with a checkpoint of every step, until the process is killed.

    Args:
        kill: where.
        verb: ``train``, ``adapt`` or ``probe``.
        settings: the verb's.
        cwd: where it runs.
        env: its environment.
        resume: whether a run goes on.

    Returns:
        Whether it was killed, rather than over before the place where it was to be.
    """
    told = [json.dumps(each) for each in (asdict(kill), verb, settings, resume)]
    done = subprocess.run(
        [sys.executable, __file__, *told], cwd=cwd, env=dict(env), timeout=120, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _arm(kill: Kill) -> None:
    """Lays the trap. A process that has called this is not good for anything else."""
    from bertolt.models import swap
    from bertolt.training.runlog import RunLog

    if kill.kind not in WAYS:
        write = RunLog.write

        def killing(log: RunLog, kind: str, figures: dict[str, Any]) -> None:
            in_phase = kill.phase in (None, figures.get("phase"))
            if in_phase and (kind, figures["step"]) == (kill.kind, kill.number):
                _die()
            write(log, kind, figures)

        RunLog.write = killing  # type: ignore[method-assign]
        return
    left = kill.number

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                _die()
            return call(*args, **options)

        return wrapper

    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))
    if kill.kind == "exchange":
        swap._exchange = counted(swap._exchange)
    else:
        swap._exchange = lambda one, other: False


def _train(verb: str, settings: dict[str, Any], resume: bool) -> None:
    from bertolt.probing.probe import probe
    from bertolt.probing.settings import ProbeSettings
    from bertolt.training.checkpoints import Checkpoints
    from bertolt.training.fine_tune import fine_tune
    from bertolt.training.settings import TrainSettings
    from bertolt.unlabelled.adapt import adapt
    from bertolt.unlabelled.settings import AdaptSettings

    if verb == "train":
        trained = TrainSettings.model_validate(settings)
        fine_tune(trained, lambda line: None, resume=resume, checkpoint_seconds=0)
        return
    Checkpoints.save_if_due = Checkpoints.save  # type: ignore[method-assign]
    if verb == "probe":
        probe(ProbeSettings.model_validate(settings), lambda line: None, resume=resume)
        return
    adapt(AdaptSettings.model_validate(settings), lambda line: None, resume=resume)


def main() -> None:
    """The child."""
    kill, verb, settings, resume = (json.loads(word) for word in sys.argv[1:])
    import bertolt.probing.probe
    import bertolt.training.fine_tune
    import bertolt.unlabelled.adapt  # noqa: F401 (what an import opens is not counted)

    _arm(Kill(**kill))
    _train(verb, settings, resume)


if __name__ == "__main__":
    main()
