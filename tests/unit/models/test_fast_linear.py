"""oneDNN's linear layers give the numbers of torch's own, forwards and backwards."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from bertolt.models import fast_linear
from bertolt.models.fast_linear import OneDnnLinear, use_fast_linear, use_plain_linear


@pytest.fixture
def layers() -> tuple[nn.Linear, nn.Linear]:
    torch.manual_seed(0)
    plain = nn.Linear(64, 96)
    fast = copy.deepcopy(plain)
    fast.__class__ = OneDnnLinear
    return plain, fast


@pytest.mark.parametrize("shape", [(64,), (5, 64), (3, 7, 64)])
def test_output_and_all_gradients_are_torchs(
    layers: tuple[nn.Linear, nn.Linear], shape: tuple[int, ...]
) -> None:
    found = []
    for layer in layers:
        torch.manual_seed(1)
        rows = torch.randn(shape, requires_grad=True)
        output = layer(rows)
        (output * torch.randn(output.shape)).sum().backward()
        found.append((output.detach(), rows.grad, layer.weight.grad, layer.bias.grad))
    for plain, fast in zip(*found, strict=True):
        torch.testing.assert_close(fast, plain, rtol=1e-5, atol=1e-5)


def test_under_autocast_it_is_torchs_layer_in_bfloat16(layers: tuple[nn.Linear, nn.Linear]) -> None:
    rows = torch.randn(5, 64)
    with torch.autocast("cpu", torch.bfloat16):
        plain, fast = (layer(rows) for layer in layers)
    assert fast.dtype == torch.bfloat16
    assert torch.equal(fast, plain)


def test_a_layer_without_bias_and_a_frozen_weight(layers: tuple[nn.Linear, nn.Linear]) -> None:
    layer = nn.Linear(64, 64, bias=False)
    layer.__class__ = OneDnnLinear
    layer.weight.requires_grad_(False)
    rows = torch.ones(2, 64, requires_grad=True)
    layer(rows).sum().backward()
    torch.testing.assert_close(rows.grad, layer.weight.sum(0).expand(2, 64))
    assert layer.weight.grad is None


def test_only_large_layers_are_exchanged_and_back_again(monkeypatch: pytest.MonkeyPatch) -> None:
    network = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    monkeypatch.setattr(fast_linear, "onednn_wins", lambda: True)
    use_fast_linear(network)
    assert [type(module).__name__ for module in network] == ["OneDnnLinear", "ReLU", "Linear"]
    use_plain_linear(network)
    assert [type(module).__name__ for module in network] == ["Linear", "ReLU", "Linear"]
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_nothing_is_exchanged_where_it_does_not_win(monkeypatch: pytest.MonkeyPatch) -> None:
    network = nn.Sequential(nn.Linear(64, 64))
    monkeypatch.setattr(fast_linear, "onednn_wins", lambda: False)
    assert type(use_fast_linear(network)[0]) is nn.Linear
