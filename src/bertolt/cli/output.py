"""What the verbs print: one JSON document, aligned tables, and errors in three parts."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from bertolt.errors import BertoltError, StoppedError
from bertolt.progress import say


def as_json_text(document: Any) -> str:
    """A document on one line. NaN, which JSON does not have, is a mistake of the caller's."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False)


def print_json(document: Any) -> None:
    """Prints the one document of a verb under ``--json``."""
    sys.stdout.write(as_json_text(document) + "\n")


class ReportedError(Exception):
    """An error that the document on standard output tells already.

    Args:
        exit_code: the error's.
    """

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


class JsonArray:
    """A document ``{"NAME": [...]}`` that is written as its elements come; a context manager.

    An error before the first element is none of its business. A later one closes the array and stands
    beside it as ``"error"``, so that standard output is one document all the same.

    Args:
        name: the array's key.
    """

    def __init__(self, name: str) -> None:
        self._start = f"{{{json.dumps(name)}: ["
        self._begun = False

    def add(self, element: Any) -> None:
        """Writes one element."""
        sys.stdout.write((",\n" if self._begun else self._start) + as_json_text(element))
        sys.stdout.flush()
        self._begun = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            error = StoppedError("run the command again")
        if error is None:
            sys.stdout.write(("" if self._begun else self._start) + "]}\n")
        elif self._begun and isinstance(error, BertoltError):
            sys.stdout.write('], "error": ' + as_json_text(error.to_dict()) + "}\n")
            raise ReportedError(error.exit_code) from error


def print_error(error: BertoltError, as_json: bool) -> None:
    """Prints an error: as a document on standard output, or in three lines on standard error."""
    if as_json:
        print_json({"error": error.to_dict()})
    else:
        say(f"error: expected {error.expected}\n       found {error.found}\n       do: {error.do}")


def print_table(rows: Sequence[Sequence[str]], *, right: Sequence[int] = (), indent: int = 0) -> None:
    """Prints rows in columns two blanks apart, measured in a terminal's cells.

    Args:
        rows: cells of one line each; the same number in every row.
        right: columns that are aligned to the right, such as numbers.
        indent: blanks before each line.
    """
    from rich.cells import cell_len

    clean = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(cell_len(cell) for cell in column) for column in zip(*clean, strict=True)]
    for row in clean:
        cells = []
        for position, (cell, width) in enumerate(zip(row, widths, strict=True)):
            blank = " " * (width - cell_len(cell))
            cells.append(blank + cell if position in right else cell + blank)
        sys.stdout.write(" " * indent + "  ".join(cells).rstrip() + "\n")


def one_line(text: str, most: int | None = None) -> str:
    """The text on one line, without what would move the cursor or colour the terminal.

    Args:
        text: anything.
        most: cells after which it is cut with an ellipsis.
    """
    from rich.cells import cell_len, set_cell_size

    shown = " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())
    if most is not None and cell_len(shown) > most:
        return set_cell_size(shown, most - 1).rstrip() + "…"
    return shown
