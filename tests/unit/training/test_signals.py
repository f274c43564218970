"""What a model puts out while it learns, by hand."""

from __future__ import annotations

import math

import pytest
import torch

from bertolt.training.loop import live
from bertolt.training.signals import OutputSignals


def test_means_over_the_batches_of_a_step() -> None:
    signals = OutputSignals(("no", "yes"))
    even, three_to_one = [0.0, 0.0], [math.log(3.0), 0.0]
    signals.add(torch.tensor([three_to_one, [-math.log(3.0), 0.0]]), torch.tensor(1.5), 2.0)
    signals.add(torch.tensor([even]), torch.tensor(0.5), 0.5)
    found = signals.take()
    bits = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert found == pytest.approx(
        {
            "labelled_loss": 2.0 / 2.5,
            "confidence": (0.75 + 0.75 + 0.5) / 3,
            "entropy": (2 * bits + math.log(2)) / 3,
            "share no": 2 / 3,
            "share yes": 1 / 3,
        }
    )
    assert signals.take() == {}


def test_without_one_label_a_row_the_loss_alone_is_told() -> None:
    signals = OutputSignals(())
    signals.add(torch.zeros(2, 5, 3), torch.tensor(3.0), 6.0)
    assert signals.take() == {"labelled_loss": 0.5}
    tagged = OutputSignals(("a", "b", "c"))
    tagged.add(torch.zeros(2, 5, 3), torch.tensor(3.0), 6.0)
    assert tagged.take() == {"labelled_loss": 0.5}


def test_what_stands_beside_the_bar() -> None:
    assert live(0.25, {}, 1200.0) == "loss 0.250, 1,200 tokens/s"
    signals = {"unlabelled_loss": 0.5, "confidence": 0.875}
    assert live(0.25, signals, 1200.0) == "loss 0.250, unlabelled 0.500, confidence 88%, 1,200 tokens/s"
