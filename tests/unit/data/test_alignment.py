"""Characters to tokens, by hand and by the tokenizers of each family."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bertolt.data.alignment import leading_tokens, token_spans
from bertolt.data.tokenizer import Tokenizer
from tiny import FAMILIES

# the film was unwatchable: 0 the, 1 film, 2 was, 3 un, 4 watch, 5 able
PIECES = np.asarray([(0, 3), (4, 8), (9, 12), (13, 15), (15, 20), (20, 24)], dtype=np.int32)


def test_words_of_one_and_of_several_tokens() -> None:
    spans = [(0, 3), (4, 8), (9, 12), (13, 24)]
    assert token_spans(PIECES, spans).tolist() == [[0, 1], [1, 2], [2, 3], [3, 6]]


def test_spans_in_any_order_that_overlap_or_cut_a_token() -> None:
    spans = [(9, 24), (4, 12), (16, 17), (5, 16), (0, 24)]
    assert token_spans(PIECES, spans).tolist() == [[2, 6], [1, 3], [4, 5], [1, 5], [0, 6]]


def test_blanks_and_empty_spans_hold_no_token() -> None:
    assert token_spans(PIECES, [(3, 4), (8, 9), (4, 4), (24, 30), (5, 5)]).tolist() == [[-1, -1]] * 5


def test_byte_level_offsets_take_in_the_blank_before() -> None:
    offsets = np.asarray([(0, 3), (3, 8), (8, 9), (9, 13)], dtype=np.int32)  # the, Ġfilm, Ġ, Ġwas
    assert token_spans(offsets, [(0, 3), (4, 8), (10, 13)]).tolist() == [[0, 1], [1, 2], [3, 4]]


def test_tokens_without_characters_are_passed_over_and_counted() -> None:
    offsets = np.asarray([(0, 0), (0, 3), (3, 3), (4, 8), (8, 8)], dtype=np.int32)
    assert token_spans(offsets, [(0, 3), (4, 8), (0, 8)]).tolist() == [[1, 2], [3, 4], [1, 4]]


def test_tokens_that_share_a_character() -> None:
    offsets = np.asarray([(0, 1), (2, 3), (2, 3), (2, 3), (3, 4)], dtype=np.int32)  # the bytes of an emoji
    assert token_spans(offsets, [(0, 1), (2, 3), (3, 4)]).tolist() == [[0, 1], [1, 4], [4, 5]]


def test_no_tokens_and_no_spans() -> None:
    empty = np.zeros((0, 2), dtype=np.int32)
    assert token_spans(empty, [(0, 1)]).tolist() == [[-1, -1]]
    assert token_spans(PIECES, []).shape == (0, 2)
    assert token_spans(empty, []).shape == (0, 2)


def test_leading_token_is_the_first_that_no_earlier_word_has() -> None:
    # don ' t: the words do and n't
    offsets = np.asarray([(0, 3), (3, 4), (4, 5)], dtype=np.int32)
    spans = token_spans(offsets, [(0, 2), (2, 5)])
    assert spans.tolist() == [[0, 1], [0, 3]]
    assert leading_tokens(spans).tolist() == [0, 1]


def test_leading_token_of_words_that_share_one_or_have_none() -> None:
    offsets = np.asarray([(0, 4), (5, 7)], dtype=np.int32)
    spans = token_spans(offsets, [(0, 2), (2, 3), (3, 4), (4, 5), (5, 7)])
    assert leading_tokens(spans).tolist() == [0, 0, 0, -1, 1]
    assert leading_tokens(token_spans(offsets, [])).shape == (0,)


def test_a_word_without_token_does_not_free_the_token_before_it() -> None:
    offsets = np.asarray([(0, 3), (4, 5)], dtype=np.int32)
    spans = token_spans(offsets, [(0, 2), (3, 4), (2, 5)])
    assert leading_tokens(spans).tolist() == [0, -1, 1]


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_finds_the_words_again(tiny_folder: Callable[[str], Path], family: str) -> None:
    text = "The film, naïve 😀 and  gorgeous.\n(was) dull?"
    words = [(0, 3), (4, 8), (8, 9), (10, 15), (16, 17), (18, 21), (23, 31), (31, 32), (37, 38)]
    tokenizer = Tokenizer.from_folder(tiny_folder(family))
    tokens = tokenizer.tokens([text], offsets=True)[0]
    spans = token_spans(tokens.offsets, words)
    assert (spans[:, 0] >= 0).all()
    assert (spans[1:, 0] >= spans[:-1, 1]).all()
    for (start, stop), (first, last) in zip(words, spans.tolist(), strict=True):
        characters = {
            character for a, b in tokens.offsets[first:last].tolist() for character in range(a, b)
        } - {place for place, character in enumerate(text) if character.isspace()}
        assert characters == set(range(start, stop))


def test_stripped_marks_and_control_characters_hold_no_token(tiny_folder: Callable[[str], Path]) -> None:
    text = "film \u0301 \x00 plot"
    tokens = Tokenizer.from_folder(tiny_folder("bert")).tokens([text], offsets=True)[0]
    spans = token_spans(tokens.offsets, [(0, 4), (5, 6), (7, 8), (9, 13)]).tolist()
    assert spans[1:3] == [[-1, -1], [-1, -1]]
    assert spans[0][0] == 0
    assert spans[3][1] == len(tokens.ids)
