"""What the verbs share: data by name or in memory, names given one or several, and saying nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from bertolt.data.frames import frame_table, is_frame
from bertolt.data.table import Table
from bertolt.errors import InputError
from bertolt.training.settings import StrPath

#: A path or a name; or a table in memory: a frame of pandas or polars, an Arrow table, a dictionary of lists.
Data = Any


class NamedData:
    """Data that a verb takes: paths and names as they are, tables in memory under a name of their own.

    Attributes:
        tables: those in memory, by name.
    """

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}

    def name(self, given: Data) -> str:
        """The name of one DATA, under which ``open_source`` finds it.

        Raises:
            InputError: neither a path, nor a name, nor a table.
            DataError: a table that cannot be read.
        """
        if isinstance(given, str | os.PathLike):
            return os.fspath(given)
        if not is_frame(given) and not isinstance(given, Mapping):
            raise InputError(
                "a path, a name, a frame (pandas, polars, Arrow) or a dictionary of lists",
                f"a value of type {type(given).__name__}",
                "give texts and labels as the columns of a frame",
            )
        kind = type(given).__name__
        name = kind if kind not in self.tables else f"{kind} {len(self.tables) + 1}"
        self.tables[name] = frame_table(given, name)
        return name

    def names(self, given: Data | Sequence[Data]) -> tuple[str, ...]:
        """The names of one DATA or several."""
        if isinstance(given, list | tuple):
            return tuple(self.name(each) for each in given)
        return (self.name(given),)


def names(given: StrPath | Sequence[StrPath]) -> tuple[str, ...]:
    """One name or several as a tuple of strings."""
    if isinstance(given, str | os.PathLike):
        return (os.fspath(given),)
    return tuple(os.fspath(each) for each in given)


def nothing(text: str) -> None:
    """Says nothing."""
