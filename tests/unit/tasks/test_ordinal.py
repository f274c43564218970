"""The chain of questions: probabilities by hand, the loss beside the published one's."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from bertolt.tasks.ordinal import (
    chain_losses,
    chain_probabilities,
    chain_targets,
    class_probabilities,
    median,
    mode,
)

NAN = math.nan


@pytest.mark.parametrize(
    ("lowest", "highest", "targets"),
    [
        (0, 0, [0, NAN, NAN]),
        (1, 1, [1, 0, NAN]),
        (3, 3, [1, 1, 1]),
        (1, 3, [1, NAN, NAN]),
        (0, 3, [NAN, NAN, NAN]),
    ],
)
def test_targets_say_what_is_known(lowest: int, highest: int, targets: list[float]) -> None:
    np.testing.assert_array_equal(chain_targets(lowest, highest, 4), np.float32(targets))


def logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


def test_probabilities_are_products_along_the_chain() -> None:
    a, v, t, s = 0.9, 0.8, 0.7, 0.4
    found = chain_probabilities([[logit(each) for each in (a, v, t, s)]])
    wanted = [[1 - a, a * (1 - v), a * v * (1 - t), a * v * t * (1 - s), a * v * t * s]]
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_probabilities_sum_to_1_and_never_overflow() -> None:
    logits = np.random.default_rng(0).normal(scale=300, size=(50, 4))
    found = chain_probabilities(logits)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-12)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(class_probabilities(logits).sum(axis=1), 1.0, rtol=1e-12)


def published_loss(logits: torch.Tensor, grades: list[int], count: int) -> float:
    """The loss of the authors' own package (coral-pytorch, ``corn_loss``), times its number of answers."""
    total = 0.0
    for k in range(count - 1):
        asked = [row for row, grade in enumerate(grades) if grade > k - 1]
        labels = torch.tensor([float(grades[row] > k) for row in asked], dtype=logits.dtype)
        ours = logits[asked, k]
        log_sigmoid = functional.logsigmoid(ours)
        total -= float((log_sigmoid * labels + (log_sigmoid - ours) * (1 - labels)).sum())
    return total


def test_the_loss_is_the_published_one_summed() -> None:
    torch.manual_seed(0)
    logits, grades = torch.randn(8, 4), [0, 1, 2, 3, 4, 0, 4, 2]
    targets = torch.from_numpy(np.stack([chain_targets(grade, grade, 5) for grade in grades]))
    assert float(chain_losses(logits, targets).sum()) == pytest.approx(
        published_loss(logits, grades, 5), rel=1e-5
    )


def test_the_loss_is_the_negative_log_likelihood_of_the_grade() -> None:
    logits = torch.tensor([[0.3, -1.2, 0.7]] * 4)
    targets = torch.from_numpy(np.stack([chain_targets(grade, grade, 4) for grade in range(4)]))
    wanted = -np.log(chain_probabilities(logits.numpy()))
    np.testing.assert_allclose(chain_losses(logits, targets), np.diagonal(wanted), rtol=1e-6)


def test_what_is_not_known_has_no_gradient() -> None:
    logits = torch.zeros(1, 3, requires_grad=True)
    chain_losses(logits, torch.from_numpy(chain_targets(1, 3, 4))[None]).sum().backward()
    assert logits.grad is not None
    assert logits.grad.tolist() == [[-0.5, 0.0, 0.0]]


def test_mode_and_median() -> None:
    table = np.asarray([[0.4, 0.25, 0.35], [0.5, 0.0, 0.5], [0.1, 0.2, 0.7], [1.0, 0.0, 0.0]])
    assert mode(table).tolist() == [0, 0, 2, 0]
    assert median(table).tolist() == [1, 0, 2, 0]


def test_median_counts_as_corn_does() -> None:
    logits = np.random.default_rng(1).normal(size=(200, 4))
    above = np.cumprod(1 / (1 + np.exp(-logits)), axis=1)
    assert median(chain_probabilities(logits)).tolist() == (above > 0.5).sum(axis=1).tolist()
