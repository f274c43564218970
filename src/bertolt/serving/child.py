"""The process that owns the cores: it loads the models and computes what the server sends it.

A process and not a thread, because one that is stuck can be ended and replaced, and because its work then
never holds up the server's connections. ``python -m bertolt.serving.child`` reads frames on its standard
input and answers each on what was its standard output, until the input ends.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from bertolt.errors import BertoltError
from bertolt.inference.opening import settings_for
from bertolt.inference.pipeline import Pipeline
from bertolt.models.device import set_threads
from bertolt.serving.computing import Computing
from bertolt.serving.frames import pack, read

Load = Callable[[Mapping[str, Any]], Mapping[str, Pipeline]]


def load_pipelines(order: Mapping[str, Any]) -> Mapping[str, Pipeline]:
    """Loads the models of the first frame: ``{"folders": {name: path}, "device", "dtype", "engine",
    "threads", "task", "settings"}``.
    """
    set_threads(order["threads"])
    return {
        name: Pipeline.from_folder(
            folder,
            task=order.get("task"),
            device=order["device"],
            dtype=order["dtype"],
            engine=order["engine"],
            settings=settings_for(Path(folder), order.get("settings") or {}),
        )
        for name, folder in order["folders"].items()
    }


def work(stream: BinaryIO, answers: BinaryIO, load: Load = load_pipelines) -> None:
    """Loads, then answers frame after frame until the stream ends."""

    def send(document: Any) -> None:
        answers.write(pack(document))
        answers.flush()

    try:
        computing = Computing(load(read(stream)))
        send({"error": None})
        while True:
            send(computing.answer(read(stream)))
    except (EOFError, BrokenPipeError):  # the server is gone
        return
    except BertoltError as error:  # a model cannot be loaded
        send({"error": error.to_dict()})


def main() -> None:
    """Runs the process. Whatever a library prints goes to standard error, not between the frames."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's to handle
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        work(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
