"""Files that change while they are read: found by comparing size, time and inode, and refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bertolt.data.table import LeftOut, Row, Table
from bertolt.errors import DataError

#: Of each file its size in bytes, the time of its last change in nanoseconds, and its inode.
Stamps = dict[str, tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class UnchangedTable:
    """A table whose files must stay the same from its opening to the end of each reading.

    Args:
        table: reads the files.
        path: of the file, or of the folder of files.
        stamps: of the files when the table was opened.
    """

    table: Table
    path: Path
    stamps: Stamps

    @property
    def name(self) -> str:
        """See ``Table``."""
        return self.table.name

    @property
    def columns(self) -> tuple[str, ...]:
        """See ``Table``."""
        return self.table.columns

    @property
    def notes(self) -> tuple[str, ...]:
        """See ``Table``."""
        return self.table.notes

    @property
    def left_out(self) -> LeftOut:
        """See ``Table``."""
        return self.table.left_out

    def __iter__(self) -> Iterator[Row]:
        """The rows.

        Raises:
            DataError: a file has changed, before or while they were read; or what reading them raises.
        """
        self._check()
        try:
            yield from self.table
        except DataError:
            self._check()  # a row that cannot be used is a consequence
            raise
        self._check()

    def _check(self) -> None:
        now = stamps(self.path)
        if now == self.stamps:
            return
        for name in sorted({*self.stamps, *now}):
            if self.stamps.get(name) != now.get(name):
                raise DataError(
                    f"that {name} stays the same while it is read",
                    f"{_shown(self.stamps.get(name))} when it was opened, {_shown(now.get(name))} now",
                    "wait until it is written completely, or copy it, and run the command again",
                )


def stamps(path: Path) -> Stamps:
    """The stamps of a file, or of every file in a folder; none of what does not exist."""
    files = [path, *path.rglob("*")] if path.is_dir() else [path]
    found: Stamps = {}
    for file in files:
        try:
            status = os.stat(file)
        except OSError:  # removed: it has no stamp
            continue
        found[str(file)] = (status.st_size, status.st_mtime_ns, status.st_ino)
    return found


def _shown(stamp: tuple[int, int, int] | None) -> str:
    if stamp is None:
        return "no file"
    size, nanoseconds, inode = stamp
    return f"{size:,} bytes (changed at {nanoseconds / 1e9:.3f}, inode {inode})"


def unchanged(table: Table, data: str) -> Table:
    """The table of a DATA, held to stay the same where it is read from files.

    Args:
        table: as it was opened.
        data: as the user named it: a path, with or without ``:part``, or a name.
    """
    for name in (data, data.rpartition(":")[0]):
        if name and os.path.exists(name):
            return UnchangedTable(table, Path(name), stamps(Path(name)))
    return table
