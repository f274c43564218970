"""Words by the rule, and words found again."""

from __future__ import annotations

import time

import pytest

from bertolt.tasks.words import find_words, join_words, split_words

CASES = {
    "plain": ("The film was dull.", "The|film|was|dull|."),
    "endings": ("I don't, it's WE'LL can’t", "I|do|n't|,|it|'s|WE|'LL|ca|n’t"),
    "apostrophes": ("O'Brien's dogs' 'n' l'ami", "O'Brien|'s|dogs|'|'|n|'|l'ami"),
    "numbers": ("$1,000.50 at 10:30, 3.", "$|1,000.50|at|10:30|,|3|."),
    "hyphens": ("15-year-old -- yes", "15|-|year|-|old|--|yes"),
    "addresses": (
        "mail joe.x@a-b.co.uk, see https://x.org/a?b=1. @bob #fun",
        "mail|joe.x@a-b.co.uk|,|see|https://x.org/a?b=1|.|@bob|#fun",
    ),
    "points": ("U.S. ends... !!?", "U.S.|ends|...|!!|?"),
    "faces": ("good :) bad :-( note:(a)", "good|:)|bad|:-(|note|:|(|a|)"),
    "combining marks": ("e\u0301tude हिन्दी", "e\u0301tude|हिन्दी"),
    "a mark on a symbol": ("a +\u0338 b", "a|+\u0338|b"),
    "right to left": ("\u200fשלום, עולם!", "שלום|,|עולם|!"),
    "joiners": ("می\u200cخواهم بروم", "می\u200cخواهم|بروم"),
    "emoji": ("👩\u200d👩\u200d👧 👍🏽👍🏽 🇩🇪🇫🇷 ❤\ufe0f", "👩\u200d👩\u200d👧|👍🏽|👍🏽|🇩🇪|🇫🇷|❤\ufe0f"),
    "underscores": ("a_b _", "a_b|_"),
    "one word": ("gorgeous", "gorgeous"),
    "nothing": (" \t\n\u00a0\u200b\x00", ""),
    "a lone surrogate": ("a \ud83d b", "a|\ud83d|b"),
}


@pytest.mark.parametrize("name", CASES)
def test_words_by_the_rule(name: str) -> None:
    text, expected = CASES[name]
    assert [text[start:end] for start, end in split_words(text)] == (expected.split("|") if expected else [])


@pytest.mark.parametrize("name", CASES)
def test_words_found_again_where_they_were_cut_out(name: str) -> None:
    text, _ = CASES[name]
    spans = split_words(text)
    assert find_words([text[start:end] for start, end in spans], text) == spans


def test_every_character_but_blanks_and_format_characters_is_in_a_word() -> None:
    text = "".join(map(chr, [*range(0x2600), *range(0x1F000, 0x1FA00)]))
    covered = {place for start, end in split_words(text) for place in range(start, end)}
    left = {text[place] for place in range(len(text)) if place not in covered}
    assert all(character.isspace() or not character.isprintable() for character in left)


@pytest.mark.parametrize("part", ["aa-", "a.bb.", "1,", "x'", "n't", "@", "www.", ":", "a@", "1,1a"])
def test_long_texts_take_time_in_proportion(part: str) -> None:
    start = time.perf_counter()
    split_words(part * (60_000 // len(part)))
    assert time.perf_counter() - start < 3


def test_find_words_skips_blanks_and_nothing_else() -> None:
    assert find_words(["do", "n't"], "do n't") == ((0, 2), (3, 6))
    assert find_words(["do", "n't"], "  don't\u00a0") == ((2, 4), (4, 7))
    assert find_words(["a"], "a b") is None
    assert find_words(["b"], "a b") is None
    assert find_words(["de", "le"], "du") is None
    assert find_words(["New York", "is"], "New York is") == ((0, 8), (9, 11))
    assert find_words([], " ") == ()
    assert find_words(["\u200fa"], "\u200f\u200fa") == ((1, 3),)


def test_join_words() -> None:
    assert join_words(["an", "old", "film"]) == ("an old film", ((0, 2), (3, 6), (7, 11)))
    assert join_words([]) == ("", ())
