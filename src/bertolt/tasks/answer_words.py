"""Where an answer may begin and end: at words, never within one, and never within a combined character."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Places = NDArray[np.int64]

_OTHER, _SPACE, _LETTER, _UNSPACED, _MARK, _JOINER = range(6)

_ZERO_WIDTH_JOINER = "\u200d"
_SKIN_TONES = ("\U0001f3fb", "\U0001f3ff")

# Scripts that put no blanks between words: Thai, Lao, Tibetan, Burmese, Khmer, Han and kana.
_UNSPACED_SCRIPTS = (
    ("\u0e00", "\u0fff"), ("\u1000", "\u109f"), ("\u1780", "\u17ff"), ("\u2e80", "\u2fdf"),
    ("\u3041", "\u312f"), ("\u31f0", "\u31ff"), ("\u3400", "\u4dbf"), ("\u4e00", "\u9fff"),
    ("\uf900", "\ufaff"), ("\uff66", "\uff9f"), ("\U00020000", "\U0003ffff"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bounds:
    """The tokens of a context as places at which an answer may begin and end; all of shape (n,).

    Args:
        starts, ends: the token's first character and the one after its last, without white space around
            it and with the combining marks behind it.
        may_start, may_end: whether an answer may begin, or end, with the token.
        first_word, last_word: the numbers of the words in which it begins and ends.
    """

    starts: Places
    ends: Places
    may_start: Flags
    may_end: Flags
    first_word: Places
    last_word: Places

    def last_tokens(self, max_words: int) -> Places:
        """The last token of the longest answer that begins with each token, shape (n,)."""
        return np.searchsorted(self.last_word, self.first_word + max_words - 1, side="right") - 1


def token_bounds(context: str, offsets: NDArray[np.integer]) -> Bounds:
    """Reads where answers may begin and end.

    A word is what stands between white space; in scripts that write no blanks between words, each
    character counts as one. Linear in the context.

    Args:
        context: the text.
        offsets: of its tokens, shape (n, 2), as in ``Tokens.offsets``.
    """
    kinds = _kinds(context)
    space, mark = kinds == _SPACE, (kinds == _MARK) | (kinds == _JOINER)
    continues = np.append(_continues(kinds, mark), False)
    before = _before(kinds)
    begins = ~space & ~continues[:-1] & ((before == _SPACE) | (kinds == _UNSPACED))
    words = np.maximum(np.cumsum(begins) - 1, 0)

    starts = _first_from(~space)[offsets[:, 0]]
    ends = _end_until(~space)[offsets[:, 1]]
    there = starts < ends
    ends = np.where(there, _first_from(~mark)[ends], starts)
    last = max(len(context) - 1, 0)
    words = words if len(words) else np.zeros(1, dtype=np.int64)
    return Bounds(
        starts=starts,
        ends=ends,
        may_start=there & ~continues[starts],
        may_end=there & ~continues[ends],
        first_word=words[np.minimum(starts, last)],
        # Tokens stand in the order of the text; the maximum makes that sure for the binary search.
        last_word=np.maximum.accumulate(words[np.clip(ends - 1, 0, last)]),
    )


def _kinds(text: str) -> NDArray[np.int8]:
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    different, places = np.unique(codes, return_inverse=True)
    found = np.asarray([_kind(chr(code)) for code in different], dtype=np.int8)
    return found[places] if len(codes) else np.zeros(0, dtype=np.int8)


@cache
def _kind(character: str) -> int:
    if character.isspace():
        return _SPACE
    if character == _ZERO_WIDTH_JOINER:
        return _JOINER
    if unicodedata.category(character).startswith("M") or _SKIN_TONES[0] <= character <= _SKIN_TONES[1]:
        return _MARK
    if any(first <= character <= last for first, last in _UNSPACED_SCRIPTS):
        return _UNSPACED
    return _LETTER if character.isalnum() else _OTHER


def _before(kinds: NDArray[np.int8]) -> NDArray[np.int8]:
    return np.concatenate([np.asarray([_SPACE], dtype=np.int8), kinds[:-1]])[: len(kinds)]


def _continues(kinds: NDArray[np.int8], mark: Flags) -> Flags:
    """Whether each character belongs to the one before it, so that no answer may be cut between them."""
    before = _before(kinds)
    in_word = (kinds == _LETTER) & ((before == _LETTER) | (before == _MARK))
    found: Flags = (before != _SPACE) & (mark | (before == _JOINER) | in_word)
    return found


def _first_from(wanted: Flags) -> Places:
    """The first wanted character at or after each place, shape (length + 1,); the length where none is."""
    places = np.where(wanted, np.arange(len(wanted)), len(wanted))
    return np.append(np.minimum.accumulate(places[::-1])[::-1], len(wanted))


def _end_until(wanted: Flags) -> Places:
    """The place after the last wanted character before each place, shape (length + 1,); 0 where none is."""
    places = np.where(wanted, np.arange(len(wanted)) + 1, 0)
    return np.append(0, np.maximum.accumulate(places))
