"""The learning rate and the optimiser."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from bertolt.training.optimisation import WEIGHT_DECAY, make_optimiser, rate, step_seed


def test_the_rate_by_hand() -> None:
    # 20 steps: 2 of warm-up to the peak, then down by an eighteenth a step.
    found = [rate(step, 20, 0.9) for step in range(20)]
    assert found[:3] == pytest.approx([0.45, 0.9, 0.9])
    assert found[3:] == pytest.approx([0.9 * (20 - step) / 18 for step in range(3, 20)])
    assert found[-1] == pytest.approx(0.05)
    assert rate(20, 20, 0.9) == 0


@pytest.mark.parametrize(("total", "rates"), [(1, [1.0]), (2, [1.0, 1.0]), (3, [1.0, 1.0, 0.5])])
def test_the_rate_of_short_runs(total: int, rates: list[float]) -> None:
    assert [rate(step, total, 1.0) for step in range(total)] == rates


def test_biases_and_norms_are_not_decayed() -> None:
    network = nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3), nn.Linear(3, 1, bias=False))
    frozen = network[2].weight.requires_grad_(False)
    decay = {
        id(parameter): group["weight_decay"]
        for group in make_optimiser(network, 1e-3).param_groups
        for parameter in group["params"]
    }
    assert id(frozen) not in decay
    assert decay == {
        id(network[0].weight): WEIGHT_DECAY,
        id(network[0].bias): 0,
        id(network[1].weight): 0,
        id(network[1].bias): 0,
    }


def test_one_update_by_hand() -> None:
    layer = nn.Linear(1, 1)
    with torch.no_grad():
        layer.weight.fill_(2.0)
        layer.bias.fill_(1.0)
    optimiser = make_optimiser(layer, 0.1)
    (layer(torch.tensor([[3.0]])) ** 2).sum().backward()
    optimiser.step()
    # AdamW's first step moves every weight by the rate against the gradient's sign, after its decay.
    assert layer.weight.item() == pytest.approx(2.0 * (1 - 0.1 * WEIGHT_DECAY) - 0.1, abs=1e-6)
    assert layer.bias.item() == pytest.approx(0.9, abs=1e-6)


def test_seeds_of_steps_differ_and_fit() -> None:
    found = {step_seed(seed, step) for seed in range(20) for step in range(500)}
    assert len(found) == 20 * 500
    assert 0 <= step_seed(2**31 - 1, 10**9) < 2**63
