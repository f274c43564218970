"""A text cut into its sentences, by a stated rule."""

from __future__ import annotations

import re

#: Abbreviations after which a full stop hardly ever ends a sentence, in lower case.
ABBREVIATIONS = frozenset(
    [
        *("mr", "mrs", "ms", "dr", "prof", "sr", "jr", "st", "gen", "sen", "rep", "gov", "inc", "ltd", "co"),
        *("vs", "etc", "e.g", "i.e", "cf", "dept", "u.s", "u.k"),
    ]
)
#: Those that stand before a number, and are words elsewhere.
NUMBERED = frozenset(("no", "vol", "fig", "p", "pp"))

# Repetitions are bounded or begin at one place only, so that no text, whatever it is, takes quadratic time.
_HTML_BREAKS = r"(?:\s{0,9}<br\s{0,9}/?>)+"
# A closing mark with quotes and brackets behind it, before white space or an HTML break.
_END = re.compile(
    rf"(?<![.!?…])[.!?…]++[\"'”’)\]]*+(?:{_HTML_BREAKS}|(?=\s))|[。！？]+[”’」』）]*|{_HTML_BREAKS}|\n\s*\n",
    re.IGNORECASE,
)
_NEXT = re.compile(r"\s*(\S?)")
_MARKS = re.compile(r"[.!?…]+$")
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
    if _MARKS.fullmatch(match.group()) is None and match.group()[-1] not in "\"'”’)]":
        return True  # a break, or a mark that is never anything else
    following = _NEXT.match(text, match.end()).group(1)  # type: ignore[union-attr]  # matches anything
    if following.islower():
        return False
    before = _WORD_BEFORE.search(text[max(0, match.start() - 20) : match.end()])
    if before is None:
        return True
    word = before.group(1).lower()
    if word in NUMBERED:
        return not following.isdigit()
    return word not in ABBREVIATIONS and not (len(word) == 1 and word.isalpha() and word != "i")
