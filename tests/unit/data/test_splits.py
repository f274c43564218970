"""Cutting one set into parts."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bertolt.data.splits import cut_off, folds
from bertolt.errors import DataError

LABELS = st.lists(st.sampled_from("abc"), min_size=1, max_size=200).map(lambda part: part + list("aabbcc"))


@given(LABELS, st.sampled_from([0.1, 0.2, 0.5]), st.integers(0, 9))
def test_each_label_keeps_its_share(labels: list[str], share: float, seed: int) -> None:
    stay, cut = cut_off(labels, share, seed)
    assert sorted(stay + cut) == list(range(len(labels)))
    assert (stay, cut) == (sorted(stay), sorted(cut))
    counts, taken = Counter(labels), Counter(labels[index] for index in cut)
    for label, count in counts.items():
        assert taken[label] == min(max(1, round(count * share)), count - 1)
    assert cut_off(labels, share, seed) == (stay, cut)


def test_another_seed_cuts_another_part() -> None:
    labels = ["a", "b"] * 200
    assert cut_off(labels, 0.1, 0)[1] != cut_off(labels, 0.1, 1)[1]
    assert len(cut_off(labels, 0.1, 0)[1]) == 40


def test_the_cut_never_changes() -> None:
    # A model folder names its seed: the same seed must always give the same test part.
    assert cut_off(["a", "b"] * 10, 0.2, 0)[1] == [1, 2, 4, 17]


def test_a_label_of_one_row_cannot_stand_on_both_sides() -> None:
    with pytest.raises(DataError) as caught:
        cut_off(["a", "a", "b"], 0.1, 0)
    assert caught.value.found == "1 of 'b'"


def test_without_labels_the_rows_are_one_stratum() -> None:
    stay, cut = cut_off([None] * 50, 0.1, 3)
    assert (len(stay), len(cut)) == (45, 5)


@given(st.lists(st.integers(0, 12), min_size=2, max_size=120), st.integers(0, 5))
def test_groups_stay_on_one_side(groups: list[int], seed: int) -> None:
    groups = [*groups, 20, 21]
    stay, cut = cut_off([None] * len(groups), 0.2, seed, groups)
    assert sorted(stay + cut) == list(range(len(groups)))
    assert stay
    assert cut
    assert not {groups[index] for index in stay} & {groups[index] for index in cut}


@pytest.mark.parametrize("seed", range(10))
def test_a_giant_group_is_never_cut_off(seed: int) -> None:
    groups = ["giant"] * 800 + [str(index // 10) for index in range(200)]
    _, cut = cut_off([None] * 1000, 0.1, seed, groups)
    assert all(groups[index] != "giant" for index in cut)
    assert len(cut) == 100


def test_where_every_group_is_too_great_the_smallest_is_cut_off() -> None:
    _, cut = cut_off([None] * 9, 0.1, 0, list("aaaabbbcc"))
    assert cut == [7, 8]


def test_one_group_cannot_be_cut() -> None:
    with pytest.raises(DataError) as caught:
        cut_off([None] * 3, 0.1, 0, ["a"] * 3)
    assert caught.value.found == "only one group to cut from"


def test_rows_of_several_labels_count_for_the_rarest() -> None:
    strata = [("a",)] * 20 + [("a", "b")] * 10 + [("a", "c")]
    stay, cut = cut_off(strata, 0.1, 0)
    assert Counter(strata[index] for index in cut) == {("a",): 2, ("a", "b"): 1}
    assert 30 in stay  # the only row of c is learnt from


@given(st.lists(st.sampled_from("ab"), min_size=1, max_size=60), st.integers(2, 4))
def test_folds_share_out_every_row(labels: list[str], count: int) -> None:
    labels = [*labels, *("ab" * count)]
    found = folds(labels, count, 0)
    assert sorted(index for fold in found for index in fold) == list(range(len(labels)))
    assert max(map(len, found)) - min(map(len, found)) <= 1
    for label in "ab":
        of_label = [sum(labels[index] == label for index in fold) for fold in found]
        assert max(of_label) - min(of_label) <= 1


def test_a_label_with_fewer_rows_than_folds() -> None:
    with pytest.raises(DataError) as caught:
        folds(["a"] * 5 + ["b"] * 2, 3, 0)
    assert caught.value.expected == "at least 3 rows of every label, one for each fold"
    assert caught.value.found == "2 of 'b'"


def test_folds_keep_groups_whole_and_even() -> None:
    groups = ["a"] * 5 + ["b"] * 3 + ["c"] * 3 + ["d"] * 2 + ["e"] * 2
    found = folds([None] * 15, 3, seed=1, groups=groups)
    assert sorted(index for fold in found for index in fold) == list(range(15))
    assert sorted(map(len, found)) == [5, 5, 5]
    homes = {
        group: {number for number, fold in enumerate(found) for i in fold if groups[i] == group}
        for group in groups
    }
    assert all(len(home) == 1 for home in homes.values())
    assert found == folds([None] * 15, 3, seed=1, groups=groups)


def test_fewer_groups_than_folds_are_refused() -> None:
    with pytest.raises(DataError, match="at least 3 groups, one for each fold; found 2"):
        folds([None] * 4, 3, seed=0, groups=["a", "a", "b", "b"])
