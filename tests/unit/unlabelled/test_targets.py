"""Annealing, alignment, sharpening, masks, divergence, and the teacher's average: against numbers by hand."""

from __future__ import annotations

import json
import math

import pytest
import torch
from torch import nn

from bertolt.unlabelled.consistency import average_into, copy_weights, frozen_copy
from bertolt.unlabelled.targets import (
    DistributionAlignment,
    RelativeConfidence,
    Schedule,
    annealed,
    confident,
    divergence,
    sharpen,
    threshold,
)


@pytest.mark.parametrize(
    ("schedule", "share"),
    [("log", 1 - math.exp(-2.5)), ("linear", 0.5), ("exp", math.exp(-2.5))],
)
def test_thresholds_half_way(schedule: Schedule, share: float) -> None:
    assert threshold(schedule, 0.5, 4) == pytest.approx(share * 0.75 + 0.25)


def test_thresholds_run_from_chance_to_one() -> None:
    assert threshold("linear", 0.0, 2) == 0.5
    assert threshold("linear", 1.0, 2) == 1.0
    assert threshold("log", 0.0, 5) == 0.2
    assert threshold("exp", 1.0, 5) == 1.0
    assert threshold("none", 0.0, 2) == math.inf


def test_learnt_texts_no_longer_count() -> None:
    losses = torch.tensor([1.0, 3.0, 0.1])
    probabilities = torch.tensor([0.4, 0.1, 0.9])
    assert annealed(losses, probabilities, 0.5).item() == pytest.approx(2.0)
    assert annealed(losses, probabilities, math.inf).item() == pytest.approx(4.1 / 3)
    assert annealed(losses, probabilities, 0.05).item() == 0.0


def test_alignment_by_hand() -> None:
    alignment = DistributionAlignment(torch.tensor([0.5, 0.5]), momentum=0.5)
    alignment.update(torch.tensor([[0.9, 0.1], [0.7, 0.3]]))  # mean 0.8, 0.2; running 0.65, 0.35
    torch.testing.assert_close(alignment.mean, torch.tensor([0.65, 0.35], dtype=torch.float64))
    found = alignment(torch.tensor([[0.6, 0.4]]))
    first, second = 0.6 * 0.5 / 0.65, 0.4 * 0.5 / 0.35
    torch.testing.assert_close(found, torch.tensor([[first, second]]) / (first + second))


def test_alignment_survives_json_bit_for_bit() -> None:
    alignment = DistributionAlignment(torch.tensor([0.3, 0.7]))
    alignment.update(torch.rand(7, 2, generator=torch.Generator().manual_seed(0)).softmax(-1))
    other = DistributionAlignment(torch.tensor([0.3, 0.7]))
    other.load_state(json.loads(json.dumps(alignment.state())))
    assert torch.equal(alignment.mean, other.mean)


def test_confidence_on_labelled_texts_by_hand() -> None:
    confidence = RelativeConfidence(2, momentum=0.5)
    assert confidence.mean == 0.5
    confidence.update(torch.tensor([[0.75, 0.25], [0.0, 1.0]]))
    assert confidence.mean == 0.875  # the first batch alone
    confidence.update(torch.tensor([[0.5, 0.5]]))
    assert confidence.mean == 0.6875
    other = RelativeConfidence(2)
    other.load_state(json.loads(json.dumps(confidence.state())))
    assert other.state() == confidence.state()


def test_sharpening_and_masks_by_hand() -> None:
    guess = torch.tensor([[0.8, 0.2], [0.5, 0.5]])
    found = sharpen(guess, 0.5)
    torch.testing.assert_close(found, torch.tensor([[0.64 / 0.68, 0.04 / 0.68], [0.5, 0.5]]))
    torch.testing.assert_close(sharpen(guess, 1.0), guess)
    assert confident(guess, 0.8).tolist() == [1.0, 0.0]


def test_divergence_by_hand() -> None:
    target = torch.tensor([[1.0, 0.0], [0.5, 0.5]])
    said = torch.tensor([[0.25, 0.75], [0.25, 0.75]])
    expected = [math.log(4), 0.5 * math.log(2) + 0.5 * math.log(2 / 3)]
    torch.testing.assert_close(divergence(target, said.log()), torch.tensor(expected))


def test_the_teacher_is_a_running_mean_without_gradient() -> None:
    student = nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        student.weight.copy_(torch.tensor([[1.0, 2.0]]))
    teacher = frozen_copy(student)
    with torch.no_grad():
        student.weight.copy_(torch.tensor([[3.0, 0.0]]))
    average_into(teacher, student, 0.75)
    torch.testing.assert_close(teacher.get_parameter("weight"), torch.tensor([[1.5, 1.5]]))
    assert not any(parameter.requires_grad for parameter in teacher.parameters())
    copy_weights(student, teacher)
    assert torch.equal(teacher.get_parameter("weight"), student.weight)
