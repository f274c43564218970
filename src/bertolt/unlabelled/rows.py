"""Documents as rows of tokens, before any is hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bertolt.data.features import assemble, take
from bertolt.data.sentence_pairs import Pair, Range, draw_pairs, runs
from bertolt.data.tokenizer import Ids, Template
from bertolt.data.truncation import cut, share


@dataclass(frozen=True, slots=True)
class UnmaskedRow:
    """A row for the model, whole.

    Args:
        ids: with special tokens, shape (t,).
        types: token types, shape (t,), or None where all are 0.
        words: the number of the word that each token is a part of, shape (t,), or None where words do not
            matter; not to be read at special tokens.
        follows: of a pair, whether its second text follows the first; None where it is no pair.
    """

    ids: Ids
    types: NDArray[np.int32] | None
    words: NDArray[np.int32] | None = None
    follows: bool | None = None


class Rows(Protocol):
    """Where an epoch's rows come from."""

    def epoch(self, random: np.random.Generator) -> Sequence[UnmaskedRow]:
        """The rows of an epoch: equal in number and order for every generator."""


@dataclass(frozen=True, slots=True)
class Text:
    """A tokenised text.

    Args:
        ids: without special tokens, shape (n,).
        words: as in ``UnmaskedRow``, shape (n,), or None.
    """

    ids: Ids
    words: NDArray[np.int32] | None = None


class Pieces:
    """Each document in as few rows as possible, of equal length up to one token. Implements ``Rows``.

    A row never holds text of two documents, and needs next to no padding, since rows of a step are of
    similar length. Every token of every document is read in every epoch.

    Args:
        documents: tokenised.
        template: the special tokens around a text.
        max_length: tokens of a row, special ones included.
    """

    def __init__(self, documents: Sequence[Text], template: Template, max_length: int) -> None:
        self._rows: list[UnmaskedRow] = []
        for document in documents:
            for piece in cut(len(document.ids), max_length - template.size, "windows"):
                ids, types = assemble(template, [take(document.ids, piece)])
                words = None
                if document.words is not None:
                    words = assemble(template, [take(document.words, piece)])[0]
                self._rows.append(UnmaskedRow(ids, types, words))

    def epoch(self, random: np.random.Generator) -> Sequence[UnmaskedRow]:
        """See ``Rows.epoch``: the same in every one."""
        return self._rows


class SentencePairs:
    """Pairs of texts of which the second follows the first, or not. Implements ``Rows``.

    Args:
        documents: the tokenised sentences of each document, at least two.
        template: the special tokens around and between two texts.
        max_length: tokens of a row, special ones included.
    """

    def __init__(self, documents: Sequence[Sequence[Text]], template: Template, max_length: int) -> None:
        self._sentences = [sentence for document in documents for sentence in document]
        self._template = template
        self._budget = max_length - template.size
        self.layout = SentenceLayout([[len(each.ids) for each in document] for document in documents],
                                     self._budget)  # fmt: skip

    def epoch(self, random: np.random.Generator) -> Sequence[UnmaskedRow]:
        """See ``Rows.epoch``: every sentence once, cut and paired anew."""
        return [self._row(pair) for pair in self.layout.draw(random)]

    def _row(self, pair: Pair) -> UnmaskedRow:
        texts = [self._join(pair.first), self._join(pair.second)]
        keep = share(len(texts[0].ids), len(texts[1].ids), self._budget)
        ids, types = assemble(
            self._template, [text.ids[:count] for text, count in zip(texts, keep, strict=True)]
        )
        words = None
        first, second = (text.words for text in texts)
        if first is not None and second is not None:
            after = second + (int(first.max(initial=0)) + 1)
            words = assemble(self._template, [first[: keep[0]], after[: keep[1]]])[0]
        return UnmaskedRow(ids, types, words, pair.follows)

    def _join(self, part: Range) -> Text:
        sentences = self._sentences[part[0] : part[1]]
        ids = np.concatenate([each.ids for each in sentences])
        if sentences[0].words is None:
            return Text(ids)
        start, words = 0, []
        for each in sentences:
            if each.words is not None:
                words.append(each.words + start)
                start += int(each.words.max(initial=0)) + 1
        return Text(ids, np.concatenate(words))


class SentenceLayout:
    """The sentences of all documents, numbered through, and the runs that they are read in.

    Args:
        documents: tokens of each sentence of each document.
        budget: tokens of a pair.
    """

    def __init__(self, documents: Sequence[Sequence[int]], budget: int) -> None:
        self._runs: list[Range] = []
        start = 0
        for lengths in documents:
            self._runs.extend(runs(lengths, budget, start))
            start += len(lengths)
        self._lengths = np.asarray([length for lengths in documents for length in lengths], dtype=np.int64)
        self._documents = np.repeat(np.arange(len(documents)), [len(lengths) for lengths in documents])

    def draw(self, random: np.random.Generator) -> list[Pair]:
        """A pair for each run; see ``draw_pairs``."""
        return draw_pairs(self._runs, self._documents, self._lengths, random)
