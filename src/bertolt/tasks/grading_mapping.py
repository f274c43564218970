"""Sets of others as grades of sentences: which columns they have, and what their labels mean.

The table is a TOML file: ``grading_sets.toml`` beside this file explains itself; ``--set mapping=FILE``
stands in its place.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bertolt.data.columns import read_label
from bertolt.data.table import LeftOut, Row, Table
from bertolt.errors import DataError, SettingError
from bertolt.tasks.grades import JUDGEMENTS, read_grade, write_grade

# Rows whose labels are looked at, to tell whether a file is of a set.
_PEEK = 50


class SetMapping(BaseModel):
    """How one set is read. ``grading_sets.toml`` says what each name means."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    label: str
    context: str | None = None
    also: tuple[str, ...] = ()
    judges: tuple[str, ...] = ()
    labels: dict[str, str] = Field(min_length=1)

    @field_validator("labels", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        # Grades may be written as numbers.
        return {name: str(grade) for name, grade in value.items()} if isinstance(value, Mapping) else value

    @field_validator("labels")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        for grade in value.values():
            if read_grade(grade) is None:
                raise ValueError(f"{grade!r} is no grade")
        return value

    @field_validator("judges")
    @classmethod
    def _judgements(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if strange := sorted(set(value) - set(JUDGEMENTS)):
            raise ValueError(f"{strange[0]!r} is none of {', '.join(JUDGEMENTS)}")
        return value

    def columns(self) -> tuple[str, ...]:
        """The columns by which a file of the set is recognised."""
        return tuple(each for each in (self.text, self.label, self.context, *self.also) if each is not None)


@dataclass(frozen=True, slots=True)
class MappedTable:
    """A file of a set, with the task's columns beside its own.

    Args:
        table: the file.
        set_name: the set's.
        mapping: how it is read.
    """

    table: Table
    set_name: str
    mapping: SetMapping

    @property
    def name(self) -> str:
        """The table's, and the set's."""
        return f"{self.table.name} (read as {self.set_name})"

    @property
    def columns(self) -> tuple[str, ...]:
        """The task's first: they are found before the set's of the same name in other letters."""
        ours = ("text", "label") if self.mapping.context is None else ("text", "context", "label")
        return (*ours, *(column for column in self.table.columns if column not in ours))

    @property
    def notes(self) -> tuple[str, ...]:
        """The file's."""
        return self.table.notes

    @property
    def left_out(self) -> LeftOut:
        """The file's."""
        return self.table.left_out

    def __iter__(self) -> Iterator[Row]:
        for row in self.table:
            values = {**row.values, "text": row.values.get(self.mapping.text), "label": self._grade(row)}
            if self.mapping.context is not None:
                values["context"] = row.values.get(self.mapping.context)
            yield Row(row.line, values)

    def _grade(self, row: Row) -> str | None:
        label = read_label(row, self.mapping.label)
        if label is None:
            return None
        if label not in self.mapping.labels:
            raise DataError(
                f"a label of {self.set_name}: {', '.join(self.mapping.labels)}",
                f"{label!r} on line {row.line}",
                "correct it, or add it to the file of --set mapping=FILE",
            )
        return write_grade(self.mapping.labels[label], self.mapping.judges)


def mapped(table: Table, mapping: Mapping[str, SetMapping]) -> Table:
    """The table as one of the sets, or as it is where it is of none; of several, that with most columns."""
    found = [name for name, each in mapping.items() if _is_of(table, each)]
    if not found:
        return table
    name = max(found, key=lambda each: len(mapping[each].columns()))
    return MappedTable(table, name, mapping[name])


def _is_of(table: Table, mapping: SetMapping) -> bool:
    if not set(mapping.columns()) <= set(table.columns):
        return False
    values = [row.values.get(mapping.label) for row in islice(iter(table), _PEEK)]
    labels = {str(value).strip() for value in values if value is not None}
    return bool(labels) and labels <= set(mapping.labels)


@cache
def packaged_mapping() -> dict[str, SetMapping]:
    """The sets that Bertolt knows by itself."""
    text = resources.files("bertolt.tasks").joinpath("grading_sets.toml").read_text(encoding="utf-8")
    return parse_mapping(text, "the packaged mapping")


def read_mapping(path: Path) -> dict[str, SetMapping]:
    """A user's file.

    Raises:
        SettingError: it cannot be read, or is no mapping.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(
            "a TOML file in --set mapping=FILE", f"{str(path)!r} ({error})", "check the path"
        ) from error
    return parse_mapping(text, str(path))


def parse_mapping(text: str, name: str) -> dict[str, SetMapping]:
    """The sets of a TOML text.

    Args:
        text: the file's.
        name: of the file, for messages.

    Raises:
        SettingError: it is not TOML, or a set's table is wrong.
    """
    try:
        tables = tomllib.loads(text)
        return {each: SetMapping.model_validate(value) for each, value in tables.items()}
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"TOML in {name}", str(error), "correct the file") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "a set's table"
        raise SettingError(
            f"a table with text, label and labels for each set in {name}",
            f"{place}: {first['msg'].removeprefix('Value error, ')}",
            "correct the file; docs/grading.md shows one",
        ) from error
