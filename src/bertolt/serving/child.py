"""The process that owns the cores: it loads the models and computes what the server sends it.

A process and not a thread, because one that is stuck can be ended and replaced, and because its work then
never holds up the server's connections. ``python -m bertolt.serving.child`` reads frames on its standard
input and answers each on what was its standard output, until the input ends.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from bertolt.errors import BertoltError, FolderError
from bertolt.inference.opening import settings_for
from bertolt.inference.pipeline import Pipeline
from bertolt.models.device import set_threads
from bertolt.serving.computing import Computing
from bertolt.serving.fingerprint import HeldFiles, changed_folder, check_unchanged, stamp
from bertolt.serving.frames import pack, read

#: The three parts of an error.
Parts = dict[str, str]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the worker has loaded.

    Args:
        pipelines: the models by name.
        refused: the errors of those whose folder is damaged or not the one that the server has read.
        files: of the loaded models.
    """

    pipelines: Mapping[str, Pipeline]
    refused: Mapping[str, Parts] = field(default_factory=dict)
    files: Sequence[HeldFiles] = ()


Load = Callable[[Mapping[str, Any]], Loaded]


def load_pipelines(order: Mapping[str, Any]) -> Loaded:
    """Loads the models of the first frame: ``{"models": {name: {"folder", "fingerprint"}}, "device", "dtype",
    "engine", "threads", "task", "settings"}``.
    """
    set_threads(order["threads"])
    loaded: dict[str, Pipeline] = {}
    refused: dict[str, Parts] = {}
    files: list[HeldFiles] = []
    for name, model in order["models"].items():
        try:
            loaded[name], held = _load(Path(model["folder"]), model["fingerprint"], order)
            files.append(held)
        except FolderError as error:
            refused[name] = error.to_dict()
    return Loaded(loaded, refused, files)


def _load(folder: Path, expected: str, order: Mapping[str, Any]) -> tuple[Pipeline, HeldFiles]:
    before = stamp(folder)
    check_unchanged(folder, expected)
    held = HeldFiles(folder)
    pipeline = Pipeline.from_folder(
        folder,
        task=order.get("task"),
        device=order["device"],
        dtype=order["dtype"],
        engine=order["engine"],
        settings=settings_for(folder, order.get("settings") or {}),
    )
    if stamp(folder) != before:  # a part of it may be of the old model, and a part of the new one
        held.close()
        raise changed_folder(folder)
    return pipeline, held


def work(stream: BinaryIO, answers: BinaryIO, load: Load = load_pipelines) -> None:
    """Loads, then answers frame after frame until the stream ends."""

    def send(document: Any) -> None:
        answers.write(pack(document))
        answers.flush()

    try:
        loaded = load(read(stream))
        computing = Computing(loaded.pipelines)
        send({"error": None, "refused": loaded.refused})
        while True:
            answer = computing.answer(read(stream))
            if any(files.changed() for files in loaded.files):
                # The weights in memory may be half of another model: nothing that they gave is sent.
                logging.getLogger(__name__).error("a file of a loaded model was written to; the worker ends")
                return
            send(answer)
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
