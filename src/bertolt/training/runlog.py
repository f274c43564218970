"""The run log: a JSON line for each step and validation, in ``DIR.run/log.jsonl``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from bertolt.errors import DiskError

NAME = "log.jsonl"


class RunLog:
    """Appends records to a run's log.

    Args:
        folder: the run's own (``DIR.run``).
        verb: of the command line, that goes on with the run.
    """

    def __init__(self, folder: Path, verb: str = "train") -> None:
        self._verb = verb
        self._file = folder / NAME
        self._begun = False

    def write(self, kind: str, figures: Mapping[str, float | str]) -> None:
        """Appends one record, as one line.

        Raises:
            DiskError: it could not be written.
        """
        line = json.dumps({"kind": kind, **figures})
        try:
            with self._file.open("ab+") as file:
                # An interruption may have cut off the last line of the run that goes on.
                torn = not self._begun and file.tell() > 0 and _last_byte(file) != b"\n"
                file.write(f"{chr(10) * torn}{line}\n".encode())
            self._begun = True
        except OSError as error:
            raise DiskError(
                f"room for the run log {str(self._file)!r}",
                f"{error.strerror}",
                f"free some space, then go on with `bertolt {self._verb} --resume DIR`",
            ) from error


def _last_byte(file: BinaryIO) -> bytes:
    file.seek(-1, os.SEEK_END)
    return file.read(1)


def read_log(folder: Path) -> list[dict[str, Any]]:
    """The records of a run. Of steps that were done twice, by a resumed run, the later record stands.

    Steps are counted from 1 in each ``phase``, where the records name one.

    A line that an interruption cut off is not a record.
    """
    file = folder / NAME
    if not file.is_file():
        return []
    records: dict[tuple[str, str, float], dict[str, Any]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue
        records[(record["kind"], record.get("phase", ""), record["step"])] = record
    return list(records.values())
