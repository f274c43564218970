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

from bertolt.models.biased_attention import attend
from bertolt.models.layer_parts import LayerParts, is_known, layers_of, parts_of, position_bias


def reads_first(network: nn.Module) -> bool:
    """Whether ``first_states`` gives what the network's own classifier reads."""
    if not is_known(network):
        return False
    config: Any = network.config
    return bool(config.model_type == "mpnet" or config._attn_implementation == "sdpa")


def first_states(network: Any, inputs: dict[str, Tensor]) -> Tensor:
    """The last layer's state of each row's first token.

    Args:
        network: one that ``reads_first``, with a head on its encoder.
        inputs: as transformers has them: ``input_ids`` or ``inputs_embeds``, ``attention_mask`` and
            ``token_type_ids`` where there are such.

    Returns:
        Shape (B, 1, H).
    """
    base, family = network.base_model, network.config.model_type
    rest = dict(inputs)
    mask = rest.pop("attention_mask", None)
    if mask is not None:
        mask = mask[:, None, None, :].bool()
    states = _embedded(base, rest)
    *before, last = layers_of(base)
    bias = position_bias(base, states.shape[1])
    for layer in before:
        if bias is None:
            states = layer(states, mask)
        else:
            states = _layer(parts_of(layer, family), states, states, bias, mask)
    first = None if bias is None else bias[:, :1]
    return _layer(parts_of(last, family), states[:, :1], states, first, mask)


def _embedded(base: Any, inputs: dict[str, Tensor]) -> Tensor:
    if base.config.model_type == "distilbert":  # it names its parameter without a default
        inputs = {"input_ids": None, **inputs}  # type: ignore[dict-item]
    states: Tensor = base.embeddings(**inputs)
    project = getattr(base, "embeddings_project", None)  # ELECTRA's embeddings may be narrower
    return states if project is None else project(states)


def _layer(
    parts: LayerParts, asking: Tensor, states: Tensor, bias: Tensor | None, mask: Tensor | None
) -> Tensor:
    """One encoder layer for the tokens that ask, (B, S, H), of rows (B, T, H); as many of them: (B, S, H)."""
    query, key, value = (
        linear(read).view(*read.shape[:2], parts.heads, -1).transpose(1, 2)
        for linear, read in ((parts.query, asking), (parts.key, states), (parts.value, states))
    )
    rate = parts.attention_dropout.p if parts.attention_dropout.training else 0.0
    mixed = attend(query, key, value, bias, mask, rate)
    return parts.after_attention(mixed.transpose(1, 2).flatten(2), asking)
