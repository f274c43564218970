"""The forward pass of BERT-shaped encoders where only the first token's state is read, with gradient.

A classifier reads the first token of the last layer. What that layer would compute at the other tokens, all
but their keys and values, is read by nobody and has no gradient: it is left out, which saves a seventh of a
network of six layers, in training as in prediction. The numbers are transformers' own, but for rounding and
for the masks of dropout.

Axes: B rows, T tokens of the longest, H the hidden size, A heads, D their size.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional

#: Families whose layers have BERT's parts and names.
FAMILIES = ("bert", "roberta", "xlm-roberta", "camembert")


def bert_shaped(network: nn.Module) -> bool:
    """Whether the network's encoder has BERT's parts and names, and knows positions by their number alone."""
    config: Any = getattr(network, "config", None)
    return (
        getattr(network, "base_model", None) is not None
        and getattr(config, "model_type", None) in FAMILIES
        and not config.is_decoder
        and getattr(config, "position_embedding_type", "absolute") == "absolute"
    )


def first_states(network: Any, inputs: dict[str, Tensor]) -> Tensor:
    """The last layer's state of each row's first token.

    Args:
        network: ``bert_shaped``, with a head on its encoder.
        inputs: as transformers has them: ``input_ids`` or ``inputs_embeds``, ``attention_mask`` and
            ``token_type_ids`` where there are such.

    Returns:
        Shape (B, 1, H).
    """
    base = network.base_model
    rest = dict(inputs)
    mask = rest.pop("attention_mask", None)
    if mask is not None:
        mask = mask[:, None, None, :].bool()
    states = base.embeddings(**rest)
    *before, last = base.encoder.layer
    for layer in before:
        states = layer(states, mask)
    return _first(last, states, mask)


def _first(layer: Any, states: Tensor, mask: Tensor | None) -> Tensor:
    """One encoder layer, for the first token of each row: (B, T, H) to (B, 1, H)."""
    attention = layer.attention.self
    first = states[:, :1]
    query, key, value = (
        _heads(linear(read), attention.num_attention_heads)
        for linear, read in ((attention.query, first), (attention.key, states), (attention.value, states))
    )
    rate = attention.dropout.p if attention.training else 0.0
    mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=rate)
    attended = layer.attention.output(mixed.transpose(1, 2).flatten(2), first)
    found: Tensor = layer.output(layer.intermediate(attended), attended)
    return found


def _heads(x: Tensor, heads: int) -> Tensor:
    """(B, T, H) to (B, A, T, D)."""
    return x.view(*x.shape[:2], heads, -1).transpose(1, 2)
