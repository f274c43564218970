"""Pairs of text of which the second follows the first, or not: pure functions of lengths and a seed.

Sentences are numbered through all documents. A *run* is a range of sentences of one document that fills a
row; in each epoch it is cut in two at a sentence drawn anew. Half of the runs keep their second part; the
others exchange theirs, two and two, with a run of another document and about the same length. So every
sentence is read exactly once an epoch, and the pairs are the same in number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two ranges of sentences.

    Args:
        first, second: first sentence and the one after the last.
        follows: whether the second stands right behind the first in its document.
    """

    first: Range
    second: Range
    follows: bool


def runs(lengths: Sequence[int], budget: int, offset: int = 0) -> list[Range]:
    """Cuts a document into runs of at least two sentences that fill a row.

    Args:
        lengths: tokens of each sentence.
        budget: tokens of both parts of a row together. A run is longer only where two sentences alone are.
        offset: the number of the first sentence.

    Returns:
        Ranges that together hold every sentence; none for a document of one sentence.
    """
    if len(lengths) < 2:
        return []
    edges = [0]
    total = 0
    for index, length in enumerate(lengths):
        if total + length > budget and index - edges[-1] >= 2:
            edges.append(index)
            total = 0
        total += length
    if len(lengths) - edges[-1] == 1:  # a sentence alone: the run before gives one up, or takes it in
        if len(edges) > 1 and edges[-1] - edges[-2] > 2:
            edges[-1] -= 1
        else:
            edges.pop()
    edges.append(len(lengths))
    return [(offset + start, offset + stop) for start, stop in pairwise(edges)]


def draw_pairs(
    found: Sequence[Range],
    documents: NDArray[np.int64],
    lengths: NDArray[np.int64],
    random: np.random.Generator,
) -> list[Pair]:
    """One pair for each run, half of them (up to one, and where documents allow) not following.

    Args:
        found: the runs.
        documents: the document of each sentence, shape (S,).
        lengths: tokens of each sentence, shape (S,).
        random: decides.
    """
    total = np.concatenate([[0], np.cumsum(lengths)])
    cuts = [int(random.integers(start + 1, stop)) for start, stop in found]
    second: list[Range] = [(cut, stop) for cut, (_, stop) in zip(cuts, found, strict=True)]
    chosen = random.permutation(len(found))[: len(found) // 2]
    sizes = np.asarray([total[second[run][1]] - total[second[run][0]] for run in chosen])
    follows = [True] * len(found)
    waiting: list[int] = []  # all of one document, else two of them had met
    for place in np.argsort(sizes, kind="stable"):
        run = int(chosen[place])
        if waiting and documents[found[waiting[-1]][0]] != documents[found[run][0]]:
            other = waiting.pop()
            second[run], second[other] = second[other], second[run]
            follows[run] = follows[other] = False
        else:
            waiting.append(run)
    return [
        Pair((start, cut), part, follow)
        for (start, _), cut, part, follow in zip(found, cuts, second, follows, strict=True)
    ]
