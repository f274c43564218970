"""Locks: of several processes that write one file or folder, the first writes and the others are refused.

The lock of ``NAME`` is the file ``.NAME.lock`` beside it, which says who holds it. The system's own locks
(``flock(2)``; ``msvcrt`` on Windows) end with their process, so a lock file that a killed process left behind
does not count. Where a file system has no ``flock``, such as some network file systems, a lock file counts as
left behind when its process does not exist any more.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from bertolt.errors import BusyError, DiskError

#: What this thread holds. A training that holds its folder calls functions that lock the folder again.
_HELD: ContextVar[frozenset[Path]] = ContextVar("_HELD", default=frozenset())

#: What flock says where the file system does not have it.
_NO_FLOCK = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL}


@contextlib.contextmanager
def exclusive(target: Path, purpose: str, option: str) -> Iterator[None]:
    """Keeps other processes and threads from writing a file or folder while the body runs.

    A thread that holds the lock may take it again, which does nothing. The lock file, and folders that were
    made for it and are empty, are removed at the end.

    Args:
        target: the file or folder; it need not exist. A symbolic link is followed.
        purpose: what is done, for the message that others get, such as ``"bertolt train"``.
        option: that names another target, such as ``"--out"``.

    Raises:
        BusyError: another process or thread is writing it.
        DiskError: the lock file cannot be written.
    """
    real = Path(os.path.realpath(target))
    if real in _HELD.get():
        yield
        return
    file = real.with_name(f".{real.name}.lock")
    missing = [parent for parent in file.parents if not parent.exists()]
    with contextlib.ExitStack() as undo:
        undo.callback(_remove_empty, missing)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            undo.callback(_release, file, _take(file, target, option))
            _sign(file, purpose)
        except OSError as error:
            raise DiskError(
                f"a folder {str(file.parent)!r} that can be written",
                f"{error.strerror or error}",
                f"free some space, or choose another {option}",
            ) from error
        before = _HELD.set(_HELD.get() | {real})
        try:
            yield
        finally:
            _HELD.reset(before)


def _take(file: Path, target: Path, option: str) -> int:
    """Opens and locks the lock file.

    Returns:
        Its descriptor; the lock ends when it is closed.
    """
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
        with contextlib.ExitStack() as undo:
            undo.callback(os.close, descriptor)
            if not _lock(descriptor, file):
                raise BusyError(
                    f"that no other process writes {str(target)!r}",
                    f"that {_holder(file)} writes it",
                    f"wait until it ends, or choose another {option}",
                )
            # Else the holder before us removed its lock file after we had opened it.
            if file.exists() and os.path.samestat(os.fstat(descriptor), file.stat()):
                undo.pop_all()
                return descriptor


def _release(file: Path, descriptor: int) -> None:
    try:
        with contextlib.suppress(OSError):  # a folder that was removed meanwhile; an open file on Windows
            file.unlink()
    finally:
        os.close(descriptor)


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:  # the innermost comes first
        with contextlib.suppress(OSError):  # something was written into it
            folder.rmdir()


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int, file: Path) -> bool:
        """Locks the lock file; False where another has it. Reading it stays possible."""
        try:
            os.lseek(descriptor, 1 << 30, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(descriptor: int, file: Path) -> bool:
        """Locks the lock file; False where another has it."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno not in _NO_FLOCK:
                raise
            return not _lives(_read(file))
        return True


def _lives(holder: dict[str, Any]) -> bool:
    """Whether a holder's process exists. One on another machine counts as alive."""
    if not holder:
        return False
    if holder.get("host") != socket.gethostname():
        return True
    try:
        os.kill(int(holder["process"]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # of another user
        return True
    return True


def _sign(file: Path, purpose: str) -> None:
    signature = {
        "purpose": purpose,
        "process": os.getpid(),
        "host": socket.gethostname(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
    }
    file.write_text(json.dumps(signature), encoding="utf-8")


def _read(file: Path) -> dict[str, Any]:
    """What a lock file says; empty where it says nothing yet, or is gone."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and {"process", "host"} <= found.keys() else {}


def _holder(file: Path) -> str:
    """Who holds a lock, for a message."""
    found = _read(file)
    if not found:
        return "another process"
    return (
        f"{found.get('purpose')!s:.60} (process {found['process']!s:.20} on {found['host']!s:.100}, "
        f"since {found.get('since')!s:.20})"
    )
