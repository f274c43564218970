"""A head that reads the mean over a text's tokens, in a network that transformers' Auto class still loads.

The first token's vector is worth little before it has been trained on many labels; the mean over the tokens
of a middle layer is worth much from the beginning. A classifier of BERT's family reads the first token. But
mean pooling *is* attention, with queries of zero: every token is weighed alike. So the layers above the one
that is read are cut off, and in their place stands one more of the family's own layers, whose attention hands
every token's vector on as it is. The folder stays a plain one, with another number of layers.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from bertolt.models.heads import Head, Inputs, last_linear

#: Families whose layers have BERT's parts, and the linear layer by which their head reads the first token.
_FIRST_READER = {
    "bert": "bert.pooler.dense",
    "roberta": "classifier.dense",
    "xlm-roberta": "classifier.dense",
    "camembert": "classifier.dense",
}
#: How much louder the mean is than the first token's own vector, which the residual connection adds.
LOUDNESS = 1000.0
#: Makes the tanh behind the reader nearly linear: of a normalised vector, few numbers are beyond 3.
SOFTNESS = 0.25


def can_read_mean(network: Any) -> bool:
    """Whether the network's family is one that ``read_mean`` knows."""
    return network.config.model_type in _FIRST_READER


def read_mean(network: Any, layer: int, centre: Tensor) -> None:
    """Lets the head read the mean over the tokens of a layer, less a centre, normalised; in place.

    Afterwards the input of the last linear layer is ``tanh(0.25 * norm(mean - centre))``, to 1%, until
    training changes it. The head itself is left as it is. Most of a mean is the same for all texts: were it
    not taken away first, dropout would drown what is left.

    Args:
        network: of ``AutoModelForSequenceClassification``, of a family that ``can_read_mean`` knows.
        layer: whose output is read, from 1.
        centre: what texts have in common, shape (H,): the mean of the layer over some of them.
    """
    encoder = network.base_model.encoder
    if not 1 <= layer <= len(encoder.layer):
        raise ValueError(f"layer {layer} of {len(encoder.layer)}")
    pooling = copy.deepcopy(encoder.layer[min(layer, len(encoder.layer) - 1)])
    attention, mixed = pooling.attention.self, pooling.attention.output
    with torch.no_grad():
        # Keys stay as they were: so the queries, and with them the weights of the tokens, can be learnt.
        _set(attention.query, 0.0)
        _set(attention.value, 1.0)
        attention.value.bias.copy_(-centre)
        _set(mixed.dense, LOUDNESS)
        _set(pooling.output.dense, 0.0)
        for norm in (mixed.LayerNorm, pooling.output.LayerNorm):
            norm.weight.fill_(1.0)
            norm.bias.zero_()
        _set(network.get_submodule(_FIRST_READER[network.config.model_type]), SOFTNESS)
    encoder.layer = nn.ModuleList([*encoder.layer[:layer], pooling])
    network.config.num_hidden_layers = layer + 1


def _set(linear: nn.Linear, diagonal: float) -> None:
    """Makes a layer a multiple of the identity."""
    linear.weight.zero_()
    linear.weight.fill_diagonal_(diagonal)
    linear.bias.zero_()


def head_input(network: nn.Module, head: Head, inputs: Inputs) -> Tensor:
    """What the last linear layer reads of a batch, with gradient; shape (B, H)."""
    caught: list[Tensor] = []
    hook = last_linear(network).register_forward_pre_hook(lambda _, given: caught.append(given[0]))
    try:
        head.forward(network, inputs)
    finally:
        hook.remove()
    return caught[0]


def layer_means(network: Any, inputs: Inputs) -> Tensor:
    """The mean over each text's tokens, of the embeddings and of each layer.

    Returns:
        Shape (layers + 1, B, H).
    """
    states = network.base_model(**inputs, output_hidden_states=True).hidden_states
    mask = inputs.get("attention_mask")
    if mask is None:
        return torch.stack([state.mean(1) for state in states])
    weights = (mask / mask.sum(1, keepdim=True))[:, :, None]
    return torch.stack([(state * weights).sum(1) for state in states])
