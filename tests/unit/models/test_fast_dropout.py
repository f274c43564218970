"""Dropout whose masks are drawn sixteen bits an element drops as often as torch's own."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from bertolt.models.fast_dropout import FastDropout, draw_mask, use_fast_dropout


def _dropout(rate: float) -> nn.Dropout:
    layer = nn.Dropout(rate)
    use_fast_dropout(layer)
    assert type(layer) is FastDropout
    return layer


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_elements_are_dropped_at_the_rate_and_the_mean_is_kept(rate: float) -> None:
    torch.manual_seed(0)
    found = _dropout(rate)(torch.ones(1000, 1003))
    share = (found == 0).float().mean().item()
    assert share == pytest.approx(rate, abs=5 * (rate * (1 - rate) / 1_003_000) ** 0.5)
    assert found[found != 0].unique().item() == pytest.approx(1 / (1 - rate), rel=1e-3)
    assert found.mean().item() == pytest.approx(1.0, abs=0.015)


def test_neighbours_are_dropped_independently() -> None:
    """Four elements come from one draw: which of them go is no pattern."""
    torch.manual_seed(0)
    kept = (draw_mask(torch.Size((250_000, 4)), 2**15) != 0).float()
    correlation = torch.corrcoef(kept.T)
    assert (correlation - torch.eye(4)).abs().max() < 0.012
    along = torch.corrcoef(torch.stack([kept[:-1, 0], kept[1:, 0]]))[0, 1]
    assert abs(along.item()) < 0.012


@pytest.mark.parametrize("shape", [(), (1,), (3, 5), (2, 3, 7)])
def test_the_gradient_goes_where_the_input_went(shape: tuple[int, ...]) -> None:
    torch.manual_seed(2)
    rows = torch.full(shape, 2.0, requires_grad=True)
    found = _dropout(0.5)(rows)
    found.sum().backward()
    assert rows.grad is not None
    assert torch.equal(rows.grad * 2.0, found.detach())


def test_a_seed_gives_the_same_mask_and_evaluation_none() -> None:
    layer, rows = _dropout(0.3), torch.randn(50, 50)
    found = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        found.append(layer(rows))
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])
    assert layer.eval()(rows) is rows
    assert _dropout(0.0)(rows) is rows or torch.equal(_dropout(0.0)(rows), rows)
    assert not _dropout(1.0)(rows).any()


def test_other_precisions_are_left_to_torch() -> None:
    found = _dropout(0.5)(torch.ones(1000, dtype=torch.bfloat16))
    assert found.dtype == torch.bfloat16
    assert 300 < int((found == 0).sum()) < 700


def test_a_copy_of_a_network_keeps_it() -> None:
    layer = copy.deepcopy(_dropout(0.3))
    assert type(layer) is FastDropout
    assert layer.p == 0.3
