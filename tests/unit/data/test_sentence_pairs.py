"""Pairs of sentences: runs hold every sentence, half of the pairs follow, the others cross documents."""

from __future__ import annotations

import numpy as np
import pytest

from bertolt.data.sentence_pairs import draw_pairs, runs


@pytest.mark.parametrize(
    ("lengths", "budget", "found"),
    [
        ([3, 3, 3, 3], 6, [(0, 2), (2, 4)]),
        ([3, 3, 3, 3], 100, [(0, 4)]),
        ([3, 3, 3], 6, [(0, 3)]),  # the last would be alone, and the run before has none to spare
        ([2, 2, 2, 2], 6, [(0, 2), (2, 4)]),  # the run before gives one up
        ([50, 50, 50], 6, [(0, 3)]),
        ([3], 6, []),
        ([], 6, []),
    ],
)
def test_runs(lengths: list[int], budget: int, found: list[tuple[int, int]]) -> None:
    assert runs(lengths, budget) == found
    assert runs(lengths, budget, 10) == [(start + 10, stop + 10) for start, stop in found]


def _documents(count: int) -> tuple[list[tuple[int, int]], np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    found, owners, lengths = [], [], []
    for document in range(count):
        own = random.integers(1, 30, size=random.integers(2, 40)).tolist()
        found += runs(own, 60, len(lengths))
        owners += [document] * len(own)
        lengths += own
    return found, np.asarray(owners), np.asarray(lengths)


def test_pairs_read_every_sentence_once_and_half_follow() -> None:
    found, owners, lengths = _documents(30)
    counts = set()
    for seed in range(5):
        pairs = draw_pairs(found, owners, lengths, np.random.default_rng(seed))
        read = [n for pair in pairs for part in (pair.first, pair.second) for n in range(*part)]
        assert sorted(read) == list(range(len(lengths)))
        for pair in pairs:
            assert pair.first[0] < pair.first[1]
            assert pair.second[0] < pair.second[1]
            if pair.follows:
                assert pair.first[1] == pair.second[0]
            else:
                assert owners[pair.first[0]] != owners[pair.second[0]]
        counts.add(len(pairs))
        other = sum(not pair.follows for pair in pairs)
        assert len(pairs) // 2 - 1 <= other <= len(pairs) // 2
    assert counts == {len(found)}


def test_pairs_are_a_function_of_the_generator() -> None:
    found, owners, lengths = _documents(10)
    one, same, other = (draw_pairs(found, owners, lengths, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_one_document_has_only_pairs_that_follow() -> None:
    pairs = draw_pairs([(0, 2), (2, 4)], np.zeros(4, dtype=np.int64), np.full(4, 3), np.random.default_rng(0))
    assert all(pair.follows for pair in pairs)
