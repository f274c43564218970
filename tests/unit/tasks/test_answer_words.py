"""Where answers may begin and end, in scripts of all kinds."""

from __future__ import annotations

import numpy as np
import pytest

from bertolt.tasks.answer_words import token_bounds


def characters(text: str) -> np.ndarray:
    """Offsets of tokens of one character each."""
    return np.stack([np.arange(len(text)), np.arange(len(text)) + 1], axis=1)


def places(text: str) -> tuple[list[int], list[int]]:
    """The characters at which an answer may begin, and those after which it may end."""
    bounds = token_bounds(text, characters(text))
    starts, ends = bounds.starts[bounds.may_start], bounds.ends[bounds.may_end]
    return np.unique(starts).tolist(), np.unique(ends).tolist()


def test_words_are_not_cut() -> None:
    #        0123456789
    text = "In 1990s, (Bern)"
    assert places(text) == ([0, 3, 8, 10, 11, 15], [2, 8, 9, 11, 15, 16])


def test_combining_marks_stay_with_their_letter() -> None:
    text = "cafe\u0301 e\u0301te\u0301"
    assert places(text) == ([0, 6], [5, 11])
    # A tokenizer that strips accents has tokens of the letters alone.
    bounds = token_bounds(text, np.asarray([[0, 4], [6, 7], [8, 10]]))
    assert bounds.ends.tolist() == [5, 8, 11]
    assert bounds.may_end.tolist() == [True, False, True]


def test_emoji_sequences_are_whole() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    thumb = "\U0001f44d\U0001f3fd"
    heart = "\u2764\ufe0f"
    assert places(f"{family} {thumb}{heart}") == ([0, 6, 8], [5, 8, 10])


def test_right_to_left_words_with_marks() -> None:
    text = "שָׁלוֹם עולם"  # points are combining marks
    first = text.index(" ")
    assert places(text) == ([0, first + 1], [first, len(text)])


@pytest.mark.parametrize("text", ["東京都", "ไทย", "かな"])
def test_scripts_without_blanks_are_cut_between_characters(text: str) -> None:
    starts, ends = places(text)
    assert starts == list(range(len(text)))
    assert ends == [place + 1 for place in starts]
    assert token_bounds(text, characters(text)).first_word.tolist() == list(range(len(text)))


def test_blanks_of_byte_level_tokens_are_left_out() -> None:
    text = " a  film \n"
    bounds = token_bounds(text, np.asarray([[0, 2], [2, 3], [3, 8], [8, 9], [9, 10], [4, 4]]))
    assert bounds.starts[[0, 2]].tolist() == [1, 4]
    assert bounds.ends[[0, 2]].tolist() == [2, 8]
    assert bounds.may_start.tolist() == bounds.may_end.tolist() == [True, False, True, False, False, False]


def test_words_are_counted_between_blanks() -> None:
    text = "state-of-the-art is 3.5 %"
    bounds = token_bounds(text, np.asarray([[0, 5], [5, 6], [6, 16], [17, 19], [20, 21], [21, 23], [24, 25]]))
    assert bounds.first_word.tolist() == [0, 0, 0, 1, 2, 2, 3]
    assert bounds.last_tokens(1).tolist() == [2, 2, 2, 3, 5, 5, 6]
    assert bounds.last_tokens(2).tolist() == [3, 3, 3, 5, 6, 6, 6]
    assert bounds.last_tokens(9).tolist() == [6] * 7


def test_a_token_of_two_words_is_no_answer_of_one() -> None:
    bounds = token_bounds("a b c", np.asarray([[0, 3], [4, 5]]))
    assert bounds.last_tokens(1).tolist() == [-1, 1]


def test_nothing() -> None:
    bounds = token_bounds("", np.zeros((0, 2), dtype=np.int32))
    assert len(bounds.starts) == len(bounds.last_tokens(3)) == 0


def test_lone_surrogates_count_as_characters() -> None:
    assert places("a \ud800 b") == ([0, 2, 4], [1, 3, 5])
