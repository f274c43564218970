"""Operations counted by hand."""

from __future__ import annotations

import pytest

from bertolt.errors import FolderError
from bertolt.evaluation.bench.flops import EncoderShape, operations, seen_pairs, shape_of


def test_two_rows_through_two_layers() -> None:
    shape = EncoderShape(layers=2, hidden=4, intermediate=8, gated=False, windows=(None, None))
    # A layer: 4 matrices of 4 x 4 and two of 4 x 8 are 128 elements, 2 operations each and token.
    # Attention: 3 x 3 and 5 x 5 pairs of tokens, 4 x 4 operations each.
    assert operations(shape, [3, 5]) == 2 * (128 * 2 * 8 + (9 + 25) * 16)


def test_a_gated_layer_has_three_matrices_and_a_window_fewer_pairs() -> None:
    shape = EncoderShape(layers=1, hidden=4, intermediate=8, gated=True, windows=(1,))
    assert operations(shape, [5]) == (4 * 16 + 3 * 32) * 2 * 5 + 4 * 4 * 13


def test_pairs_within_a_window_are_those_counted_one_by_one() -> None:
    for length in range(1, 12):
        for window in range(12):
            pairs = sum(abs(i - j) <= window for i in range(length) for j in range(length))
            assert seen_pairs(length, window) == pairs
        assert seen_pairs(length, None) == length * length


def test_shapes_of_three_families() -> None:
    bert = {"model_type": "bert", "num_hidden_layers": 6, "hidden_size": 384, "intermediate_size": 1536}
    assert shape_of(bert) == EncoderShape(6, 384, 1536, False, (None,) * 6)
    small = {"model_type": "distilbert", "n_layers": 2, "dim": 16, "hidden_dim": 32}
    assert shape_of(small) == EncoderShape(2, 16, 32, False, (None, None))
    modern = {
        "model_type": "modernbert", "num_hidden_layers": 2, "hidden_size": 16, "intermediate_size": 24,
        "layer_types": ["full_attention", "sliding_attention"], "local_attention": 8,
    }  # fmt: skip
    assert shape_of(modern) == EncoderShape(2, 16, 24, True, (None, 4))


def test_sizes_that_are_not_named_are_not_guessed() -> None:
    with pytest.raises(FolderError, match="hidden_size or dim; found model type 'odd'"):
        shape_of({"model_type": "odd", "num_hidden_layers": 2})
