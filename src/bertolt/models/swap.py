"""Putting a finished folder in the place of the one before it, so that no reader ever sees half of one.

A folder ``NAME`` is written as its sibling ``.NAME.new``, synced, and exchanged with ``NAME`` in one
step. Where the system cannot exchange, ``NAME`` becomes ``.NAME.old`` and then ``.NAME.new`` becomes
``NAME``; a reader that comes between the two finishes the job (:func:`finish_swap`).

No marker file says that ``.NAME.new`` is complete, because the names say it: every writer does away
with ``.NAME.old`` before it begins and brings it back only when ``.NAME.new`` is whole and synced. So

===========  =============  =============  ==================================================
``NAME``     ``.NAME.old``  ``.NAME.new``  what it is
===========  =============  =============  ==================================================
there        any            any            ``NAME``; the others are left-overs
missing      there          there          half a swap: ``.NAME.new`` is complete
missing      there          missing        ``.NAME.old``
missing      missing        any            no folder; ``.NAME.new`` was never finished
===========  =============  =============  ==================================================

Two processes that write the same folder at the same time are not kept apart here, but by ``bertolt.locks``,
which every verb that writes a folder holds from its start.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError

from bertolt.errors import DiskError, FolderError

_AT_FDCWD = -100  # <fcntl.h>: paths are relative to the working directory
_RENAME_EXCHANGE = 2  # <linux/fs.h>

_ADVICE = {
    errno.ENOSPC: "free some space or choose another disk",
    errno.EDQUOT: "free some space or choose another disk",
    errno.EACCES: "choose a folder that you may write to",
    errno.EPERM: "choose a folder that you may write to",
    errno.EROFS: "choose a folder that you may write to",
}


def write_folder(target: Path, write: Callable[[Path], None], *, ours: Callable[[Path], bool]) -> bool:
    """Writes a folder, all of it or nothing.

    Args:
        target: the folder's path; its parents are made, and a symbolic link is followed.
        write: fills the empty folder that it is given. What it raises passes through, but for OSErrors
            and safetensors' own, which become DiskErrors.
        ours: told an existing folder, says whether it may be replaced.

    Returns:
        Whether an existing folder was replaced.

    Raises:
        FolderError: something is at ``target`` that is not ours. Nothing was written.
        DiskError: the file system refused (full, not allowed, ...). What was at ``target`` is still there.
    """
    target = _real(target)
    new, old = _siblings(target)
    finish_swap(target)
    replaces = os.path.lexists(target)
    if replaces:
        _refuse_foreign(target, ours)
    placed = False
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(new, old)
        new.mkdir()
        write(new)
        if replaces:
            new.chmod(stat.S_IMODE(target.stat().st_mode))  # a private folder stays private
        _sync_tree(new)
        _place(new, target, old, replaces=replaces)
        placed = True
    except OSError as error:
        raise _disk_error(target, error) from error
    except SafetensorError as error:
        raise _disk_error(target, _os_error(error)) from error
    finally:
        # With the old folder moved away and not moved back, `new` is the one that a reader will take.
        if not placed and (os.path.lexists(target) or not os.path.lexists(old)):
            shutil.rmtree(new, ignore_errors=True)  # what cannot be removed now, the next writer removes
    _settle(target, new, old)
    return replaces


def finish_swap(target: Path) -> None:
    """Puts a folder in its place whose writer was stopped half-way. Every reader calls it first.

    It only moves folders: left-overs are for the next writer to remove. Without anything to finish it
    does nothing, whether or not ``target`` is there.

    Args:
        target: the path of the folder that is about to be read.

    Raises:
        DiskError: there is a folder to move, and it cannot be moved.
    """
    target = _real(target)
    new, old = _siblings(target)
    if os.path.lexists(target) or not os.path.lexists(old):
        return
    try:
        os.rename(new if os.path.lexists(new) else old, target)
    except OSError as error:
        if not os.path.lexists(target):  # else another process was faster
            raise _disk_error(target, error) from error


def _real(target: Path) -> Path:
    return Path(os.path.realpath(target))


def _siblings(target: Path) -> tuple[Path, Path]:
    return target.with_name(f".{target.name}.new"), target.with_name(f".{target.name}.old")


def _refuse_foreign(target: Path, ours: Callable[[Path], bool]) -> None:
    try:
        if not target.is_dir():
            found = "a file"
        elif ours(target):
            return
        else:
            names = sorted(os.listdir(target))
            found = f"a folder with {', '.join(names[:3])}" if names else "an empty folder"
    except OSError as error:
        raise _disk_error(target, error) from error
    raise FolderError(
        "an output folder that does not exist or that Bertolt wrote",
        f"{found} at {target}",
        "name another output folder, or remove this one yourself",
    )


def _place(new: Path, target: Path, old: Path, *, replaces: bool) -> None:
    """Moves ``new`` to ``target``. The folder that was there is then at ``new`` or at ``old``."""
    if not replaces:
        os.rename(new, target)
    elif not _exchange(new, target):
        os.rename(target, old)
        try:
            os.rename(new, target)
        except OSError:
            if not os.path.lexists(target):  # else a reader finished the swap
                os.rename(old, target)
                raise


def _exchange(one: Path, other: Path) -> bool:
    """Exchanges two paths in one step (Linux, ``renameat2(2)``).

    False where that did not work. Why does not matter: kernels, file systems and sandboxes say that
    they do not know the call in several ways, and any other trouble meets the two renames as well.
    """
    if not sys.platform.startswith("linux"):
        return False
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)
    if renameat2 is None:
        return False
    renameat2.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    paths = (_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other))
    return bool(renameat2(*paths, _RENAME_EXCHANGE) == 0)


def _remove_leftovers(new: Path, old: Path) -> None:
    if os.path.lexists(new):
        shutil.rmtree(new)
    if os.path.lexists(old):
        # Removed under the other name, so that what is called `old` is always whole.
        os.rename(old, new)
        shutil.rmtree(new)


def _settle(target: Path, new: Path, old: Path) -> None:
    """Makes the swap last, then removes the folder that was replaced."""
    try:
        _sync(target.parent)
        _remove_leftovers(new, old)
    except OSError as error:
        raise DiskError(
            f"to remove what {target} replaced",
            f"{error.strerror or error} ({error.filename or new})",
            f"the new folder is complete and in its place; remove {new} and {old} yourself",
        ) from error


def _sync_tree(folder: Path) -> None:
    for parent, _, names in os.walk(folder, onerror=_raise):
        for name in names:
            _sync(Path(parent, name))
        _sync(Path(parent))
    _sync(folder.parent)


def _raise(error: OSError) -> None:
    raise error


def _sync(path: Path) -> None:
    windows = os.name == "nt"  # which syncs only what is open for writing, and no folders
    if windows and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDWR if windows else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _os_error(error: SafetensorError) -> OSError:
    """What the system said. safetensors tells it in its text only; an error without it is not the disk's."""
    match = re.search(r"\(os error (\d+)\)", str(error))
    if match is None:
        raise error
    return OSError(int(match[1]), os.strerror(int(match[1])))


def _disk_error(target: Path, error: OSError) -> DiskError:
    return DiskError(
        f"to write the folder {target}",
        f"{error.strerror or error} ({error.filename or target}); nothing that was there is lost",
        _ADVICE.get(error.errno or 0, "see whether the disk is well, or choose another folder"),
    )
