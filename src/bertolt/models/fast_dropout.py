"""Dropout on the processor, with its masks drawn sixteen bits an element.

Torch draws each element of a mask by itself, which takes longer than all else that dropout does: a sixteenth
of a training step of a small encoder. Here one draw of 64 bits decides four elements.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

#: Of the 2^16 values that an element's bits have, so many are dropped: a rate is met to 2^-17.
_VALUES = 2**16
_EACH = 4


class FastDropout(nn.Dropout):
    """``torch.nn.Dropout`` (Srivastava et al. 2014), elements drawn from torch's own generator."""

    def forward(self, input: Tensor) -> Tensor:
        """Of any shape; float32 on the processor, else torch's own."""
        dropped = round(self.p * _VALUES)
        plain = input.device.type != "cpu" or input.dtype != torch.float32 or dropped in (0, _VALUES)
        if plain or not self.training:
            return super().forward(input)
        output: Tensor = _Masked.apply(input, dropped)  # type: ignore[no-untyped-call]
        return output


class _Masked(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, input: Tensor, dropped: int) -> Tensor:
        mask = draw_mask(input.shape, dropped)
        ctx.save_for_backward(mask)
        return input * mask

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (mask,) = ctx.saved_tensors
        return gradient * mask, None


def draw_mask(shape: torch.Size, dropped: int) -> Tensor:
    """0 for each element that is dropped, and for the others what keeps the mean.

    Args:
        shape: of what is masked.
        dropped: of 65,536 elements, so many.
    """
    count = shape.numel()
    bits = torch.empty(-(-count // _EACH), dtype=torch.int64).random_(-(2**63), None)
    kept = bits.view(torch.int16)[:count].view(shape) >= dropped - _VALUES // 2
    return kept.to(torch.float32).mul_(_VALUES / (_VALUES - dropped))


def use_fast_dropout(network: nn.Module) -> None:
    """Lets the network's dropout layers draw their masks so; in place."""
    for module in network.modules():
        if type(module) is nn.Dropout:
            module.__class__ = FastDropout
