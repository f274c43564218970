"""What verbs that can be interrupted share: ``--resume DIR``, and what Ctrl-C leaves to be done."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bertolt.errors import InputError, SettingError, StoppedError


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


def require(given: Mapping[str, Any], wanted: Mapping[str, str], example: str) -> None:
    """Holds a verb's parameters to be there where ``--resume`` is not.

    Args:
        given: by the names of the verb's parameters.
        wanted: what each that is needed stands for, such as ``"DATA, unlabelled text"``.
        example: a command that has them all.

    Raises:
        InputError: one is missing.
    """
    for name, what in wanted.items():
        if not given.get(name):
            raise InputError(what, "none", f"for example: {example}")


@contextmanager
def resumable(folder: Path, verb: str) -> Iterator[None]:
    """While the body runs, Ctrl-C says what to do: go on, where the run had begun.

    Raises:
        StoppedError: Ctrl-C.
    """
    try:
        yield
    except KeyboardInterrupt:
        from bertolt.training.run_folder import RunFolder

        run = RunFolder(folder, verb)
        begun = run.path.is_dir() and not run.read().get("finished")
        do = f"go on with: bertolt {verb} --resume {folder}" if begun else "run the command again"
        raise StoppedError(do) from None
