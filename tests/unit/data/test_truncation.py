"""What of a long text is read."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from bertolt.data.truncation import POLICIES, Piece, cut, overlapping, share

LENGTHS = st.integers(0, 3000)
BUDGETS = st.integers(1, 600)


def _size(piece: Piece) -> int:
    return sum(stop - start for start, stop in piece)


@pytest.mark.parametrize(
    ("policy", "pieces"),
    [
        ("head", [((0, 510),)]),
        ("tail", [((490, 1000),)]),
        ("head+tail", [((0, 128), (618, 1000))]),  # Sun et al. 2019: 128 and 382
        ("windows", [((0, 500),), ((500, 1000),)]),
    ],
)
def test_a_text_of_1000_tokens_in_a_row_of_510(policy: str, pieces: list[Piece]) -> None:
    assert cut(1000, 510, policy) == pieces  # type: ignore[arg-type]


def test_a_head_that_rounds_to_nothing_is_left_out() -> None:
    assert cut(9, 1, "head+tail") == [((8, 9),)]
    assert cut(9, 2, "head+tail") == [((0, 1), (8, 9))]


def test_windows_of_sizes_that_differ_by_one() -> None:
    assert cut(11, 4, "windows") == [((0, 3),), ((3, 7),), ((7, 11),)]


def test_a_row_must_hold_something() -> None:
    with pytest.raises(ValueError, match="a budget of 0 tokens"):
        cut(3, 0, "head")
    with pytest.raises(ValueError, match="an overlap of 4 tokens"):
        overlapping(9, 4, 4)


@given(LENGTHS, BUDGETS, st.sampled_from(POLICIES))
def test_every_policy_reads_what_it_promises(length: int, budget: int, policy: str) -> None:
    pieces = cut(length, budget, policy)  # type: ignore[arg-type]
    if length <= budget:
        assert pieces == [((0, length),)]
        return
    for piece in pieces:
        assert all(0 <= start < stop <= length for start, stop in piece)
        assert all(one[1] <= other[0] for one, other in pairwise(piece))
    if policy == "windows":
        sizes = [_size(piece) for piece in pieces]
        assert [index for piece in pieces for index in range(*piece[0])] == list(range(length))
        assert max(sizes) <= budget
        assert max(sizes) - min(sizes) <= 1
        assert len(pieces) == -(-length // budget)
        return
    assert len(pieces) == 1
    assert _size(pieces[0]) == budget
    assert policy == "tail" or budget == 1 or pieces[0][0][0] == 0
    assert policy == "head" or pieces[0][-1][1] == length


@given(LENGTHS, BUDGETS, st.integers(0, 599))
def test_overlapping_windows_cover_all_and_are_full(length: int, budget: int, overlap: int) -> None:
    overlap %= budget
    ranges = overlapping(length, budget, overlap)
    if length <= budget:
        assert ranges == [(0, length)]
        return
    assert ranges[0][0] == 0
    assert ranges[-1][1] == length
    assert all(stop - start == budget for start, stop in ranges)
    for (start, stop), (following, _) in pairwise(ranges):
        assert start < following <= stop - overlap
    assert all(following - start == budget - overlap for (start, _), (following, _) in pairwise(ranges[:-1]))


def test_overlapping_windows_by_hand() -> None:
    assert overlapping(10, 4, 2) == [(0, 4), (2, 6), (4, 8), (6, 10)]
    assert overlapping(9, 4, 1) == [(0, 4), (3, 7), (5, 9)]  # the last is moved back


def _one_at_a_time(first: int, second: int, budget: int) -> tuple[int, int]:
    """``longest_first`` as it was defined: a token off the longer text until both fit.

    Of two that are equal the one loses a token that was the shorter at first, or the first of equals.
    """
    first_is_shorter = first <= second
    while first + second > budget:
        if first > second or (first == second and first_is_shorter):
            first -= 1
        else:
            second -= 1
    return first, second


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_two_texts_share_as_longest_first_does(first: int, second: int, budget: int) -> None:
    kept = share(first, second, budget)
    assert kept == _one_at_a_time(first, second, budget)
    assert sum(kept) == min(budget, first + second)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 40))
def test_two_texts_share_as_the_tokenizers_library_does(first: int, second: int, budget: int) -> None:
    tokenizer = Tokenizer(WordLevel({"a": 0, "b": 1}, unk_token="a"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.enable_truncation(budget, strategy="longest_first")
    found = tokenizer.encode("a " * first, "b " * second)
    assert share(first, second, budget) == (found.ids.count(0), found.ids.count(1))
