"""Which texts become labels: balanced first, then the surest, by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from bertolt.data.features import Encoded, Feature
from bertolt.unlabelled.pseudo_labels import (
    WordView,
    agreed,
    balanced,
    choose,
    labelled_target,
    pseudo_target,
)

EQUAL = np.asarray([0.5, 0.5])


def _pool(*second: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Probabilities of two classes, told that of the second."""
    return np.asarray([[1 - each, each] for each in second])


def test_balancing_gives_the_wanted_shares_and_keeps_the_order() -> None:
    leaning = _pool(0.6, 0.7, 0.8, 0.9)
    found = balanced(leaning, EQUAL)
    assert found.sum(axis=1) == pytest.approx([1.0] * 4)
    assert found.mean(axis=0) == pytest.approx([0.5, 0.5], abs=1e-9)
    assert list(np.argsort(found[:, 1])) == [0, 1, 2, 3]
    skewed = balanced(leaning, np.asarray([0.25, 0.75]))
    assert skewed.mean(axis=0) == pytest.approx([0.25, 0.75], abs=1e-9)


def test_a_teacher_that_leans_to_one_side_still_teaches_both() -> None:
    found = choose(_pool(0.9, 0.6, 0.8, 0.7), EQUAL, 0.5, 0.0)
    assert list(found.rows) == [0, 1]  # the surest of each, though all lean to the second class
    assert list(found.classes) == [1, 0]
    assert found.counts(2) == [1, 1]
    assert found.confidence == pytest.approx(found.targets.max(axis=1).min())


def test_the_surest_of_each_class_are_taken_in_the_wanted_shares() -> None:
    pool = _pool(0.02, 0.1, 0.3, 0.4, 0.6, 0.7, 0.9, 0.98)
    assert list(choose(pool, EQUAL, 0.5, 0.0).rows) == [0, 1, 6, 7]
    assert list(choose(pool, EQUAL, 1.0, 0.0).rows) == [*range(8)]
    quarter = choose(pool, np.asarray([0.25, 0.75]), 0.5, 0.0)
    assert quarter.counts(2) == [1, 3]


def test_where_one_class_has_few_sure_texts_the_other_gets_as_few() -> None:
    pool = _pool(0.05, 0.45, 0.45, 0.45, 0.55, 0.9, 0.92, 0.99)
    found = choose(pool, EQUAL, 1.0, 0.8)
    assert found.counts(2) == [1, 1]
    assert set(found.rows) == {0, 7}
    nobody = choose(_pool(0.5, 0.5), EQUAL, 1.0, 0.8)
    assert nobody.counts(2) == [0, 0]
    assert nobody.confidence == 0.0


def test_equals_are_taken_in_their_order() -> None:
    found = choose(_pool(0.1, 0.1, 0.1, 0.9, 0.9, 0.9), EQUAL, 0.7, 0.0)
    assert list(found.rows) == [0, 1, 3, 4]


def test_two_opinions_are_sure_only_where_both_are() -> None:
    found = agreed(_pool(0.9, 0.9), _pool(0.9, 0.1))
    assert found[0] == pytest.approx([0.1, 0.9])
    assert found[1] == pytest.approx([0.5, 0.5])


def test_words_learn_from_labels_and_from_a_teacher() -> None:
    pool = ["a fine film", "a fine plot", "a poor film", "a poor plot", "the sea is fine", "poor thing"]
    taught = choose(_pool(0.9, 0.8, 0.1, 0.2, 0.55, 0.45), EQUAL, 0.7, 0.0)
    found = WordView(["what a joy", "what a bore"], [1, 0], pool, 2).probabilities(taught)
    assert found.shape == (6, 2)
    assert found.sum(axis=1) == pytest.approx([1.0] * 6)
    assert list(found.argmax(axis=1)) == [1, 1, 0, 0, 1, 0]


def _encoded(target: object) -> Encoded:
    ids = np.asarray([1, 2], dtype=np.int32)
    return Encoded(
        (Feature(ids, weight=0.75, target=target), Feature(ids, weight=0.25, target=target)), 4, 4, 0
    )


def test_targets_and_weights_of_both_kinds_of_rows() -> None:
    known = labelled_target(_encoded(1), 3)
    assert [list(row.target.probabilities) for row in known.features] == [[0, 1, 0]] * 2
    assert [row.weight for row in known.features] == [0.75, 0.25]
    taught = pseudo_target(_encoded(None), np.asarray([0.2, 0.8]), 0.5)
    assert [row.weight for row in taught.features] == [0.375, 0.125]
    assert [row.target.pseudo for row in (*known.features, *taught.features)] == [False, False, True, True]


def test_the_loss_of_a_certain_target_is_that_of_its_label() -> None:
    logits = torch.tensor([[0.3, -0.2], [1.0, 2.0]])
    certain = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    expected = functional.cross_entropy(logits, torch.tensor([1, 0]), reduction="none")
    found = functional.cross_entropy(logits, certain, reduction="none")
    torch.testing.assert_close(found, expected)
