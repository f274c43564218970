"""A chain of yes-or-no questions for grades in an order: is it above the first, and then the second, and on.

CORN (Shi, Cao & Raschka 2021, Deep Neural Networks for Rank-Consistent Ordinal Regression Based on
Conditional Probabilities, https://arxiv.org/abs/2111.08851, section 3): of K grades, output k answers
whether a text is above grade k, asked only of texts that are not below it. Their product never gives a
higher grade more than the ones up to it, so probabilities are consistent.

The loss of a text is here the *sum* of the answers' cross-entropies, its negative log-likelihood; the
paper's divides by their number over the batch, which is the same up to a factor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bertolt.metrics.calibration import log_softmax, sigmoid
from bertolt.metrics.statistic import FloatArray, IntArray

if TYPE_CHECKING:
    from torch import Tensor


def chain_targets(lowest: int, highest: int, grades: int) -> NDArray[np.float32]:
    """What is known of each question of a text.

    Args:
        lowest: the lowest grade that it may have, from 0.
        highest: the highest one; the same where its grade is known.
        grades: how many there are, K.

    Returns:
        Shape (K - 1,): 1 where the answer is yes, 0 where it is no, NaN where it is not known.
    """
    targets = np.full(grades - 1, np.nan, dtype=np.float32)
    targets[:lowest] = 1.0
    if lowest == highest < grades - 1:
        targets[lowest] = 0.0
    return targets


def chain_losses(logits: Tensor, targets: Tensor) -> Tensor:
    """The negative log-likelihood of what is known of each text, shape (B,).

    Args:
        logits: of the questions, shape (B, K - 1).
        targets: see ``chain_targets``, shape (B, K - 1).
    """
    import torch
    from torch.nn import functional

    known = ~torch.isnan(targets)
    losses = functional.binary_cross_entropy_with_logits(
        logits.float(), torch.nan_to_num(targets), reduction="none"
    )
    return (losses * known).sum(dim=1)


def chain_probabilities(logits: ArrayLike) -> FloatArray:
    """The probability of each grade, shape (n, K), from the questions' logits, shape (n, K - 1)."""
    array = np.asarray(logits, np.float64)
    yes, no = sigmoid(array), sigmoid(-array)
    one = np.ones((len(array), 1))
    reached = np.concatenate([one, np.cumprod(yes, axis=1)], axis=1)
    return np.asarray(reached * np.concatenate([no, one], axis=1))


def class_probabilities(logits: ArrayLike) -> FloatArray:
    """The probability of each grade, shape (n, K), from a logit for each, as cross-entropy trains them."""
    return np.exp(log_softmax(logits))


def mode(probabilities: FloatArray) -> IntArray:
    """The most probable grade of each text, shape (n,); the lower one of equals."""
    return np.asarray(probabilities.argmax(axis=1), np.int64)


def median(probabilities: FloatArray) -> IntArray:
    """The grade above which each text lies with a probability of at most a half, shape (n,).

    It has the least expected absolute error, and is how CORN counts (section 3.3).
    """
    above = 1.0 - np.cumsum(probabilities, axis=1)[:, :-1]
    # What rounding leaves of a half is no more than a half.
    return np.asarray((above > 0.5 + 1e-12).sum(axis=1), np.int64)
