"""Formulas of edge probing against values by hand and against the published curves of BERT-base."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bertolt.errors import InputError
from bertolt.metrics.intervals import estimate
from bertolt.metrics.probing import (
    centre_of_gravity,
    code_blocks,
    compression,
    counted_f1,
    difference,
    differential_scores,
    divergence_from_uniform,
    expected_layer,
    expected_layer_statistic,
    online_code_length,
)

# Micro-F1 (validation) of bert-base-uncased, layers 0..k mixed for k = 0..12, and the expected layer that
# Tenney et al. (2019, "BERT rediscovers the classical NLP pipeline") derive from them: the outputs in
# probing/analysis_bertlayer_ACL_camera_ready.ipynb of jiant 1 (github.com/nyu-mll/jiant-v1-legacy).
PUBLISHED = {
    "part of speech": (
        [88.40, 93.48, 94.96, 95.42, 95.97, 96.44, 96.39, 96.42, 96.56, 96.48, 96.59, 96.40, 96.48], 1.76,
    ),
    "constituents": (
        [75.20, 80.56, 83.10, 84.89, 86.04, 86.42, 86.76, 86.76, 87.21, 87.04, 86.98, 87.28, 87.24], 2.38,
    ),
    "dependencies": (
        [85.20, 90.24, 91.30, 92.56, 93.66, 94.10, 94.65, 94.90, 95.17, 95.21, 95.10, 95.32, 95.22], 2.52,
    ),
    "entities": (
        [89.87, 93.33, 94.30, 94.42, 95.19, 95.40, 95.59, 95.68, 95.85, 95.91, 96.00, 95.93, 96.03], 2.42,
    ),
    "semantic roles": (
        [79.46, 85.27, 86.56, 87.77, 89.14, 90.36, 90.34, 91.05, 91.00, 90.72, 90.47, 90.84, 91.09], 2.59,
    ),
    "coreference": (
        [80.01, 82.52, 84.30, 85.19, 86.94, 87.58, 88.28, 88.89, 90.27, 90.38, 90.57, 90.28, 90.16], 3.62,
    ),
    "proto-roles 1": (
        [77.81, 78.76, 79.66, 80.32, 80.90, 81.74, 82.08, 82.86, 83.04, 83.50, 83.46, 83.61, 83.52], 4.29,
    ),
    "relations": (
        [58.93, 66.05, 68.63, 70.86, 73.97, 74.66, 77.25, 78.25, 80.23, 81.17, 81.64, 83.27, 82.87], 4.16,
    ),
}  # fmt: skip


@pytest.mark.parametrize("task", PUBLISHED)
def test_the_published_curves_give_the_published_expected_layers(task: str) -> None:
    scores, layer = PUBLISHED[task]
    # The curves are printed with two decimals, so the layer derived from them is right to about as many.
    assert expected_layer(scores) == pytest.approx(layer, abs=0.01)


def test_the_published_order_of_tasks() -> None:
    by_layer = sorted(PUBLISHED, key=lambda task: expected_layer(PUBLISHED[task][0]))
    assert by_layer[0] == "part of speech"
    assert by_layer[-1] == "proto-roles 1"
    assert by_layer.index("dependencies") < by_layer.index("coreference") < by_layer.index("relations")


def test_expected_layer_by_hand() -> None:
    assert list(differential_scores([0.5, 0.7, 0.8, 0.8])) == pytest.approx([0.2, 0.1, 0.0])
    assert expected_layer([0.5, 0.7, 0.8, 0.8]) == pytest.approx((0.2 + 2 * 0.1) / 0.3)
    assert expected_layer([0.2, 0.2, 0.2, 0.9]) == pytest.approx(3)
    assert math.isnan(expected_layer([0.4, 0.5, 0.4]))  # what one layer adds the next one takes away
    with pytest.raises(InputError, match="two layers"):
        expected_layer([0.4])


def test_expected_layer_over_resamples() -> None:
    right = np.asarray([[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 1]], dtype=np.float64)
    ones = np.ones(4)
    curve = [counted_f1(row, ones, ones) for row in right]  # 0.25, 0.5, 1
    statistic = expected_layer_statistic(curve)
    assert statistic(np.ones((1, 4)))[0] == pytest.approx((0.25 + 2 * 0.5) / 0.75)
    assert statistic(np.asarray([[0.0, 1, 0, 0]]))[0] == pytest.approx(1)
    assert math.isnan(statistic(np.asarray([[1.0, 0, 0, 0]]))[0])  # right at every layer: nothing is added
    assert estimate({"e": statistic}, 4)["e"].value == pytest.approx(5 / 3)
    gain = difference(curve[2], curve[0])
    assert gain(np.ones((1, 4)))[0] == pytest.approx(0.75)


def test_mixing_weights_by_hand() -> None:
    assert centre_of_gravity([0.25, 0.25, 0.25, 0.25]) == pytest.approx(1.5)
    assert centre_of_gravity([0, 0, 0, 1]) == pytest.approx(3)
    assert divergence_from_uniform([0.25, 0.25, 0.25, 0.25]) == pytest.approx(0)
    assert divergence_from_uniform([0, 0, 0, 1]) == pytest.approx(2)
    half = divergence_from_uniform([0.5, 0.5, 0, 0])
    assert half == pytest.approx(1)
    with pytest.raises(InputError, match="sum of 1"):
        centre_of_gravity([0.5, 0.6])


def test_counted_f1() -> None:
    statistic = counted_f1([1, 2, 0], [2, 2, 1], [1, 3, 0])
    assert statistic(np.ones((1, 3)))[0] == pytest.approx(2 * 3 / (5 + 4))
    assert statistic(np.asarray([[0.0, 0, 0]]))[0] == 0
    with pytest.raises(InputError, match="one shape"):
        counted_f1([1, 2], [1], [1, 1])


def test_online_code_by_hand() -> None:
    assert code_blocks([1] * 1000) == [1, 2, 4, 8, 16, 32, 63, 125, 250, 500, 1000]
    assert code_blocks([1] * 8) == [1, 2, 4, 8]
    assert code_blocks([100, 1, 1]) == [1, 3]
    assert code_blocks([5]) == [1]
    with pytest.raises(InputError, match="at least one text"):
        code_blocks([])
    # Of 8 targets with 4 labels: 2 at 2 bits, then blocks of 3 and 1 bits.
    length = online_code_length(2, 2.0, [3.0, 1.0])
    assert length == 8
    assert compression(8, 2.0, length) == pytest.approx(2)
