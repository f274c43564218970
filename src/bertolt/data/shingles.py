"""Texts as sets of word shingles, by which copies are found however they are set (Broder 1997)."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint32]

#: Words of a shingle.
WIDTH = 3

# Chinese and Japanese have no spaces between words, so each of their characters stands for one.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")
# Odd, so that each is a bijection of the 32-bit numbers.
_FACTORS = np.asarray([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D], dtype=np.uint32)


def words(text: str) -> list[str]:
    """The words of a text, case folded, without marks and HTML's line breaks."""
    folded = text.casefold()
    if "<br" in folded:
        folded = re.sub(r"<br\s*/?>", " ", folded)
    return _WORD.findall(folded)


class Shingler:
    """Hashes texts to sets of shingles; a word is hashed once."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def __call__(self, tokens: Sequence[str]) -> Hashes:
        """The different shingles of three words in a row, as sorted 32-bit hashes; of fewer, one shingle."""
        known = self._known
        numbers = np.empty(len(tokens), dtype=np.uint32)
        for position, word in enumerate(tokens):
            number = known.get(word)
            if number is None:
                number = known[word] = zlib.crc32(word.encode("utf-8", "surrogatepass"))
            numbers[position] = number
        if len(numbers) < WIDTH:
            numbers = np.pad(numbers, (0, WIDTH - len(numbers)))
        count = len(numbers) - WIDTH + 1
        mixed = np.zeros(count, dtype=np.uint32)
        for place, factor in enumerate(_FACTORS):
            mixed = (mixed ^ numbers[place : place + count]) * factor
            mixed ^= mixed >> np.uint32(15)
        return np.unique(mixed)


def jaccard(first: Hashes, second: Hashes) -> float:
    """The shared part of two sets, 0..1."""
    shared = len(np.intersect1d(first, second, assume_unique=True))
    return shared / (len(first) + len(second) - shared)
