"""Pieces of messages that many files need: counts with their nouns, lists, and commands for a shell."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

#: What stands in a printed command for a value that the reader fills in; it is not quoted.
ANY = "…"


def counted(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: ``1 row``, ``2,000 rows``.

    Args:
        count: how many.
        one: the words after 1, such as ``"line that is empty"``.
        many: the words after every other number; None: ``one`` and an ``s``.
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def line_list(lines: Sequence[int], most: int = 10) -> str:
    """Line numbers for people: ``line 3``, ``lines 3, 7, …``."""
    shown = ", ".join(map(str, lines[:most])) + (", …" if len(lines) > most else "")
    return f"line{'s' * (len(lines) > 1)} {shown}"


def shortened(text: str, most: int = 40) -> str:
    """The text in quotes, cut after ``most`` characters."""
    return repr(text if len(text) <= most else text[: most - 1] + "…")


def listed(words: Sequence[str], most: int = 12) -> str:
    """Names in quotes with commas between, at most ``most`` of them."""
    return ", ".join(map(shortened, words[:most])) + (", …" if len(words) > most else "")


def command(verb: str, *words: str, **options: Sequence[str] | str | None) -> str:
    """A command as one types it into a shell: ``bertolt train 'my file.csv' --label mood``.

    Args:
        verb: such as ``"train"``.
        words: what stands behind it.
        options: the values of each option by its name, such as ``text=("a", "b")``; none where it is empty.
    """
    parts = ["bertolt", verb, *map(quoted, words)]
    for name, values in options.items():
        for value in (values,) if isinstance(values, str) else values or ():
            parts += [f"--{name.replace('_', '-')}", quoted(value)]
    return " ".join(parts)


def quoted(word: str) -> str:
    """A word as a shell reads it back."""
    return word if word in (ANY, f"names={ANY}") else shlex.quote(word)
