"""A text cut into its sentences, by a stated rule."""

from __future__ import annotations

import re

#: Abbreviations after which a full stop hardly ever ends a sentence, in lower case.
ABBREVIATIONS = frozenset(
    [
        *("mr", "mrs", "ms", "dr", "prof", "sr", "jr", "st", "gen", "sen", "rep", "gov", "inc", "ltd", "co"),
        *("vs", "etc", "e.g", "i.e", "cf", "no", "vol", "fig", "dept", "u.s", "u.k"),
    ]
)

# A closing mark with quotes and brackets behind it, then white space or an HTML break.
_END = re.compile(r"(?:[.!?…]+[\"'”’)\]]*(?=\s|<br)|[。！？]+[”’」』）]*|(?:<br\s*/?>\s*)+|\n\s*\n)")
_WORD_BEFORE = re.compile(r"([^\s(\"'“‘]+)\.$")


def split_sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text.

    A sentence ends at ``. ! ? …`` (and quotes or brackets behind them) before white space, unless what
    follows begins with a small letter or what precedes is an abbreviation or one letter; at the full-width
    marks of Chinese and Japanese; at HTML line breaks and at blank lines. Only white space between
    sentences is lost.
    """
    found: list[str] = []
    start = 0
    for match in _END.finditer(text):
        if not _ends(text, match):
            continue
        sentence = text[start : match.end()].strip()
        if sentence:
            found.append(sentence)
        start = match.end()
    rest = text[start:].strip()
    if rest:
        found.append(rest)
    return tuple(found)


def _ends(text: str, match: re.Match[str]) -> bool:
    mark = match.group()
    if mark[0] not in ".!?…":
        return True
    following = text[match.end() :].lstrip()
    if following[:1].islower():
        return False
    before = _WORD_BEFORE.search(text[max(0, match.start() - 20) : match.start() + 1])
    if mark[0] != "." or before is None:
        return True
    word = before.group(1).lower()
    return word not in ABBREVIATIONS and not (len(word) == 1 and word.isalpha() and word != "i")
