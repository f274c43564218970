"""The forward pass of encoders over rows that stand end to end, without padding.

All tokens of a batch are one matrix, so that linear layers waste nothing on padding; attention runs over
groups of rows of equal length, without a mask. Weights are laid out for the processor once. Where only the
first token's state is read, the last layer computes that alone. The numbers are the module's, but for
rounding.

Axes: N tokens of a batch, B rows, H the hidden size, A heads, D their size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from bertolt.models.fast_linear import PackedLinear, onednn_wins
from bertolt.models.layer_parts import (
    LayerParts,
    is_gelu,
    is_known,
    layers_of,
    padding_offset,
    parts_of,
    position_bias,
)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows end to end, those of a length side by side.

    Args:
        ids: token ids, shape (N,).
        types: token types, shape (N,), or None where all are 0.
        lengths: of each row.
        positions: the tokens at which outputs are wanted, shape (M,); None: the head's usual ones.
    """

    ids: Tensor
    types: Tensor | None
    lengths: tuple[int, ...]
    positions: Tensor | None = None

    @property
    def firsts(self) -> NDArray[np.int64]:
        """Where each row begins, shape (B,)."""
        return np.cumsum([0, *self.lengths[:-1]], dtype=np.int64)

    def groups(self) -> list[tuple[int, int]]:
        """Rows of one length that stand side by side: how many, how long."""
        return [(len(list(each)), length) for length, each in groupby(self.lengths)]


class PackedEncoder:
    """An encoder of a family whose support is ``fast``, its weights laid out once.

    Args:
        encoder: transformers' module, in float32 on the processor. ``lay_out`` must run before ``states``,
            and again where the weights may have changed.
    """

    def __init__(self, encoder: Any) -> None:
        self._encoder = encoder
        self._parameters: list[nn.Parameter] = []
        self._modules: list[nn.Module] = []
        self._stamp: list[tuple[int, int]] = []
        self._layers: list[_Layer] = []
        self._pad = padding_offset(encoder.config)
        self._bias: Tensor | None = None  # of the longest row that was read, shape (A, T, T)

    def lay_out(self) -> None:
        """Packs the weights, unless those that are packed are the encoder's still."""
        modules = list(layers_of(self._encoder))
        if modules != self._modules:  # to find all parameters takes longer than to look at those known
            self._parameters = list(self._encoder.parameters())
            self._modules = modules
        stamp = [(each.data_ptr(), each._version) for each in self._parameters]
        # A fused optimiser changes weights without counting that as a version.
        if stamp != self._stamp or any(each.requires_grad for each in self._parameters):
            family = self._encoder.config.model_type
            self._layers = [_Layer(parts_of(each, family)) for each in modules]
            self._bias = None
            self._stamp = stamp

    def states(self, rows: Rows, *, first_only: bool) -> Tensor:
        """The last layer's states.

        Args:
            rows: what is read.
            first_only: whether only each row's first token is wanted.

        Returns:
            Shape (N, H), or (B, H) with ``first_only``.
        """
        x = _rounded(self._embed(rows))
        groups = rows.groups()
        bias = self._bias_up_to(max(rows.lengths))
        for layer in self._layers[:-1]:
            x = layer.run(x, groups, bias)
        if first_only:
            firsts = torch.from_numpy(rows.firsts)
            return self._layers[-1].run_first(x, groups, bias, firsts)[: len(firsts)]
        return self._layers[-1].run(x, groups, bias)[: len(rows.ids)]

    def _bias_up_to(self, length: int) -> Tensor | None:
        """The bias of rows of up to so many tokens: that of a shorter row is its upper left corner."""
        if self._bias is None or self._bias.shape[-1] < length:
            self._bias = position_bias(self._encoder, length)
        return self._bias

    def _embed(self, rows: Rows) -> Tensor:
        parts = self._encoder.embeddings
        own = np.split(rows.ids.numpy(), rows.firsts[1:])
        places = np.concatenate([self._places(ids) for ids in own])
        x = functional.embedding(rows.ids, parts.word_embeddings.weight)
        x += functional.embedding(torch.from_numpy(places), parts.position_embeddings.weight)
        if hasattr(parts, "token_type_embeddings"):
            kinds = parts.token_type_embeddings.weight
            x += kinds[0] if rows.types is None else functional.embedding(rows.types, kinds)
        x = _normed(parts.LayerNorm, x)
        project = getattr(self._encoder, "embeddings_project", None)  # ELECTRA's embeddings may be narrower
        return x if project is None else project(x)

    def _places(self, ids: NDArray[np.int32]) -> NDArray[np.int64]:
        """The position of each token of a row. A padding token that a text holds is not counted."""
        if self._pad is None:
            return np.arange(len(ids))
        real = ids != self._pad
        return np.asarray(np.cumsum(real) * real + self._pad)


class _Layer:
    """One encoder layer."""

    def __init__(self, parts: LayerParts) -> None:
        self._heads = parts.heads
        self._own = parts
        self._out, self._out_norm = PackedLinear.of(parts.mix), parts.mix_norm
        self._up = PackedLinear.of(parts.up)
        self._down, self._down_norm = PackedLinear.of(parts.down), parts.down_norm

    @cached_property
    def _all(self) -> PackedLinear:
        return PackedLinear.of(self._own.query, self._own.key, self._own.value)

    @cached_property
    def _query(self) -> PackedLinear:
        return PackedLinear.of(self._own.query)

    @cached_property
    def _key_value(self) -> PackedLinear:
        return PackedLinear.of(self._own.key, self._own.value)

    def run(self, x: Tensor, groups: Sequence[tuple[int, int]], bias: Tensor | None) -> Tensor:
        """States of shape (N, H) to the next ones."""
        query, key, value = self._all(x).chunk(3, dim=1)
        mixed = self._attend((query, key, value), [(*group, group[1]) for group in groups], bias)
        return self._after(mixed, x)

    def run_first(
        self, x: Tensor, groups: Sequence[tuple[int, int]], bias: Tensor | None, firsts: Tensor
    ) -> Tensor:
        """States of shape (N, H) to the next ones of each row's first token, (B, H), and rounded up."""
        key, value = self._key_value(x).chunk(2, dim=1)
        x = _rounded(x.index_select(0, firsts))
        mixed = self._attend((self._query(x), key, value), [(*group, 1) for group in groups], bias)
        return self._after(mixed, x)

    def _attend(
        self,
        inputs: tuple[Tensor, Tensor, Tensor],
        groups: Sequence[tuple[int, int, int]],
        bias: Tensor | None,
    ) -> Tensor:
        """Attention within each row.

        Args:
            inputs: query, key and value.
            groups: rows, tokens of a row, and how many of its first tokens ask.
            bias: of the longest row or of a longer one, shape (A, T, T), or None.
        """
        query, key, value = inputs
        found = torch.empty(query.shape)
        asked = read = 0
        for count, length, asking in groups:
            q = self._split(query[asked : asked + count * asking], count)
            k, v = (self._split(each[read : read + count * length], count) for each in (key, value))
            own = None if bias is None else bias[:, :asking, :length].expand(count, -1, -1, -1)
            mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=own)
            found[asked : asked + count * asking].view(count, asking, self._heads, -1).copy_(
                mixed.transpose(1, 2)
            )
            asked, read = asked + count * asking, read + count * length
        found[asked:] = 0.0
        return found

    def _split(self, x: Tensor, count: int) -> Tensor:
        """(rows * tokens, H) to (rows, A, tokens, D)."""
        heads = x.reshape(count, len(x) // count, self._heads, x.shape[1] // self._heads)
        return heads.transpose(1, 2)

    def _after(self, mixed: Tensor, x: Tensor) -> Tensor:
        x = _normed(self._out_norm, self._out.plus(mixed, x))
        return _normed(self._down_norm, self._down.plus(self._up.gelu(x), x))


def _rounded(x: Tensor) -> Tensor:
    """(N, H) with rows of zeros to a round number of them, where oneDNN multiplies.

    It writes code for each number of rows that it has not met, which takes as long as a quarter of the
    product, and keeps the code of a thousand of them: of round numbers there are few.
    """
    step = 8 if len(x) < 128 else 32
    missing = -len(x) % step
    return functional.pad(x, (0, 0, 0, missing)) if missing and onednn_wins() else x


def _normed(norm: Any, x: Tensor) -> Tensor:
    return functional.layer_norm(x, norm.normalized_shape, norm.weight, norm.bias, norm.eps)


def packed_encoder(network: nn.Module) -> PackedEncoder | None:
    """The packed forward pass of a network's encoder; None where its family has another shape."""
    if is_known(network) and is_gelu(network.config):
        return PackedEncoder(network.base_model)
    return None
