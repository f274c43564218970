"""What the verbs print: one JSON document, aligned tables, and errors in three parts."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from bertolt.errors import BertoltError
from bertolt.progress import say


def as_json_text(document: Any) -> str:
    """A document on one line. NaN, which JSON does not have, is a mistake of the caller's."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False)


def print_json(document: Any) -> None:
    """Prints the one document of a verb under ``--json``."""
    sys.stdout.write(as_json_text(document) + "\n")


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
