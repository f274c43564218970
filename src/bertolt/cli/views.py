"""How results look in a terminal: a view for each kind of result, never for a task."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from bertolt.cli.output import as_json_text, one_line, print_table
from bertolt.data.unknown import mostly_unknown
from bertolt.results import Result

#: Rows that are aligned with each other, so that an endless stream is printed as it comes.
ROWS_ALIGNED = 256
SHORTEST_TEXT = 20
#: What stands in the place of a result.
NO_TEXT = "(no text)"


def print_results(pairs: Iterable[tuple[str, Result | None]]) -> None:
    """Prints a line for each text: its result, a mark where it was cut or not known, and the text itself.

    In a terminal the text is shortened to the line, with an ellipsis; into a file or a pipe it is whole.

    Args:
        pairs: each text with its result; None for a row without text.
    """
    terminal = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    rest = iter(pairs)
    while chunk := list(islice(rest, ROWS_ALIGNED)):
        marks = ["" if result is None else _marks(result) for _, result in chunk]
        shown = [[NO_TEXT] if result is None else cells(result) for _, result in chunk]
        width = max(map(len, shown))
        rows = [
            [*row, *[""] * (width - len(row)), *([mark] if any(marks) else [])]
            for row, mark in zip(shown, marks, strict=True)
        ]
        kinds = [result.kind for _, result in chunk if result is not None]
        used = max(sum(len(cell) + 2 for cell in row) for row in rows)
        most = None if terminal is None else max(SHORTEST_TEXT, terminal - used)
        print_table(
            [[*row, one_line(text, most)] for row, (text, _) in zip(rows, chunk, strict=True)],
            right=(1,) if kinds and kinds[0] in ("labels", "grade") else (),
        )
        sys.stdout.flush()


def cells(result: Result) -> list[str]:
    """The cells of a result."""
    view = VIEWS.get(result.kind)
    if view is not None:
        return view(result)
    parts = result.to_dict()
    for name in ("truncated", "tokens", "tokens_read", "unknown"):
        del parts[name]
    return [as_json_text(parts)]


def _labels(result: Any) -> list[str]:
    return [result.label, f"{result.score:.3f}"]


def _answers(result: Any) -> list[str]:
    return [one_line(result.answer, None) or "(no answer)", f"{result.score:.3f}"]


def _tags(result: Any) -> list[str]:
    if result.entities is None:
        return [" ".join(f"{one_line(word.text)}/{word.tag}" for word in result.words)]
    return [", ".join(f"{each.label} {one_line(each.text)}" for each in result.entities) or "(none)"]


def _candidates(result: Any) -> list[str]:
    if result.log_likelihood is not None:
        return [f"log-likelihood {result.log_likelihood:.2f}, per token {result.pseudo_perplexity:.1f}"]
    places = (
        ", ".join(f"{one_line(each.token)} {each.score:.3f}" for each in candidates)
        for candidates in result.masks
    )
    return [" | ".join(places)]


def _grade(result: Any) -> list[str]:
    return [f"{result.grade} {one_line(result.name)}", f"{result.score:.3f}"]


#: The kinds that have a view of their own; any other is shown as JSON.
VIEWS: dict[str, Callable[[Any], list[str]]] = {
    "labels": _labels,
    "answers": _answers,
    "candidates": _candidates,
    "grade": _grade,
    "tags": _tags,
}


def _marks(result: Result) -> str:
    """What of the text the model did not read, or read as unknown tokens for the most part."""
    cut = f"[read {result.tokens_read:,} of {result.tokens:,} tokens]" if result.truncated else ""
    unknown = f"[{result.unknown:,} of {result.tokens:,} tokens unknown]"
    return " ".join(filter(None, (cut, unknown if mostly_unknown(result.tokens, result.unknown) else "")))
