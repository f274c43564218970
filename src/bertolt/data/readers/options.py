"""How a data file is read where the guess would fail. The command line and Python both fill this."""

from __future__ import annotations

import codecs
from typing import TypedDict

from pydantic import BaseModel, ConfigDict, Field, field_validator

#: Names of delimiters that are hard to type in a shell.
_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}


class ReadSettings(BaseModel):
    """The settings of reading that every verb with DATA has.

    Args:
        delimiter: one character between two fields, or ``tab``; None: guessed.
        encoding: of text files, such as ``latin-1``; None: UTF-8, or guessed where that is safe.
        header: whether the first line of a table names its columns; None: yes, unless the line looks like
            data, which is an error. Columns without a header are called ``1``, ``2``, …
        sheet: name or 1-based number of a workbook's sheet; None: the only one with rows.
        max_cell: characters that a cell, or a line of a text file, may have.
        max_expansion: how many times its size a compressed file may grow (at least 100 MB are allowed).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    delimiter: str | None = None
    encoding: str | None = None
    header: bool | None = None
    sheet: str | None = None
    max_cell: int = Field(default=16_000_000, ge=1, lt=2**31)
    max_expansion: int = Field(default=100, ge=1)

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, value: str | None) -> str | None:
        value = None if value is None else _DELIMITERS.get(value.lower(), value)
        if value is not None and (len(value) != 1 or value in '"\r\n'):
            raise ValueError("should be one character that is no quote, or one of: " + ", ".join(_DELIMITERS))
        return value

    @field_validator("encoding")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        try:
            # Not a codec from bytes to bytes, such as base64, nor one that runs on text alone.
            if value is not None and "a".encode(value).decode(value) != "a":
                raise LookupError
            return None if value is None else codecs.lookup(value).name
        except (LookupError, UnicodeError, TypeError) as error:
            raise ValueError("should be an encoding that Python knows, such as latin-1 or cp1251") from error

    def read_options(self) -> ReadSettings:
        """These settings alone, out of the settings of a verb."""
        return ReadSettings.model_construct(
            **{name: getattr(self, name) for name in ReadSettings.model_fields}
        )

    def as_words(self) -> tuple[str, ...]:
        """What differs from the defaults, as a command says it: ``("--encoding", "latin-1")``."""
        words: list[str] = []
        for name, field in ReadSettings.model_fields.items():
            value = getattr(self, name)
            if name == "header" and value is not None:
                words.append("--header" if value else "--no-header")
            elif value != field.default:
                words += [f"--{name.replace('_', '-')}", "tab" if value == "\t" else str(value)]
        return tuple(words)


class ReadOptions(TypedDict, total=False):
    """The options of reading; their meanings and defaults are those of ``ReadSettings``."""

    delimiter: str | None
    encoding: str | None
    header: bool | None
    sheet: str | None
    max_cell: int
    max_expansion: int


#: Everything is guessed.
DEFAULT = ReadSettings()
