"""Linear layers by oneDNN where torch's own matrix product leaves half of the processor idle.

Torch multiplies float32 matrices with MKL, which keeps to 256-bit instructions on processors that are not
Intel's. oneDNN, which torch brings along too, uses 512-bit ones on every processor that has them: about
2.2 times the speed on an AMD EPYC of the Zen 5 generation, for all three products of a layer (its output,
and the gradients of its input and of its weight). The numbers differ from MKL's by rounding only.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

#: Smaller layers are left alone: they cost nothing, and a call has its own price.
MIN_FEATURES = 64
#: Rows of a product that packed weights are laid out for.
PACKED_ROWS = 1024


class OneDnnLinear(nn.Linear):
    """``torch.nn.Linear``, computed by oneDNN. Its parameters and what is saved are the same."""

    def forward(self, input: Tensor) -> Tensor:
        """``input`` of shape (..., in_features) to (..., out_features)."""
        if torch.is_autocast_enabled("cpu"):  # torch casts its own layers, and multiplies bfloat16 by oneDNN
            return super().forward(input)
        output: Tensor = _Product.apply(input, self.weight, self.bias)  # type: ignore[no-untyped-call]
        return output


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(input, weight)
        return multiply(input, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        input, weight = ctx.saved_tensors
        # Of rows that stand apart, such as first tokens, a transposed product takes hundreds of times longer.
        rows, read = (x.reshape(-1, x.shape[-1]).contiguous() for x in (gradient, input))
        for_input = for_weight = for_bias = None
        if ctx.needs_input_grad[0]:
            for_input = multiply(rows, weight.t(), None).view(input.shape)
        if ctx.needs_input_grad[1]:
            for_weight = multiply(rows.t(), read.t(), None)
        if ctx.needs_input_grad[2]:
            for_bias = rows.sum(0)
        return for_input, for_weight, for_bias


def multiply(input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """``input @ weight.T + bias`` by oneDNN; shapes (..., in), (out, in) and (out,) to (..., out)."""
    product: Tensor = torch.ops.mkldnn._linear_pointwise(input, weight, bias, "none", [], "")
    return product


class PackedLinear:
    """Linear layers side by side as one, for prediction: their weights are laid out for the processor once.

    Args:
        weight: shape (out_features, in_features).
        bias: shape (out_features,).
    """

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self._packed = onednn_wins()
        self._weight = (
            torch.ops.mkldnn._reorder_linear_weight(weight, PACKED_ROWS) if self._packed else weight
        )
        self._bias = bias

    @classmethod
    def of(cls, *layers: Any) -> PackedLinear:
        """Of ``torch.nn.Linear`` with equal inputs, whose outputs stand side by side."""
        weights, biases = ([getattr(each, name).detach() for each in layers] for name in ("weight", "bias"))
        if len(layers) == 1:
            return cls(weights[0], biases[0])
        return cls(torch.cat(weights), torch.cat(biases))

    def __call__(self, input: Tensor) -> Tensor:
        """``input`` of shape (N, in_features) to (N, out_features)."""
        if not self._packed:
            return functional.linear(input, self._weight, self._bias)
        output: Tensor = torch.ops.mkldnn._linear_pointwise(input, self._weight, self._bias, "none", [], "")
        return output

    def gelu(self, input: Tensor) -> Tensor:
        """The layer and then GELU (Hendrycks & Gimpel 2016), by the error function."""
        if not self._packed:
            return functional.gelu(functional.linear(input, self._weight, self._bias))
        output: Tensor = torch.ops.mkldnn._linear_pointwise(
            input, self._weight, self._bias, "gelu", [], "none"
        )
        return output

    def plus(self, input: Tensor, other: Tensor) -> Tensor:
        """The layer and then the sum with ``other``, of shape (N, out_features)."""
        if not self._packed:
            return functional.linear(input, self._weight, self._bias).add_(other)
        output: Tensor = torch.ops.mkldnn._linear_pointwise.binary(
            input, other, self._weight, self._bias, "add"
        )
        return output


def use_fast_linear(network: nn.Module) -> nn.Module:
    """Lets oneDNN compute the network's linear layers, where that is faster; in place.

    Returns:
        The same network.
    """
    if onednn_wins():
        for module in network.modules():
            if type(module) is nn.Linear and min(module.in_features, module.out_features) >= MIN_FEATURES:
                module.__class__ = OneDnnLinear
    return network


def use_plain_linear(network: nn.Module) -> nn.Module:
    """Undoes ``use_fast_linear``, for exporters that know torch's own layers only; in place."""
    for module in network.modules():
        if type(module) is OneDnnLinear:
            module.__class__ = nn.Linear  # type: ignore[assignment]
    return network


@cache
def onednn_wins() -> bool:
    """Whether this processor has 512-bit instructions that MKL does not use.

    A rule and not a timing, so that two runs on one machine choose alike and stay equal to the bit.
    """
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    there = hasattr(torch.ops.mkldnn, "_linear_pointwise")
    return there and torch.backends.cpu.get_cpu_capability() == "AVX512" and not _is_intel()


def _is_intel() -> bool:
    try:
        return "GenuineIntel" in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True  # unknown: keep torch's own
