"""Attention with a bias on its scores that is learnt: torch's fast kernel forwards, and backwards in pieces.

On a processor torch leaves its fast kernel for attention as soon as the bias needs a gradient, and then
keeps the scores of all heads and layers until the backward pass. Here the forward pass takes the fast kernel
and keeps no scores; the backward pass makes them again, for a few rows at a time, so that they stay in the
processor's caches. The numbers are those of the plain formula, but for rounding.

Axes: B rows, A heads, S tokens that ask, T tokens that are read, D the size of a head.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

#: Scores that the backward pass makes at a time: 4 MB.
_SCORES = 2**20


def attend(
    query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, mask: Tensor | None, dropout: float
) -> Tensor:
    """Softmax attention within each row.

    Args:
        query: shape (B, A, S, D).
        key, value: shape (B, A, T, D).
        bias: shape (A, S, T), added to the scores, or None.
        mask: shape (B, 1, 1, T), true where a token may be read, or None where all may.
        dropout: rate at which weights are dropped.

    Returns:
        Shape (B, A, S, D).
    """
    if bias is None:
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropout)
    if dropout == 0.0 and query.device.type == "cpu" and torch.is_grad_enabled() and bias.requires_grad:
        found: Tensor = _Attention.apply(query, key, value, bias, mask)  # type: ignore[no-untyped-call]
        return found
    return functional.scaled_dot_product_attention(
        query, key, value, attn_mask=_added(bias, mask).to(query.dtype), dropout_p=dropout
    )


def _added(bias: Tensor, mask: Tensor | None) -> Tensor:
    """What is added to the scores: (1, A, S, T), or (B, A, S, T) with a mask."""
    return bias[None] if mask is None else bias[None].masked_fill(~mask, float("-inf"))


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, bias: Tensor, mask: Tensor | None
    ) -> Tensor:
        ctx.save_for_backward(query, key, value, bias, mask)
        added = _added(bias.detach(), mask).expand(len(query), -1, -1, -1)
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=added, dropout_p=0.0)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, None]:
        query, key, value, bias, mask = ctx.saved_tensors
        found = [_side_by_side(each) for each in (query, key, value)]
        for_bias = torch.zeros_like(bias, memory_format=torch.contiguous_format)
        count = max(1, _SCORES // bias.numel())
        for start in range(0, len(query), count):
            rows = slice(start, start + count)
            added = _added(bias, None if mask is None else mask[rows])
            parts = _backward(query[rows], key[rows], value[rows], added, gradient[rows])
            for whole, part in zip(found, parts, strict=False):
                whole[rows].copy_(part)
            for_bias += parts[3]
        return found[0], found[1], found[2], for_bias, None


def _side_by_side(x: Tensor) -> Tensor:
    """Room for a gradient of shape (B, A, T, D) in which a token's heads stand side by side, as in ``x``."""
    return torch.empty_like(x.transpose(1, 2), memory_format=torch.contiguous_format).transpose(1, 2)


def _backward(
    query: Tensor, key: Tensor, value: Tensor, added: Tensor, gradient: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The gradients of query, key and value, and that of the bias, summed over the rows."""
    scale = query.shape[-1] ** -0.5
    weights = torch.softmax(torch.matmul(query * scale, key.transpose(2, 3)).add_(added), dim=-1)
    for_value = torch.matmul(weights.transpose(2, 3), gradient)
    for_weights = torch.matmul(gradient, value.transpose(2, 3))
    # The derivative of softmax: each weight times how far its gradient is from their weighted mean.
    for_scores = for_weights.mul_(weights).sub_(weights * for_weights.sum(-1, keepdim=True))
    for_query = torch.matmul(for_scores, key).mul_(scale)
    for_key = torch.matmul(for_scores.transpose(2, 3), query).mul_(scale)
    return for_query, for_key, for_value, for_scores.sum(0)
