"""Who shares a step and a batch, and how a batch is padded."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bertolt.data.batching import STEPS_PER_BUCKET, collate, fill, steps
from bertolt.data.features import Encoded, Feature, assemble, take
from bertolt.data.tokenizer import Template

LENGTHS = st.lists(st.integers(0, 512), max_size=300)


def _ids(*numbers: int) -> np.ndarray:
    return np.asarray(numbers, dtype=np.int32)


@given(LENGTHS, st.integers(1, 40), st.integers(0, 2**31 - 1), st.integers(0, 5))
def test_an_epoch_has_every_example_once(lengths: list[int], size: int, seed: int, epoch: int) -> None:
    found = steps(lengths, size, seed, epoch)
    assert Counter(index for step in found for index in step) == Counter(range(len(lengths)))
    assert sorted(map(len, found))[1:] == [size] * (len(found) - 1)
    assert found == steps(list(lengths), size, seed, epoch)


def test_steps_change_with_seed_and_epoch_and_hold_similar_lengths() -> None:
    lengths = np.random.default_rng(0).integers(3, 500, size=2000).tolist()
    found = steps(lengths, 32, 7, 0)
    assert found != steps(lengths, 32, 7, 1)
    assert found != steps(lengths, 32, 8, 0)
    company = [{frozenset(step) for step in steps(lengths, 32, 7, epoch)} for epoch in (0, 1)]
    assert not company[0] & company[1]
    spread = [max(lengths[index] for index in step) - min(lengths[index] for index in step) for step in found]
    # A bucket of 50 steps holds all lengths evenly, so a step spans a fiftieth of them.
    assert np.mean(spread) < 3 * 500 / STEPS_PER_BUCKET
    first = [np.mean([lengths[index] for index in step]) for step in found]
    assert first != sorted(first)


def test_steps_by_hand() -> None:
    assert steps([5], 32, 0, 0) == [[0]]
    assert steps([], 32, 0, 0) == []
    assert sorted(map(sorted, steps([1, 9, 1, 9], 2, 3, 0))) == [[0, 2], [1, 3]]


@given(LENGTHS, st.integers(1, 5000))
def test_batches_keep_to_the_budget(lengths: list[int], budget: int) -> None:
    found = fill(lengths, budget)
    assert Counter(index for batch in found for index in batch) == Counter(range(len(lengths)))
    widths = [max(1, *(lengths[index] for index in batch), 0) for batch in found]
    assert widths == sorted(widths, reverse=True)
    for batch, width in zip(found, widths, strict=True):
        assert len(batch) == 1 or width * len(batch) <= budget


def test_batches_by_hand() -> None:
    assert fill([3, 10, 4, 10, 25], 20) == [[4], [1, 3], [2, 0]]
    assert fill([], 20) == []


def test_rows_of_equal_length_need_no_mask() -> None:
    arrays = collate([Feature(_ids(2, 7, 3)), Feature(_ids(2, 8, 3))], pad_id=9)
    assert arrays.keys() == {"input_ids"}
    assert arrays["input_ids"].dtype == np.int64
    assert arrays["input_ids"].tolist() == [[2, 7, 3], [2, 8, 3]]


def test_shorter_rows_are_padded_and_masked() -> None:
    arrays = collate([Feature(_ids(2, 3)), Feature(_ids(2, 8, 8, 3))], pad_id=9)
    assert arrays["input_ids"].tolist() == [[2, 3, 9, 9], [2, 8, 8, 3]]
    assert arrays["attention_mask"].tolist() == [[1, 1, 0, 0], [1, 1, 1, 1]]


def test_types_are_there_for_all_rows_where_one_has_them() -> None:
    pair = Feature(_ids(2, 7, 3, 8, 3), types=_ids(0, 0, 0, 1, 1))
    arrays = collate([Feature(_ids(2, 3)), pair], pad_id=0)
    assert arrays["token_type_ids"].tolist() == [[0] * 5, [0, 0, 0, 1, 1]]


def test_positions_point_into_the_flattened_batch() -> None:
    rows = [Feature(_ids(2, 7, 3), select=_ids(1)), Feature(_ids(2, 8, 8, 8, 3), select=_ids(2, 3))]
    assert collate(rows, pad_id=0)["positions"].tolist() == [1, 5 + 2, 5 + 3]
    assert "positions" not in collate([Feature(_ids(2, 3))], pad_id=0)


@pytest.mark.parametrize("texts", [1, 2])
def test_assembling_puts_special_tokens_and_types(texts: int) -> None:
    template = Template(before=(100,), between=(101, 102), after=(103,), types=(0, 0, 0, 1, 1))
    if texts == 1:
        template = Template(before=(100,), between=(), after=(103,), types=(0, 0, 0, 0, 0))
        ids, types = assemble(template, [_ids(1, 2)])
        assert ids.tolist() == [100, 1, 2, 103]
        assert types is None
        return
    ids, types = assemble(template, [_ids(1, 2), _ids(5)])
    assert ids.tolist() == [100, 1, 2, 101, 102, 5, 103]
    assert types is not None
    assert types.tolist() == [0, 0, 0, 0, 0, 1, 1]
    assert template.size == 4


def test_taking_the_ranges_of_a_piece() -> None:
    ids = _ids(0, 1, 2, 3, 4, 5)
    assert take(ids, ((1, 3),)).tolist() == [1, 2]
    assert take(ids, ((0, 1), (4, 6))).tolist() == [0, 4, 5]


def test_an_example_says_whether_it_was_cut() -> None:
    assert Encoded((), tokens=5, tokens_read=4, unknown=0).truncated
    assert not Encoded((), tokens=5, tokens_read=5, unknown=0).truncated
