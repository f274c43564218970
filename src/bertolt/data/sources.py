"""DATA, as the verbs take it: a path, a packaged name or ``hf:owner/name@revision``, and ``:split``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bertolt.data.packaged import DATASETS, packaged_tables
from bertolt.data.readers import open_table
from bertolt.data.readers.folder import open_folder
from bertolt.data.readers.options import DEFAULT, ReadSettings
from bertolt.data.table import Layout, Noted, Row, Table
from bertolt.data.unchanged import unchanged
from bertolt.errors import MissingExtraError, NetworkError, UnknownNameError
from bertolt.hub import hub_error, hub_errors, parse_hub_id, unreachable

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Source:
    """What a DATA stands for. Its files must stay the same while they are read: see ``UnchangedTable``.

    Args:
        name: as it was given.
        whole: the table of a file, which has no splits of its own; None for a named data set.
        parts: the tables of a named data set by split; empty for a file.
    """

    name: str
    whole: Table | None
    parts: dict[str, Table]

    def __post_init__(self) -> None:
        packaged = self.name.partition(":")[0] in DATASETS and not os.path.isfile(self.name)
        if packaged or self.name in _IN_MEMORY.get({}):
            return  # a folder of the same name is another thing
        if self.whole is not None:
            object.__setattr__(self, "whole", unchanged(self.whole, self.name))
        for split, table in self.parts.items():
            self.parts[split] = unchanged(table, self.name)

    def pick(self, split: Split) -> Table:
        """The table for a verb that reads one split; a file is read whole.

        Raises:
            UnknownNameError: the data set has no such split.
        """
        if self.whole is not None:
            return self.whole
        if split not in self.parts:
            raise UnknownNameError(f"split of {self.name}", split, self.parts)
        return self.parts[split]


_IN_MEMORY: ContextVar[Mapping[str, Table]] = ContextVar("_IN_MEMORY")


@contextmanager
def in_memory(tables: Mapping[str, Table]) -> Iterator[None]:
    """While this lasts, ``open_source`` finds tables in memory by these names, before any file."""
    token = _IN_MEMORY.set(tables)
    try:
        yield
    finally:
        _IN_MEMORY.reset(token)


def open_source(data: str, layouts: Sequence[Layout] = (), options: ReadSettings = DEFAULT) -> Source:
    """Opens a DATA.

    ``name:split`` gives that split alone, as if it were a file; ``archive.zip:member`` a file in an archive.

    Args:
        data: a path of a file or a folder, a packaged name, or ``hf:`` and a name on the Hub.
        layouts: the kinds of file without a header line that the caller knows.
        options: what the user said of files.

    Raises:
        UnknownNameError: neither a file nor a name; near names are offered.
        DataError: a file that cannot be read.
        MissingExtraError, NetworkError: for names that need a package or the Hub.
    """
    tables = _IN_MEMORY.get({})
    if data in tables:
        return Source(data, tables[data], {})
    if data.startswith("hf:"):
        name, split = _split_off(data[3:])
        return _single(data, _hub_tables(name), split)
    if os.path.isfile(data):  # a folder of a data set's name does not hide the data set
        return Source(data, open_table(Path(data), layouts, options), {})
    name, split = _split_off(data)
    if name in DATASETS:
        return _single(data, {**packaged_tables(name)}, split)
    for folder, part in ((data, None), (name, split)):
        if os.path.isdir(folder) and (found := open_folder(Path(folder), options)) is not None:
            return _single(data, found, part) if isinstance(found, dict) else _whole(data, found, part)
    archive, member = split_member(data)
    if member or Path(data).suffix or "/" in data or os.path.isdir(data):
        return Source(
            data, open_table(Path(archive), layouts, options, member=member), {}
        )  # or names near files
    raise UnknownNameError("file or packaged data set", data, DATASETS)


def _split_off(data: str) -> tuple[str, str | None]:
    name, colon, split = data.rpartition(":")
    return (name, split) if colon else (data, None)


def split_member(data: str) -> tuple[str, str]:
    """The path of a DATA and the member of a zip archive that it names; empty where it names none."""
    place = data.lower().find(".zip:")
    return (data, "") if place < 0 or os.path.exists(data) else (data[: place + 4], data[place + 5 :])


def _whole(data: str, table: Table, part: str | None) -> Source:
    if part is not None:
        raise UnknownNameError(
            f"split of {data.rpartition(':')[0]}", part, (), do="leave it out: the folder has no splits"
        )
    return Source(data, table, {})


def _single(data: str, parts: Mapping[str, Table], split: str | None) -> Source:
    if split is None:
        return Source(data, None, dict(parts))
    if split not in parts:
        raise UnknownNameError(f"split of {data.rpartition(':')[0]}", split, parts)
    return Source(data, parts[split], {})


@dataclass(frozen=True, slots=True)
class HubTable(Noted):
    """A split of a Hub data set; class numbers are read as their names."""

    name: str
    columns: tuple[str, ...]
    data: Any

    def __iter__(self) -> Iterator[Row]:
        from bertolt.data.readers.arrow import with_class_names  # loads pyarrow

        features = self.data.features.to_dict()
        for line, record in enumerate(self.data, start=1):
            yield Row(
                line, {column: with_class_names(value, features[column]) for column, value in record.items()}
            )


def _hub_tables(name: str) -> dict[str, Table]:
    try:
        import datasets
        from datasets.exceptions import DatasetNotFoundError
    except ModuleNotFoundError as error:
        raise MissingExtraError("hub", f"the data set hf:{name}") from error
    hub_id = parse_hub_id(name)
    if hub_id is None:
        raise UnknownNameError("data set on the Hub", name, DATASETS, do="write hf:owner/name@revision:split")
    try:
        loaded = datasets.load_dataset(hub_id.repository, revision=hub_id.revision)
    except DatasetNotFoundError as error:
        raise NetworkError(
            f"a data set {name!r} on the Hub that may be read",
            str(error).strip().splitlines()[0],
            "check id and revision; for a private or gated one set HF_TOKEN to a token that may read it",
        ) from error
    except hub_errors() as error:
        raise hub_error(error, "data set", hub_id) from error
    except ConnectionError as error:
        raise unreachable("data set", hub_id) from error
    return {
        str(split): HubTable(f"hf:{name}:{split}", tuple(part.column_names), part)
        for split, part in loaded.items()
    }
