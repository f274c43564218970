"""Which word of a text each token of a row belongs to: attributions are of words, not of word pieces."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertolt.data.alignment import token_spans
from bertolt.data.examples import WordsExample
from bertolt.data.tokenizer import Tokenizer, Tokens
from bertolt.models.spec import ModelSpec
from bertolt.tasks.task import Task, input_columns
from bertolt.tasks.words import Span, split_words

#: Scripts without blanks between words: Thai, Lao, Burmese, Khmer, kana, Chinese characters. There a
#: token is the best unit that there is.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its tokens.

    Args:
        field: the input column that it stands in.
        text: as it is written.
        start, end: its place in that input.
        tokens: the numbers of its tokens, those of all texts numbered through; empty where the tokenizer
            strips all of it.
    """

    field: str
    text: str
    start: int
    end: int
    tokens: tuple[int, ...]


def field_names(task: Task, example: Any) -> tuple[str, ...]:
    """The input columns that ``task.texts`` gives the texts of, in its order."""
    names = [column.name for column in input_columns(task) if column.required]
    return tuple(names[: len(task.texts(example))])


def words_of(task: Task, example: Any, tokens: Sequence[Tokens]) -> list[Word]:
    """The words of an example's texts.

    Args:
        task: what the example is of.
        example: where it brings its own words, as for tags, they are taken; else ``split_words`` finds
            them.
        tokens: of ``task.texts(example)``, with offsets.
    """
    found: list[Word] = []
    first = 0
    for field, text, each in zip(field_names(task, example), task.texts(example), tokens, strict=True):
        spans = example.words if isinstance(example, WordsExample) else split_words(text)
        for start, end, places in _units(text, each.offsets, spans):
            numbers = tuple(first + place for place in places)
            found.append(Word(field, text[start:end], start, end, numbers))
        first += len(each.ids)
    return found


def _units(
    text: str, offsets: NDArray[np.int32], spans: Sequence[Span]
) -> list[tuple[int, int, tuple[int, ...]]]:
    """Start, end and tokens of each unit, in the order of the text; every token is in exactly one."""
    owner = np.full(len(offsets), -1, dtype=np.int64)
    places: list[Span] = []
    for (start, end), (a, b) in zip(spans, token_spans(offsets, spans).tolist(), strict=True):
        own = a + np.flatnonzero(owner[a:b] < 0) if a >= 0 else np.zeros(0, dtype=np.int64)
        if a >= 0 and not len(own):
            # All of its tokens are in the word before, as where one token stands for both.
            shared = int(owner[b - 1])
            places[shared] = (places[shared][0], max(end, places[shared][1]))
        elif len(own) and _UNSPACED.search(text, start, end):
            for token in own.tolist():
                owner[token] = len(places)
                places.append((max(start, int(offsets[token, 0])), min(end, int(offsets[token, 1]))))
        else:
            owner[own] = len(places)
            places.append((start, end))
    for token in np.flatnonzero(owner < 0).tolist():  # between the words: what no rule calls one
        owner[token] = len(places)
        places.append((int(offsets[token, 0]), int(offsets[token, 1])))
    members: list[list[int]] = [[] for _ in places]
    for token, unit in enumerate(owner.tolist()):
        members[unit].append(token)
    units = [(start, end, tuple(own)) for (start, end), own in zip(places, members, strict=True)]
    return sorted(units, key=lambda unit: (unit[0], unit[1]))


def origins(
    task: Task, example: Any, tokens: Sequence[Tokens], spec: ModelSpec, tokenizer: Tokenizer
) -> list[NDArray[np.int64]]:
    """The number of the token that stands at each place of each row; -1 at special tokens.

    The task encodes numbers in place of ids, so that what is cut, and where, is its own doing.

    Returns:
        For each feature of ``task.encode`` an array of its length. Tokens of all texts are numbered through.
    """
    numbered = []
    first = 0
    for each in tokens:
        numbers = -1 - np.arange(first, first + len(each.ids), dtype=np.int32)  # no id is negative
        numbered.append(Tokens(numbers, each.offsets))
        first += len(each.ids)
    encoded = task.encode(example, numbered, spec, tokenizer)
    return [np.where(feature.ids < 0, -1 - feature.ids.astype(np.int64), -1) for feature in encoded.features]
