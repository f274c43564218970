"""Duplicates: shingles against sets of words, groups against hand-made copies."""

from __future__ import annotations

import numpy as np
import pytest

from bertolt.data import duplicates
from bertolt.data.duplicates import exact_groups, near_groups
from bertolt.data.findings import CheckRow, Place
from bertolt.data.shingles import Shingler, jaccard, words

LONG = "one two three four five six seven eight nine ten eleven twelve"


@pytest.fixture(params=[0, 200], ids=["sketches", "all pairs"], autouse=True)
def _ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs once with sketches and once comparing each row with each."""
    monkeypatch.setattr(duplicates, "_COMPARE_ALL", request.param)


def row(*texts: str, line: int = 1, part: str = "a") -> CheckRow:
    return CheckRow(Place(part, line), texts)


def test_words_are_folded_and_stripped_of_marks() -> None:
    assert words("It's  GREAT,<br />really!") == ["it", "s", "great", "really"]
    assert words("很好 film") == ["很", "好", "film"]
    assert words(":-)") == []


def test_jaccard_is_that_of_the_sets_of_three_words() -> None:
    first = ["a", "b", "c", "d", "e", "f"]
    second = ["a", "b", "c", "d", "x", "f"]  # shares abc and bcd of 6 different shingles
    shingler = Shingler()
    assert jaccard(shingler(first), shingler(second)) == pytest.approx(2 / 6)
    assert len(shingler(["a", "b", "c", "a", "b", "c"])) == 3  # abc, bca, cab
    assert len(shingler(["a"])) == 1


def test_hashes_are_the_same_in_every_process() -> None:
    # Of crc32, not of Python's hash, which differs from run to run.
    assert Shingler()(["a", "b", "c"]).tolist() == Shingler()(["a", "b", "c"]).tolist()
    assert Shingler()(["a", "b", "c"]).dtype == np.uint32


def test_exact_groups_ignore_case_marks_and_spaces() -> None:
    rows = [row("A film."), row("a  FILM"), row("another"), row(":-)"), row(":-("), row(":-) ")]
    assert exact_groups(rows) == [[0, 1], [3, 5]]


def test_exact_groups_want_every_text_to_be_the_same() -> None:
    assert exact_groups([row("a b", "c"), row("a", "b c"), row("A B", "C!")]) == [[0, 2]]


def test_near_groups_find_a_changed_word_in_a_long_text() -> None:
    long = " ".join(f"word{n}" for n in range(60))
    rows = [row(long), row("nothing of the sort is said here at all today"), row(long.replace("word30", "x"))]
    assert near_groups(rows, seconds=30).groups == [[0, 2]]  # 55 of 61 shingles are shared


def test_near_groups_leave_what_is_only_half_the_same() -> None:
    one, other = LONG, LONG.replace("six", "x")  # 7 of 13 shingles
    assert near_groups([row(one), row(other)], seconds=30).groups == []


def test_near_groups_join_through_a_third_row() -> None:
    base = [f"w{n}" for n in range(60)]
    rows = [row(" ".join(base[start : start + 50])) for start in (0, 3, 6)]
    # Neighbours share 45 of 51 shingles, the first and the last 42 of 54.
    assert near_groups(rows, seconds=30).groups == [[0, 1, 2]]


def test_short_texts_are_near_only_when_their_words_are_the_same() -> None:
    context = " ".join(f"w{n}" for n in range(60))
    rows = [row("who was it?", context), row("where was it?", context), row("Who was it", context)]
    assert near_groups(rows, seconds=30).groups == [[0, 2]]


def test_near_groups_stop_in_time_and_say_how_far_they_came() -> None:
    found = near_groups([row(LONG), row(LONG)], seconds=-1)
    assert (found.groups, found.searched) == ([], 0)
