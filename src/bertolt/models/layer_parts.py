"""The parts of an encoder's layers, whatever its family calls them.

All layers here do the same (Devlin et al. 2019, §3; Vaswani et al. 2017, §3): attention over the row, a
linear layer, a sum with the input and a norm; then two linear layers with an activation between, a sum and a
norm. MPNet adds a bias to the scores of attention that depends on the distance of two tokens, the same in
every layer (Song et al. 2020, "MPNet", §3.1; Raffel et al. 2020, "T5", §2.1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from bertolt.models.families import family_of


@dataclass(frozen=True, slots=True)
class LayerParts:
    """The modules of one layer, in the order in which they run.

    Args:
        heads: of attention.
        query, key, value: linear layers of the states.
        attention_dropout: of the weights of attention.
        mix, mix_dropout, mix_norm: what is made of attention's output.
        up, activation, down, down_dropout, down_norm: the second half.
    """

    heads: int
    query: nn.Linear
    key: nn.Linear
    value: nn.Linear
    attention_dropout: nn.Dropout
    mix: nn.Linear
    mix_dropout: nn.Module
    mix_norm: nn.LayerNorm
    up: nn.Linear
    activation: Callable[[Tensor], Tensor]
    down: nn.Linear
    down_dropout: nn.Module
    down_norm: nn.LayerNorm

    def after_attention(self, mixed: Tensor, states: Tensor) -> Tensor:
        """The rest of the layer.

        Args:
            mixed: attention's output, shape (…, H).
            states: the layer's input at the same tokens.
        """
        middle = self.mix_norm(self.mix_dropout(self.mix(mixed)) + states)
        raised = self.activation(self.up(middle))
        found: Tensor = self.down_norm(self.down_dropout(self.down(raised)) + middle)
        return found


def is_known(network: nn.Module) -> bool:
    """Whether a network's encoder is of a family whose layers are known, and knows positions as it does."""
    config: Any = getattr(network, "config", None)
    return (
        getattr(network, "base_model", None) is not None
        and family_of(config).support == "fast"
        and not getattr(config, "is_decoder", False)
        and getattr(config, "position_embedding_type", "absolute") == "absolute"
    )


def layers_of(encoder: Any) -> nn.ModuleList:
    """The layers of an encoder, the one that reads the embeddings first."""
    stack = encoder.transformer if encoder.config.model_type == "distilbert" else encoder.encoder
    layers: nn.ModuleList = stack.layer
    return layers


def parts_of(layer: Any, family: str) -> LayerParts:
    """The parts of one layer.

    Args:
        layer: one of ``layers_of``.
        family: the model type, of a family whose support is ``fast``.
    """
    if family == "distilbert":
        own, ffn = layer.attention, layer.ffn
        return LayerParts(
            own.n_heads, own.q_lin, own.k_lin, own.v_lin, own.dropout,
            own.out_lin, nn.Identity(), layer.sa_layer_norm,
            ffn.lin1, ffn.activation, ffn.lin2, ffn.dropout, layer.output_layer_norm,
        )  # fmt: skip
    attention, output = layer.attention, layer.output
    second = (
        layer.intermediate.dense, layer.intermediate.intermediate_act_fn,
        output.dense, output.dropout, output.LayerNorm,
    )  # fmt: skip
    if family == "mpnet":
        own = attention.attn
        return LayerParts(
            own.num_attention_heads, own.q, own.k, own.v, own.dropout,
            own.o, attention.dropout, attention.LayerNorm, *second,
        )  # fmt: skip
    own, mixed = attention.self, attention.output
    return LayerParts(
        own.num_attention_heads, own.query, own.key, own.value, own.dropout,
        mixed.dense, mixed.dropout, mixed.LayerNorm, *second,
    )  # fmt: skip


def is_gelu(config: Any) -> bool:
    """Whether the activation is GELU by the error function."""
    return bool(getattr(config, "hidden_act", getattr(config, "activation", None)) == "gelu")


def padding_offset(config: Any) -> int | None:
    """The padding id from which positions are counted on, or None where they are counted from 0."""
    return int(config.pad_token_id) if family_of(config).positions_after_padding else None


def position_bias(encoder: Any, length: int) -> Tensor | None:
    """What is added to the scores of attention for the distance of two tokens.

    Args:
        encoder: of a family whose support is ``fast``.
        length: tokens of a row, T.

    Returns:
        Shape (A, T, T), A the heads, with gradient; None for families without such a bias.
    """
    if encoder.config.model_type != "mpnet":
        return None
    stack, table = encoder.encoder, encoder.encoder.relative_attention_bias.weight
    places = torch.arange(length, device=table.device)
    buckets = stack.relative_position_bucket(places[None, :] - places[:, None])
    return functional.embedding(buckets, table).permute(2, 0, 1).contiguous()
