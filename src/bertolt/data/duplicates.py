"""Rows that say the same: exactly, or nearly (MinHash and locality-sensitive hashing; Broder 1997).

datasketch keeps the sketches and finds the candidates; that two texts are near is then decided on their
shingles themselves, so a near-duplicate that is reported is one.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from bertolt.data.findings import CheckRow
from bertolt.data.shingles import Hashes, Shingler, jaccard, words
from bertolt.progress import NoProgress, Progress

#: Texts that share this part of their shingles are near-duplicates.
NEAR = 0.8
#: Shorter texts have too few shingles; for them only the same words count.
MIN_WORDS = 8
#: Bands and rows of the index: a pair at 0.8 is found with probability 1 - (1 - 0.8^5)^25 > 0.9999.
BANDS, ROWS = 25, 5
# So few rows are compared each with each: that takes less time than loading datasketch.
_COMPARE_ALL = 200
# More candidates of one text are rows of one large cluster, to which one near row is enough to belong.
_MOST_CANDIDATES = 50


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """What a search for near-duplicates found.

    Args:
        groups: indices of rows that are near each other, in order; each group has at least 2.
        searched: rows that were compared before the time ran out.
    """

    groups: list[list[int]]
    searched: int


def exact_groups(rows: Sequence[CheckRow]) -> list[list[int]]:
    """Indices of rows with the same texts but for case, marks and spaces; groups of at least 2.

    Texts without any word, such as ``:-)``, are compared as they are.
    """
    found: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        found[normalised(row)].append(index)
    return [group for group in found.values() if len(group) > 1]


def normalised(row: CheckRow) -> tuple[str, ...]:
    """The words of a row's texts, by which duplicates are told."""
    return normalised_texts(row.texts)


def normalised_texts(texts: Sequence[str]) -> tuple[str, ...]:
    """Texts but for case, marks and spaces; one without any word as it is."""
    return tuple(" ".join(words(text)) or text.strip() for text in texts)


def near_groups(
    rows: Sequence[CheckRow], *, seconds: float, progress: Progress | None = None
) -> NearDuplicates:
    """Groups of rows whose texts are nearly, but not exactly, the same.

    Two rows are near when each of their texts is: from 8 words on, when at least 0.8 of the different
    shingles of three words are shared; below, when the words are the same.

    Args:
        rows: of which exact duplicates are left out by the caller.
        seconds: after which the search stops where it is.
        progress: is advanced by 1 a row.
    """
    bar = progress or NoProgress()
    deadline = time.monotonic() + seconds
    shingler = Shingler()
    index = _Sketches() if len(rows) > _COMPARE_ALL else _All()
    kept: dict[int, tuple[Hashes | str, ...]] = {}
    clusters = _Clusters(len(rows))
    searched = 0
    for position, row in enumerate(rows):
        if time.monotonic() > deadline:
            break
        searched += 1
        bar.advance(1)
        signature = tuple(_signature(text, shingler) for text in row.texts)
        arrays = [part for part in signature if not isinstance(part, str)]
        if not arrays:
            continue
        for other in index.candidates(position, arrays):
            if _near(signature, kept[other]):
                clusters.join(other, position)
        kept[position] = signature
    return NearDuplicates(clusters.groups(), searched)


class _All:
    """Of few rows: every earlier one is a candidate."""

    def __init__(self) -> None:
        self._before: list[int] = []

    def candidates(self, position: int, arrays: Sequence[Hashes]) -> list[int]:
        """The rows before this one, which is added."""
        found = list(self._before)
        self._before.append(position)
        return found


class _Sketches:
    """Of many rows: those whose MinHash sketches share a band."""

    def __init__(self) -> None:
        from datasketch import MinHash, MinHashLSH

        self._empty = MinHash(num_perm=BANDS * ROWS, seed=1, hashfunc=int)
        self._index = MinHashLSH(num_perm=BANDS * ROWS, params=(BANDS, ROWS))

    def candidates(self, position: int, arrays: Sequence[Hashes]) -> list[int]:
        """The rows before this one that may be near it, which is added."""
        sketch = self._empty.copy()
        for array in arrays:
            sketch.update_batch(array.tolist())
        found = sorted(self._index.query(sketch))[:_MOST_CANDIDATES]
        self._index.insert(position, sketch, check_duplication=False)
        return found


def _signature(text: str, shingler: Shingler) -> Hashes | str:
    found = words(text)
    return shingler(found) if len(found) >= MIN_WORDS else " ".join(found)


def _near(first: Sequence[Hashes | str], second: Sequence[Hashes | str]) -> bool:
    for a, b in zip(first, second, strict=True):
        if isinstance(a, str) or isinstance(b, str):
            if not (isinstance(a, str) and isinstance(b, str) and a == b):
                return False
        elif jaccard(a, b) < NEAR:
            return False
    return True


class _Clusters:
    """Disjoint sets of numbers."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def join(self, first: int, second: int) -> None:
        a, b = sorted((self._root(first), self._root(second)))
        self._parent[b] = a

    def groups(self) -> list[list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for number in range(len(self._parent)):
            found[self._root(number)].append(number)
        return [group for group in found.values() if len(group) > 1]

    def _root(self, number: int) -> int:
        while self._parent[number] != number:
            self._parent[number] = self._parent[self._parent[number]]
            number = self._parent[number]
        return number
