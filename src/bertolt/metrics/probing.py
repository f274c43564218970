"""The numbers of edge probing: where in the network a label becomes readable, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from bertolt.errors import InputError
from bertolt.metrics.statistic import FloatArray, Statistic, divide, ratio, real_array, same_shape

#: Shares of the data after which the online code learns anew, in percent (Voita & Titov 2020, §2.2).
CODE_BLOCKS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.25, 12.5, 25.0, 50.0, 100.0)


def centre_of_gravity(weights: ArrayLike) -> float:
    """The mean layer under the mixing weights (Tenney et al. 2019, "BERT rediscovers", §3.1).

    Args:
        weights: of the layers 0..L, shape (L + 1,); at least 0, with a sum of 1.

    Raises:
        InputError: they are no distribution.
    """
    array = _distribution(weights)
    return float(np.arange(len(array)) @ array)


def divergence_from_uniform(weights: ArrayLike) -> float:
    """The Kullback-Leibler divergence of the mixing weights from equal ones, in bits.

    0 where the probe uses all layers alike, log2(L + 1) where it uses one alone (Tenney et al. 2019,
    "BERT rediscovers", §3.1).

    Args:
        weights: as in ``centre_of_gravity``.

    Raises:
        InputError: they are no distribution.
    """
    array = _distribution(weights)
    used = array[array > 0]
    return float((used * np.log2(used * len(array))).sum())


def differential_scores(scores: ArrayLike) -> FloatArray:
    """What each layer adds: the score of the layers 0..k mixed less that of 0..k-1 mixed.

    Args:
        scores: of the layers 0..0, 0..1, …, 0..L mixed, shape (..., L + 1).

    Returns:
        Shape (..., L); the first is that of layer 1.
    """
    return np.diff(np.asarray(scores, dtype=np.float64), axis=-1)


def expected_layer(scores: ArrayLike) -> float:
    """The layer at which the label is expected to become readable (Tenney et al. 2019, §3.2).

    The mean layer, each weighted by what it adds: the sum of k times the differential score of layer k,
    over the sum of the differential scores. NaN where the layers add nothing in all.

    Args:
        scores: as in ``differential_scores``, shape (L + 1,).

    Raises:
        InputError: fewer than two scores.
    """
    array = real_array("scores", scores, 1)
    if len(array) < 2:
        raise InputError("a score for at least two layers", f"{len(array)}", "pass those of layers 0..L")
    return float(_expected(array[None])[0])


def expected_layer_statistic(cumulative: Sequence[Statistic]) -> Statistic:
    """``expected_layer`` as a statistic; NaN where a resample's layers add nothing in all.

    Args:
        cumulative: the scores of the layers 0..0, 0..1, …, 0..L mixed, over the same examples.
    """

    def statistic(weights: FloatArray) -> FloatArray:
        return _expected(np.stack([each(weights) for each in cumulative], axis=1))

    return statistic


def difference(minuend: Statistic, subtrahend: Statistic) -> Statistic:
    """One statistic less another over the same examples: a gain over a layer, or a selectivity.

    Selectivity is the score on the task less that on the control task, by the same kind of probe (Hewitt &
    Liang 2019, §2.3).
    """

    def statistic(weights: FloatArray) -> FloatArray:
        return minuend(weights) - subtrahend(weights)

    return statistic


def counted_f1(hits: ArrayLike, gold: ArrayLike, predicted: ArrayLike) -> Statistic:
    """Micro-F1 over texts that each have any number of labels.

    0 where a resample has no label in gold and none in the predictions.

    Args:
        hits: labels of each text that are in gold and predicted, shape (n,).
        gold: labels of each text, shape (n,).
        predicted: labels predicted for each text, shape (n,).

    Raises:
        InputError: the shapes differ.
    """
    right, true, said = (
        real_array("hits", hits, 1),
        real_array("gold", gold, 1),
        real_array("predicted", predicted, 1),
    )
    same_shape("hits", right, "gold", true)
    same_shape("hits", right, "predicted", said)
    return ratio(2 * right, true + said, undefined=0.0)


def code_blocks(counts: Sequence[int]) -> list[int]:
    """Where the online code's blocks end, in texts: the shares of ``CODE_BLOCKS``, rounded up.

    Args:
        counts: targets of each text, in the order in which they are sent.

    Returns:
        Numbers of texts, increasing, the last one all of them; shares that are the same text make one block.

    Raises:
        InputError: there is no text.
    """
    if not counts:
        raise InputError("at least one text to send", "none", "pass data with labelled spans")
    total = np.cumsum(counts)
    wanted = np.asarray(CODE_BLOCKS) / 100 * total[-1]
    # The rounding of 12.5% of 8 must not ask for a text more.
    ends = np.searchsorted(total, wanted - 1e-9 * total[-1], side="left") + 1
    ends[-1] = len(counts)
    return sorted({int(end) for end in np.minimum(ends, len(counts))})


def online_code_length(first_targets: int, bits_per_target: float, later: Sequence[float]) -> float:
    """The bits of the labels under the online code (Voita & Titov 2020, §2.2.2).

    Args:
        first_targets: targets of the first block, which is sent with equal probabilities.
        bits_per_target: what a target costs with equal probabilities.
        later: bits of each later block, under the probe trained on all before it.
    """
    return first_targets * bits_per_target + float(sum(later))


def compression(targets: int, bits_per_target: float, code_length: float) -> float:
    """How many times shorter the code is than one with equal probabilities (Voita & Titov 2020, §2.2).

    Args:
        targets: in all.
        bits_per_target: what a target costs with equal probabilities.
        code_length: in bits.
    """
    return targets * bits_per_target / code_length if code_length > 0 else float("nan")


def _expected(scores: FloatArray) -> FloatArray:
    added = differential_scores(scores)
    layers = np.arange(1, scores.shape[1], dtype=np.float64)
    return divide(added @ layers, added.sum(axis=1), np.nan)


def _distribution(weights: ArrayLike) -> FloatArray:
    array = real_array("weights", weights, 1)
    if not len(array) or array.min() < 0 or abs(array.sum() - 1) > 1e-4:
        raise InputError(
            "weights of at least 0 with a sum of 1", f"a sum of {array.sum():g}", "pass their softmax"
        )
    return array
