"""Going on from a fine-tuned folder: rows of its last layer are kept by their label's name.

transformers would take a layer of equal shape as it is, row by row, whatever the rows mean.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from bertolt.models.backbone import Backbone
from bertolt.models.weights import open_weights


def kept_labels(backbone: Backbone, labels: Sequence[str]) -> tuple[str, ...]:
    """The labels that the backbone's own head knows by the same name; none for a backbone without one."""
    known = _known(backbone)
    return tuple(label for label in labels if label in known)


def keep_rows_by_name(network: nn.Module, layer_name: str, backbone: Backbone, labels: Sequence[str]) -> None:
    """Sets the rows of a network's last layer: the backbone's where the label's name is the same, else new.

    New rows are drawn as transformers draws a new head's, from torch's generator: seed it first. Nothing is
    done for a backbone without such a layer, whose head is new already.

    Args:
        network: with ``labels`` as outputs.
        layer_name: of its last linear layer.
        backbone: what it was loaded from.
        labels: in the network's order.
    """
    old = _old_layer(backbone, layer_name)
    if old is None or not labels:
        return
    layer = network.get_submodule(layer_name)
    if not isinstance(layer, nn.Linear):
        return
    known = _known(backbone)
    weight, bias = old
    with torch.no_grad():
        layer.weight.normal_(0.0, getattr(backbone.config, "initializer_range", 0.02))
        if layer.bias is not None:
            layer.bias.zero_()
        for index, label in enumerate(labels):
            if label in known and known[label] < len(weight):
                layer.weight[index] = weight[known[label]]
                if bias is not None:
                    layer.bias[index] = bias[known[label]]


def _known(backbone: Backbone) -> dict[str, int]:
    names = {str(name): int(index) for index, name in backbone.config.id2label.items()}
    # transformers names labels that nobody named LABEL_0, LABEL_1: those are no names.
    return {} if any(name == f"LABEL_{index}" for name, index in names.items()) else names


def _old_layer(backbone: Backbone, layer_name: str) -> tuple[Tensor, Tensor | None] | None:
    stored = open_weights(backbone.folder)
    names = (f"{layer_name}.weight", f"{layer_name}.bias")
    for weights in (stored, stored.without_prefix()[0]):
        if names[0] in weights.places:
            return weights.tensor(names[0]), weights.tensor(names[1]) if names[1] in weights.places else None
    return None
