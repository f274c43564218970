"""A process that has imported what the verbs import, and forks a child for each command that it is told.

A child is ``python -m bertolt WORDS`` in all but its imports, which take seconds a process. One line of JSON
a command comes in, ``{"words", "cwd", "in", "out", "err"}`` with the files of the standard streams; one goes
out, its exit code, below 0 for a signal.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any

#: Nothing here computes: a library that had begun threads of its own could not be forked.
HEAVY = (
    "bertolt.api.measuring",
    "bertolt.api.probing",
    "bertolt.api.training",
    "bertolt.evaluation.compare",
    "bertolt.inference.attribution",
    "bertolt.probing.probe",
    "bertolt.reports.probe_report",
    "bertolt.reports.training",
    "bertolt.training.repeats",
    "bertolt.unlabelled.adapt",
    "transformers.models.bert.modeling_bert",
)


def main() -> None:
    """Forks until standard input ends."""
    for name in HEAVY:
        __import__(name)
    gc.freeze()  # else a child's collections would copy all of the memory that it shares
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
            return
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _become(job: dict[str, Any]) -> None:
    """Runs the command in this process, which ends with it."""
    os.chdir(job["cwd"])
    for number, name, flags in (
        (0, "in", os.O_RDONLY),
        (1, "out", os.O_WRONLY | os.O_APPEND),
        (2, "err", os.O_WRONLY | os.O_APPEND),
    ):
        opened = os.open(job[name], flags)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", closefd=False, errors="backslashreplace", buffering=1)  # noqa: SIM115
    sys.path[0] = job["cwd"]  # as of ``python -m``; it was the folder of this file
    sys.argv = [str(Path(sys.executable).with_name("bertolt")), *job["words"]]
    runpy.run_module("bertolt", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
