"""Attention with a bias on its scores that is learnt: torch's fast kernel forwards, and backwards in pieces.

On a processor torch leaves its fast kernel for attention as soon as the bias needs a gradient, and then
keeps the scores of all heads and layers until the backward pass. Of short texts these are few, and the plain
formula is the quickest. Of long ones the forward pass takes the fast kernel and keeps no scores; the backward
pass makes them again, for a few rows at a time, so that they stay in the processor's caches. The numbers are
those of the plain formula, but for rounding.

Axes: B rows, A heads, S tokens that ask, T tokens that are read, D the size of a head.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

#: Scores of a batch that are kept until the backward pass: 16 MB for each layer.
_KEPT_SCORES = 2**22
#: Scores that the backward pass makes again at a time: 4 MB.
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
        if len(query) * bias.numel() <= _KEPT_SCORES:
            scores = torch.matmul(query, key.transpose(2, 3)).mul_(query.shape[-1] ** -0.5)
            return torch.matmul(torch.softmax(scores.add_(_added(bias, mask)), dim=-1), value)
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
        query, key, value = query.contiguous(), key.contiguous(), value.contiguous()
        ctx.save_for_backward(query, key, value, bias, mask)
        added = _added(bias.detach(), mask).expand(len(query), -1, -1, -1)
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=added, dropout_p=0.0)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, None]:
        query, key, value, bias, mask = ctx.saved_tensors
        gradient = gradient.contiguous()
        found = [_side_by_side(each) for each in (query, key, value)]
        for_bias = torch.zeros_like(bias)
        count = max(1, _SCORES // bias.numel())
        for start in range(0, len(query), count):
            rows = slice(start, start + count)
            added = _added(bias, None if mask is None else mask[rows])
            parts = _backward(query[rows], key[rows], value[rows], added, gradient[rows])
            for whole, part in zip(found, parts[:3], strict=True):
                whole[rows].copy_(part.view_as(whole[rows]))
            for_bias += parts[3]
        return found[0], found[1], found[2], for_bias, None


def _side_by_side(x: Tensor) -> Tensor:
    """Room for a gradient of shape (B, A, T, D), laid out as (B, T, A, D), as the linear layers have it."""
    return x.new_empty(len(x), x.shape[2], x.shape[1], x.shape[3]).transpose(1, 2)


def _backward(
    query: Tensor, key: Tensor, value: Tensor, added: Tensor, gradient: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The gradients of query, key and value, shape (B * A, …, D), and of the bias, summed over the rows."""
    scale = query.shape[-1] ** -0.5
    shape = (*query.shape[:3], key.shape[2])
    query, key, value, gradient = (each.flatten(0, 1) for each in (query, key, value, gradient))
    scores = torch.bmm(query, key.transpose(1, 2)).view(shape)
    weights = torch.softmax(torch.add(added, scores, alpha=scale), dim=-1).flatten(0, 1)
    for_value = torch.bmm(weights.transpose(1, 2), gradient)
    for_weights = torch.bmm(gradient, value.transpose(1, 2))
    for_scores = torch.ops.aten._softmax_backward_data(for_weights, weights, -1, weights.dtype)
    for_bias = for_scores.view(shape).sum(0)
    for_scores.mul_(scale)
    for_query = torch.bmm(for_scores, key)
    for_key = torch.bmm(for_scores.transpose(1, 2), query)
    return for_query, for_key, for_value, for_bias
