"""A program that is measured: how it is started, asked, and ended."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

#: A program that is silent for so long is taken for dead.
SECONDS = 1200.0


@dataclass(frozen=True, slots=True)
class BackendSpec:
    """One program in one mode.

    Args:
        name: what it is called.
        model: the folder that it loads.
        mode: what it is told when it loads.
        command: how it is started.
        folder: where.
        environment: its variables.
    """

    name: str
    model: Path
    mode: str
    command: tuple[str, ...]
    folder: Path
    environment: dict[str, str]


class NoResponse(Exception):
    """A program that did not answer, or answered with an error. Its text says why, on one line."""


class BackendProcess:
    """A program that speaks the protocol of ``protocol.py``; a context manager that ends it.

    Args:
        command: its words.
        folder: where it runs.
        environment: its variables.
        seconds: how long it may take to answer.
    """

    def __init__(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float = SECONDS
    ) -> None:
        self._seconds = seconds
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 (closed by __exit__)
        try:
            self._process = subprocess.Popen(
                list(command),
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                encoding="utf-8",
            )
        except OSError as error:
            self._said.close()
            raise NoResponse(f"cannot be started: {error.strerror}") from error

    def ask(self, do: str, **details: Any) -> dict[str, Any]:
        """Asks one question and waits for the answer.

        Raises:
            NoResponse: it ended, took too long, said no JSON, or answered with an error.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        timer = threading.Timer(self._seconds, self._process.kill)
        timer.start()
        try:
            self._process.stdin.write(json.dumps({"do": do, **details}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            raise NoResponse(self._ending(do))
        return parse_response(line)

    def _ending(self, do: str) -> str:
        code = self._process.wait()
        self._said.seek(0)
        lines = self._said.read().decode("utf-8", "replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        return f"ended with exit code {code} when asked to {do}: {last[:300]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._said.close()
        with suppress(BrokenPipeError):
            self._process.stdin.close()


def parse_response(line: str) -> dict[str, Any]:
    """One answer out of its line.

    Raises:
        NoResponse: it is no JSON object, or an error.
    """
    try:
        found = json.loads(line)
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise NoResponse(f"answered with no JSON object: {line.strip()[:200]!r}")
    if "error" in found:
        raise NoResponse(str(found["error"]))
    return found


def backend_environment(threads: int, more: Mapping[str, str]) -> dict[str, str]:
    """The variables of a backend: its number of threads, no network, and ``more``.

    ``OMP_WAIT_POLICY`` is not inherited: each program waits for its threads as it does by default.
    """
    inherited = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    offline = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}
    return {**inherited, **offline, "OMP_NUM_THREADS": str(threads), **more}
