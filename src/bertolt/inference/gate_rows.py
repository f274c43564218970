"""The texts that an exported network is held against its model on: the examples, and pieces of them.

A folder's examples are much alike. Cut and joined, they are also as short and as long as texts get: single
words, several in one, as many tokens as the model reads, and more, so that truncation or windows are at work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from typing import Any

import numpy as np

from bertolt.errors import InputError
from bertolt.inference.run import Model
from bertolt.tasks.reading import input_example
from bertolt.tasks.task import TaskSettings, input_values

#: Texts that the gate reads at least, and how many of them at least are cut and joined.
ROWS = 1000
PIECES = 64

# Words of a piece: a few, several texts, about as many as the model reads, more than that. One in thirty-two
# of each of the last two, which cost as much as all others together.
_KINDS = ("cut",) * 22 + ("joined",) * 8 + ("full", "beyond")
# Pieces that the task cannot use, such as those without the missing word, are left out. So many in a row: no
# more come.
_TRIES = 100


def gate_examples(
    model: Model, examples: Sequence[Any], settings: TaskSettings, *, rows: int = ROWS, seed: int = 0
) -> list[Any]:
    """The examples without their targets, and pieces of them.

    Args:
        model: that reads them.
        examples: at least one.
        settings: the task's, typed.
        rows: how many are wanted in all; at least ``PIECES`` of what comes back are pieces.
        seed: of the pieces.
    """
    given = [input_values(model.task, each) for each in examples]
    whole = [input_example(model.task, values, settings) for values in given]
    pieces = _pieces(model, given, settings, np.random.default_rng(seed))
    return [*whole, *islice(pieces, max(PIECES, rows - len(whole)))]


def _pieces(
    model: Model, given: Sequence[Mapping[str, Any]], settings: TaskSettings, random: np.random.Generator
) -> Iterator[Any]:
    failures = 0
    for kind in cycle(_KINDS):
        piece = _piece(given, kind, model.spec.max_length, random)
        try:
            example = input_example(model.task, piece, settings)
            model.encode([example])
        except InputError:
            failures += 1
            if failures == _TRIES:
                return
        else:
            failures = 0
            yield example


def _piece(
    given: Sequence[Mapping[str, Any]], kind: str, max_length: int, random: np.random.Generator
) -> dict[str, Any]:
    """One example's input, one of whose columns is cut, or joined with that of others."""
    values = dict(given[int(random.integers(len(given)))])
    names = [name for name, value in values.items() if isinstance(value, str | list | tuple)]
    name = names[int(random.integers(len(names)))]
    words = _words(values[name])
    # A word has a token at least, so so many words fill a row or more.
    wanted = {"joined": 2 * len(words) + 1, "full": max_length, "beyond": 2 * max_length}.get(kind, 0)
    if kind == "cut":
        size = int(random.integers(1, len(words) + 1)) if words else 0
        start = int(random.integers(0, len(words) - size + 1))
        words = words[start : start + size]
    while len(words) < wanted:
        other = given[int(random.integers(len(given)))]
        more = _words(other.get(name, ()))
        words = [*words, *(more or ["."])]
    values[name] = " ".join(words) if isinstance(values[name], str) else words
    return values


def _words(value: Any) -> list[str]:
    return value.split() if isinstance(value, str) else [str(each) for each in value]
