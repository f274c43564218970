"""What verbs that can be interrupted share: ``--resume DIR``, and what Ctrl-C leaves to be done."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from bertolt.errors import SettingError, StoppedError


def refuse_others(given: Mapping[str, Any], what: str, arguments: Collection[str]) -> None:
    """Holds ``--resume DIR`` to stand alone.

    Args:
        given: what else was given, by the names of the verb's parameters.
        what: goes on, such as ``"training"``.
        arguments: the parameters that are no options.

    Raises:
        SettingError: something else was given.
    """
    if given:
        shown = (name.upper() if name in arguments else f"--{name.replace('_', '-')}" for name in given)
        raise SettingError(
            "--resume DIR alone",
            f"also {', '.join(shown)}",
            f"leave that out: the settings that the {what} began with are used",
        )


def stopped(folder: Path, verb: str) -> StoppedError:
    """What to do after Ctrl-C: go on, where the run had begun."""
    from bertolt.training.run_folder import RunFolder

    run = RunFolder(folder, verb)
    begun = run.path.is_dir() and not run.read().get("finished")
    return StoppedError(f"go on with: bertolt {verb} --resume {folder}" if begun else "run the command again")
