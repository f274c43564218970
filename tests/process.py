"""Bertolt as a process: for tests of the whole."""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import bertolt

SOURCE = Path(bertolt.__file__).parents[1]
#: Seconds that a command may take.
PATIENCE = 120


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
    given = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    return {**given, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": ""}


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-W", "error::ResourceWarning", "-m", "bertolt", *map(str, words)]


def run(
    *words: str | Path,
    cwd: Path,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
) -> Outcome:
    """Runs ``bertolt WORDS`` to its end, in a process of its own.

    Args:
        words: of the command line.
        cwd: where it runs.
        stdin: what it reads.
        env: another environment than that of the tests.
        before: is called in the process before Python begins.
    """
    if env is None and before is None:
        return _forked([str(word) for word in words], cwd, stdin)
    done = subprocess.run(
        command(*words),
        cwd=cwd,
        env=environment() if env is None else dict(env),
        input=stdin,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        preexec_fn=before,
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


def _forked(words: Sequence[str], cwd: Path, stdin: bytes) -> Outcome:
    """The same as a child of a process that has imported everything: see ``forking``."""
    parent = _parent(tuple(sorted(environment().items())))
    assert parent.stdin is not None
    assert parent.stdout is not None
    with tempfile.TemporaryDirectory() as home:
        files = {name: Path(home) / name for name in ("in", "out", "err")}
        for file in files.values():
            file.write_bytes(b"")
        files["in"].write_bytes(stdin)
        job = {"words": words, "cwd": str(cwd), **{name: str(file) for name, file in files.items()}}
        parent.stdin.write(json.dumps(job).encode() + b"\n")
        parent.stdin.flush()
        if not select.select([parent.stdout], [], [], PATIENCE)[0]:
            os.killpg(parent.pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(
                words, PATIENCE, files["out"].read_bytes(), files["err"].read_bytes()
            )
        code = int(parent.stdout.readline())
        return Outcome(code, files["out"].read_text("utf-8"), files["err"].read_text("utf-8"))


@cache
def _parent(env: tuple[tuple[str, str], ...]) -> subprocess.Popen[bytes]:
    """The process that forks, one for each environment; it ends with the tests."""
    parent = subprocess.Popen(
        [sys.executable, "-W", "error::ResourceWarning", str(Path(__file__).with_name("forking.py"))],
        env=dict(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    atexit.register(_end, parent)
    return parent


def _end(parent: subprocess.Popen[bytes]) -> None:
    with parent:  # closes its input, at which it ends
        pass


@contextmanager
def serve(*words: str | Path, cwd: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A server on a free port, and its address.

    Its log goes to a file, which ``process.stderr`` reads: a pipe that nobody empties would stop the server.
    """
    with (
        tempfile.NamedTemporaryFile() as log,
        subprocess.Popen(
            command("serve", *words, "--port", "0", "--threads", "1", "--json"),
            cwd=cwd, env=environment(), stdout=subprocess.PIPE, stderr=log,
        ) as process,
    ):  # fmt: skip
        process.stderr = Path(log.name).open("rb")  # noqa: SIM115 (closed by Popen)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                assert process.stderr is not None
                pytest.fail(process.stderr.read().decode())
            yield process, json.loads(line)["address"]
        finally:
            process.kill()


def children(process: subprocess.Popen[bytes]) -> list[int]:
    """The processes that a process has started."""
    text = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
    return [int(number) for number in text.split()]


def wait_until(condition: Callable[[], Any]) -> None:
    """Waits for a minute at most."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def gone(number: int) -> bool:
    """Whether no process has this id."""
    return not Path(f"/proc/{number}").exists()


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
