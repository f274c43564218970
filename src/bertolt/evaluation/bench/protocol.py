"""How a program that is measured speaks: one JSON object a line in, one a line out.

It needs Python alone, and stands beside each peer in that peer's own environment. What is asked, what is
answered:

    {"do": "load", "folder": "models/reviews", "mode": "fp32", "threads": 2, "max_length": 512}
        {"seconds": 1.9, "versions": {"torch": "2.13.0"}}
    {"do": "predict", "inputs": ["A gorgeous film.", ...]}
        {"seconds": 3.2, "labels": ["positive", ...], "megabytes": 612.0}
    {"do": "latency", "inputs": [...]}
        {"milliseconds": [8.1, ...]}

``seconds`` are wall-clock, tokenisation included. ``megabytes`` (10^6 bytes) is the most memory that the
process has held so far. ``latency`` predicts the inputs one after the other. What goes wrong is answered by
``{"error": "..."}`` or by an exit. Whatever libraries print goes to standard error.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

Answer = dict[str, Any]


class Backend(Protocol):
    """What a peer implements."""

    def load(self, folder: str, mode: str, threads: int, max_length: int) -> dict[str, str]:
        """Loads the model folder; the versions of what computes, by name."""

    def predict(self, inputs: Sequence[Any]) -> list[str]:
        """The label of each input, in order. One input alone is predicted as a single request would be."""


def serve(backend: Backend, more: Mapping[str, Callable[[Any], Answer]] | None = None) -> None:
    """Answers until standard input ends.

    Args:
        backend: what is measured.
        more: further questions by name, each with what answers it out of ``inputs``.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        asked = json.loads(line)
        found = answer(backend, asked, more or {})
        answers.write(json.dumps(found) + "\n")
        answers.flush()


def answer(backend: Backend, asked: Mapping[str, Any], more: Mapping[str, Callable[[Any], Answer]]) -> Answer:
    """The answer to one question."""
    do = asked["do"]
    if do == "load":
        start = time.perf_counter()
        versions = backend.load(asked["folder"], asked["mode"], asked["threads"], asked["max_length"])
        return {"seconds": time.perf_counter() - start, "versions": versions}
    if do == "predict":
        start = time.perf_counter()
        labels = backend.predict(asked["inputs"])
        return {"seconds": time.perf_counter() - start, "labels": labels, "megabytes": peak_megabytes()}
    if do == "latency":
        return {"milliseconds": [1000 * _seconds(backend, each) for each in asked["inputs"]]}
    if do in more:
        return more[do](asked.get("inputs"))
    return {"error": f"no question is called {do!r}"}


def _seconds(backend: Backend, value: Any) -> float:
    start = time.perf_counter()
    backend.predict([value])
    return time.perf_counter() - start


def peak_megabytes() -> float:
    """The most memory that this process has held, in 10^6 bytes."""
    try:
        # Linux counts the memory of the program that started this one into ru_maxrss, but not into VmHWM.
        with open("/proc/self/status", encoding="ascii") as status:
            kilobytes = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
        return kilobytes * 1024 / 1e6
    except (OSError, StopIteration):
        size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return size / 1e6 if sys.platform == "darwin" else size * 1024 / 1e6
