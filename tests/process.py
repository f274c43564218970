"""Bertolt as a process: for tests of the whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import bertolt

SOURCE = Path(bertolt.__file__).parents[1]


@dataclass(frozen=True)
class Outcome:
    """How a process ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


def environment(*folders: Path) -> dict[str, str]:
    """That of the tests, with the package and some folders on Python's path."""
    path = os.pathsep.join(map(str, (*folders, SOURCE)))
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": ""}


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-W", "error::ResourceWarning", "-m", "bertolt", *map(str, words)]


def run(
    *words: str | Path,
    cwd: Path,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
) -> Outcome:
    """Runs ``bertolt WORDS`` to its end."""
    done = subprocess.run(
        command(*words),
        cwd=cwd,
        env=environment() if env is None else dict(env),
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
        preexec_fn=before,
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


@contextmanager
def serve(*words: str | Path, cwd: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A server on a free port, and its address."""
    with subprocess.Popen(
        command("serve", *words, "--port", "0", "--threads", "1", "--json"),
        cwd=cwd, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                assert process.stderr is not None
                pytest.fail(process.stderr.read().decode())
            yield process, json.loads(line)["address"]
        finally:
            process.kill()


def listing(folder: Path) -> dict[str, int]:
    """Every path below a folder, with the size of files."""
    return {
        str(path.relative_to(folder)): path.stat().st_size if path.is_file() else -1
        for path in folder.rglob("*")
    }


def refused(words: Sequence[str | Path], *parts: str, cwd: Path) -> str:
    """Runs a command that must be refused with one message and leave nothing behind.

    Args:
        words: the command.
        parts: what the message must say.
        cwd: where it runs; nothing may change below it.

    Returns:
        The message.
    """
    before = listing(cwd)
    done = run(*words, cwd=cwd)
    assert done.code == 2, done
    assert done.out == "", done
    lines = done.err.splitlines()
    assert len(lines) >= 3, done
    message = lines[-3:]
    assert message[0].startswith("error: expected "), done.err
    assert message[1].startswith("       found "), done.err
    assert message[2].startswith("       do: "), done.err
    assert done.err.count("error: expected") == 1, done.err
    assert "Traceback" not in done.err, done.err
    text = "\n".join(message)
    for part in parts:
        assert part in text, text
    assert listing(cwd) == before
    return text
