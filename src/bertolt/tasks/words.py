"""Words of a text: cut out of it by a stated rule, or found in it again.

The rule is that of the Penn Treebank and of UD English EWT, without their lists of abbreviations:

- addresses (``https://…``, ``www.…``, ``name@host``), ``@names`` and ``#tags`` are one word;
- so are numbers with inner points, commas, colons and slashes (``1,000.5``, ``10:30``), and letters
  with points between (``U.S.``);
- other words are runs of letters, digits, underscores and combining marks, with the joiners inside them
  (as in Persian) and inner apostrophes (``O'Brien``);
- the English endings ``n't``, ``'s``, ``'m``, ``'d``, ``'ll``, ``'re``, ``'ve`` are words: ``do n't``;
- so are the faces ``:)``, ``;-)``, ``:(``, ``:D``, ``:P`` and their like, where nothing is written behind;
- any other mark is a word by itself, with its own combining marks; a run of one of ``. - ! ? * = ~``
  (``...``, ``--``) and an emoji with its modifiers, or a flag, are one;
- blanks, control and format characters (such as the marks of direction) stand between words.

Scripts without blanks (Chinese, Japanese, Thai) are not cut into words: pass their words as a list.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

Span = tuple[int, int]

_GAPS = ("Cc", "Cf")
# Marks and format characters stand below U+20000, and among the tags and variation selectors.
_SCANNED = (range(0x20000), range(0xE0000, 0xE0200))


def split_words(text: str) -> tuple[Span, ...]:
    """The words of a text by the rule of this module, as character offsets, end excluded."""
    return tuple(match.span() for match in _pattern().finditer(text))


def find_words(words: Sequence[str], text: str) -> tuple[Span, ...] | None:
    """Where the words stand in a text that consists of them in order, and of blanks.

    Returns:
        Their character offsets, or None where the text has something else (as where a syntactic word
        is written in another way, ``du`` for ``de le``).
    """
    found = []
    place = 0
    for word in words:
        while not text.startswith(word, place):
            if place >= len(text) or not _is_gap(text[place]):
                return None
            place += 1
        found.append((place, place + len(word)))
        place += len(word)
    return tuple(found) if all(_is_gap(character) for character in text[place:]) else None


def join_words(words: Sequence[str]) -> tuple[str, tuple[Span, ...]]:
    """The words with one blank between, and where each stands."""
    spans = []
    place = 0
    for word in words:
        spans.append((place, place + len(word)))
        place += len(word) + 1
    return " ".join(words), tuple(spans)


def _is_gap(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in _GAPS


@cache
def _pattern() -> re.Pattern[str]:
    marks = _ranges("Mn", "Mc", "Me")
    letter = rf"[\w{marks}]"
    run = rf"{letter}+(?:[\u200c\u200d]+{letter}+)*"
    end = rf"(?!{letter})"
    mark = rf"[^\s\w{marks}{_ranges(*_GAPS)}]"
    whole = rf"{mark}[{marks}\U0001f3fb-\U0001f3ff]*"
    ending = r"(?:s|m|d|ll|re|ve)"
    return re.compile(
        "|".join(
            (
                rf"(?i:https?://|www\.)\S*(?:/|{letter})",
                rf"{letter}[{marks}\w.+-]{{0,63}}@{letter}+(?:[.-]{letter}+)+",
                rf"[@#]{run}",
                rf"\d+(?:[.,:/]\d+)+{end}",
                rf"(?:{letter}\.){{2,}}",
                rf"(?i:n['’]t){end}",
                rf"(?i:['’]{ending}){end}",
                rf"{letter}+?(?=(?i:n['’]t){end})",
                rf"{run}(?:['’](?!(?i:{ending}){end}){run})*",
                r"[:;][-']?[()DP](?=[\s.,!?]|$)",
                r"\.+|-+|!+|\?+|\*+|=+|~+",
                r"[\U0001f1e6-\U0001f1ff]{2}",
                rf"{whole}(?:\u200d{whole})*",
            )
        )
    )


def _ranges(*categories: str) -> str:
    """The characters of some Unicode categories, as the inside of a character class."""
    found: list[list[int]] = []
    for scanned in _SCANNED:
        for code in scanned:
            if unicodedata.category(chr(code)) not in categories:
                continue
            if found and found[-1][1] == code - 1:
                found[-1][1] = code
            else:
                found.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in found)
