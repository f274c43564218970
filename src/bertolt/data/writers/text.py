"""Writers of text: csv, tsv, JSON lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from bertolt.data.writers.writer import SURROGATE, Writer

#: A text that begins with one of these may be run as a formula by a spreadsheet program, see
#: https://owasp.org/www-community/attacks/CSV_Injection. The last four are the full-width forms.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def spreadsheet_safe(text: str) -> str:
    """The text of a cell, with an apostrophe before it where a spreadsheet program may run it as a formula.

    The apostrophe makes the program show the rest as text. It changes the data: only files for spreadsheets
    should have it.
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


class DelimitedWriter(Writer):
    """csv and tsv. None is empty, booleans are ``true`` and ``false``, lists and dictionaries JSON.

    The header of a tsv file is in double quotes, by which our reader knows that fields are quoted.

    Args:
        path, columns: see ``Writer``.
        delimiter: a comma or a tab.
        safe_for_spreadsheets: whether texts and names of columns go through ``spreadsheet_safe``. Numbers do
            not: they are no formulas.
    """

    def __init__(
        self, path: Path, columns: Sequence[str], delimiter: str, *, safe_for_spreadsheets: bool = False
    ) -> None:
        super().__init__(path, columns)
        self._delimiter = delimiter
        self._safe = safe_for_spreadsheets
        # The csv module leaves a carriage return unquoted where lines end with a line feed only.
        self._special = re.compile(f'["\r\n{delimiter}]')

    def _begin(self, stream: BinaryIO) -> None:
        # A semicolon or a byte order mark outside quotes would mean something to a reader.
        always = self._delimiter == "\t" or any(mark in name for name in self.columns for mark in ";\ufeff")
        self._line(stream, [self._cell(name, always) for name in self.columns])

    def _write(self, stream: BinaryIO, values: list[object]) -> None:
        # A lone empty field without quotes would be a blank line.
        self._line(stream, [self._cell(value, len(values) == 1 and value in (None, "")) for value in values])

    def _line(self, stream: BinaryIO, cells: list[str]) -> None:
        stream.write((self._delimiter.join(cells) + "\n").encode())

    def _cell(self, value: object, always: bool) -> str:
        text = self._encodable(self._text(value))
        return '"' + text.replace('"', '""') + '"' if always or self._special.search(text) else text

    def _text(self, value: object) -> str:
        if isinstance(value, str):
            return spreadsheet_safe(value) if self._safe else value
        if value is None:
            return ""
        if isinstance(value, bool | list | tuple | dict):
            return self._json(value)
        return str(value)


class JsonLinesWriter(Writer):
    """One JSON object a line, in UTF-8; lone surrogates stay, as escapes."""

    def _write(self, stream: BinaryIO, values: list[object]) -> None:
        text = self._json(dict(zip(self.columns, values, strict=True)))
        if not text.isascii():
            # Surrogates occur inside strings only, where JSON allows an escape.
            text = SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
        stream.write(text.encode() + b"\n")
