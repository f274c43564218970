from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from bertolt.errors import InputError
from bertolt.metrics import multilabel

Case = tuple[np.ndarray, np.ndarray, np.ndarray]


def _case(seed: int, decimals: int) -> Case:
    """Gold and scores of 5 labels, the last of them never gold, and three rows of weights."""
    random = np.random.default_rng(seed)
    gold = random.random((50, 5)) < [0.5, 0.3, 0.2, 0.04, 0.0]
    scores = np.round(0.4 * gold + 0.6 * random.random(gold.shape), decimals)
    counts = random.multinomial(50, np.full(50, 1 / 50)).astype(float)
    return gold, scores, np.stack([np.ones(50), counts, random.random(50)])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("average", ["macro", "micro"])
def test_f1_equals_scikit_learn_with_and_without_weights(seed: int, average: str) -> None:
    gold, scores, weights = _case(seed, 6)
    predicted = scores >= 0.5
    predicted[:, 4] = False
    statistic = {"macro": multilabel.macro_f1, "micro": multilabel.micro_f1}[average]
    expected = [
        reference.f1_score(gold, predicted, average=average, sample_weight=row, zero_division=0)
        for row in weights
    ]
    assert statistic(gold, predicted)(weights) == pytest.approx(np.array(expected), abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("decimals", [1, 2, 6])
def test_average_precision_equals_scikit_learn_ties_and_weights_included(seed: int, decimals: int) -> None:
    gold, scores, weights = _case(seed, decimals)
    expected = []
    for row in weights:
        positive = [k for k in range(5) if (row * gold[:, k]).sum() > 0]
        expected.append(
            np.mean(
                [
                    reference.average_precision_score(gold[:, k], scores[:, k], sample_weight=row)
                    for k in positive
                ]
            )
        )
    assert multilabel.average_precision(gold, scores)(weights) == pytest.approx(np.array(expected), abs=1e-12)


def test_average_precision_by_hand() -> None:
    gold = np.array([[1], [0], [1], [0]])
    assert multilabel.average_precision(gold, [[0.9], [0.8], [0.7], [0.1]])(np.ones((1, 4))) == pytest.approx(
        [(1 + 2 / 3) / 2]
    )
    assert multilabel.average_precision(gold, [[0.5]] * 4)(np.ones((1, 4))) == pytest.approx([0.5])


def test_average_precision_leaves_out_a_label_without_positives_and_is_nan_without_any() -> None:
    gold, scores = np.array([[1, 0], [0, 1]]), np.array([[0.2, 0.8], [0.4, 0.9]])
    found = multilabel.average_precision(gold, scores)(np.array([[1.0, 1.0], [2.0, 0.0], [0.0, 2.0]]))
    assert found == pytest.approx([(0.5 + 1) / 2, 1.0, 1.0])
    assert np.isnan(multilabel.average_precision(np.zeros((2, 2)), scores)(np.ones((1, 2)))).all()


def test_micro_f1_without_labels_is_0() -> None:
    nothing = np.zeros((2, 2), bool)
    assert multilabel.micro_f1(nothing, nothing)(np.ones((1, 2))).tolist() == [0.0]
    assert multilabel.macro_f1(nothing, nothing)(np.ones((1, 2))).tolist() == [0.0]


def test_wrong_input_is_told_in_one_message() -> None:
    with pytest.raises(InputError, match="one shape"):
        multilabel.macro_f1(np.zeros((2, 2)), np.zeros((2, 3)))
    with pytest.raises(InputError, match="predicted of 0 and 1"):
        multilabel.micro_f1(np.zeros((2, 2)), np.full((2, 2), 0.7))
