"""Small model folders, and file-system calls that fail or never return."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bertolt.models import swap
from bertolt.models.swap import write_folder
from bertolt.training.runlog import RunLog

CALLS = ("mkdir", "open", "write", "fsync", "close", "rename", "unlink", "rmdir", "chmod")
WAYS = ("exchange", "two renames")
Content = dict[str, str]


class Killed(BaseException):
    """The process is gone: no handler for exceptions sees it, and nothing that it calls has an effect."""


def content(letter: str) -> Content:
    """Three files; one that only this letter has, one in a folder."""
    return {"bertolt.json": letter, f"only-{letter}": letter, "sub/weights": letter * 3}


def fill(letter: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        for name, text in content(letter).items():
            path = folder / name
            if not path.parent.is_dir():
                os.mkdir(path.parent)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
            os.write(descriptor, text.encode())
            os.close(descriptor)

    return write


def read(folder: Path) -> Content | None:
    if not folder.is_dir():
        return None
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def ours(folder: Path) -> bool:
    return (folder / "bertolt.json").is_file()


def save(target: Path, letter: str) -> bool:
    return write_folder(target, fill(letter), ours=ours)


@contextmanager
def fault(number: int | None, way: str, error: BaseException) -> Iterator[list[str]]:
    """Raises instead of call ``number``, counted from 0 (None: never). Yields the log of all calls.

    A killed process makes no later call either. A kill before a sync or a close leaves the same files
    as a kill after it, so these are not counted then.
    """
    log: list[str] = []
    kills = isinstance(error, Killed)
    left = number

    def counted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **options: Any) -> Any:
            nonlocal left
            log.append(f"{name} {args[0]}")
            if left is not None and not (kills and name in ("fsync", "close")):
                left -= 1
                if left < 0 and (kills or left == -1):
                    raise error
            return call(*args, **options)

        return wrapper

    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, counted(name, getattr(os, name)))
        real = swap._exchange if way == "exchange" else lambda one, other: False
        patch.setattr(swap, "_exchange", counted("exchange", real))
        yield log


def killed(target: Path, letter: str, way: str, number: int) -> bool:
    """Whether writing was stopped before its call ``number``, rather than done."""
    try:
        with fault(number, way, Killed()):
            save(target, letter)
    except Killed:
        return True
    return False


def prepared(parent: Path, start: str) -> tuple[Path, Content | None]:
    """A target in one of the states that a writer can meet, and what a reader sees there."""
    target = parent / "model"
    if start == "nothing":
        parent.mkdir()
        return target, None
    save(target, "a")
    if start == "left-overs":
        fill_path(parent / ".model.new", "x")
        return target, content("a")
    if start == "half a swap":
        fill_path(parent / ".model.new", "b")
        target.rename(parent / ".model.old")
        return target, content("b")
    return target, content("a")


def fill_path(folder: Path, letter: str) -> None:
    folder.mkdir()
    fill(letter)(folder)


@contextmanager
def killed_before(patch: pytest.MonkeyPatch, kind: str, **figures: Any) -> Iterator[None]:
    """Holds that what the block runs is killed just before a record of its log with these figures."""
    write = RunLog.write

    def killing(log: RunLog, record: str, found: Any) -> None:
        if record == kind and all(found[name] == value for name, value in figures.items()):
            raise Killed
        write(log, record, found)

    with patch.context() as patched:
        patched.setattr(RunLog, "write", killing)
        with pytest.raises(Killed):
            yield
