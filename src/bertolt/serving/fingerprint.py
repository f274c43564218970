"""Tells whether a model folder is still the one that was opened."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from bertolt.errors import FolderError

#: The model card may be edited by hand; no result rests on it.
CARD = "README.md"

#: Name, size, time of change in nanoseconds, and inode of each file.
Stamp = tuple[tuple[str, int, int, int], ...]


def fingerprint(folder: Path) -> str:
    """A digest of the contents of a model folder, without the card: the same after copying it.

    Raises:
        FolderError: a file of it cannot be read.
    """
    whole = hashlib.sha256()
    try:
        for path in _files(folder):
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            whole.update(f"{path.relative_to(folder).as_posix()}\0{digest}\n".encode())
    except OSError as error:
        raise FolderError(
            "a model folder that can be read", f"{error.strerror}: {str(folder)!r}", "copy it again"
        ) from error
    return whole.hexdigest()


def stamp(folder: Path) -> Stamp:
    """Changes with every change to a file of a model folder, and takes microseconds. Empty: no folder."""
    found = []
    for path in _files(folder):
        try:
            state = path.stat()
        except OSError:  # removed in this moment
            continue
        found.append((str(path), state.st_size, state.st_mtime_ns, state.st_ino))
    return tuple(found)


def check_unchanged(folder: Path, expected: str) -> None:
    """Refuses a folder that is another one than before.

    Raises:
        FolderError: its contents have another fingerprint than ``expected``, or cannot be read.
    """
    if not folder.is_dir() or fingerprint(folder) != expected:
        raise changed_folder(folder)


def changed_folder(folder: Path) -> FolderError:
    """The error for a folder that was changed while the server runs."""
    return FolderError(
        f"the model folder {str(folder)!r} as it was when the server read it",
        "that it was replaced, changed or removed",
        "let the server read it anew: send it SIGHUP, or POST /v1/models/NAME/reload with a key",
    )


class HeldFiles:
    """The files of a folder, held open, so that a change inside them is noticed.

    Weights stay mapped into memory after loading. Whoever writes into the file changes them; whoever puts
    another file in its place does not.

    Args:
        folder: whose files they are.
    """

    def __init__(self, folder: Path) -> None:
        self._files = {os.open(path, os.O_RDONLY | os.O_CLOEXEC) for path in _files(folder)}
        self._before = self._state()

    def changed(self) -> bool:
        """Whether anybody has written into one of them. It takes microseconds."""
        return self._state() != self._before

    def close(self) -> None:
        """Holds them no more."""
        for number in self._files:
            os.close(number)
        self._files = set()

    def _state(self) -> list[tuple[int, int]]:
        found = map(os.fstat, sorted(self._files))
        return [(each.st_size, each.st_mtime_ns) for each in found]


def _files(folder: Path) -> Iterator[Path]:
    """The files that count, in order."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != CARD and not path.name.startswith("."):
            yield path
