"""What of an input a model does not read: the words that stand in none of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from bertolt.inference.attribution_words import Word, origins, words_of
from bertolt.inference.pipeline import Input, Pipeline
from bertolt.tasks.reading import input_example


@dataclass(frozen=True, slots=True)
class Unread:
    """A stretch of an input that the model did not read.

    Args:
        field: the input column.
        start, end: its place there.
    """

    field: str
    start: int
    end: int


def find_unread(pipeline: Pipeline, value: Input) -> tuple[Unread, ...]:
    """What the model leaves out of one input, in the order of its texts; nothing is predicted.

    Raises:
        InputError: an input in another form.
    """
    model = pipeline.model
    example = input_example(model.task, value, pipeline.settings)
    tokens = model.tokenizer.tokens(model.task.texts(example), offsets=True)
    places = origins(model.task, example, tokens, model.spec, model.tokenizer)
    return unread_stretches(words_of(model.task, example, tokens), tokens_read(places))


def tokens_read(places: Sequence[NDArray[Any]]) -> set[int]:
    """The numbers of the tokens that stand in some row; see ``origins``."""
    return {int(place) for each in places for place in each if place >= 0}


def unread_stretches(words: Sequence[Word], read: set[int]) -> tuple[Unread, ...]:
    """The words of which no token was read, neighbours as one stretch."""
    found: list[Unread] = []
    last_read = True
    for word in words:
        seen = bool(read.intersection(word.tokens))
        if not seen:
            if not last_read and found[-1].field == word.field:
                found[-1] = Unread(word.field, found[-1].start, word.end)
            else:
                found.append(Unread(word.field, word.start, word.end))
        last_read = seen
    return tuple(found)
