"""The optimiser and its learning rate."""

from __future__ import annotations

import re

import torch
from torch import nn

#: Share of the steps in which the learning rate rises to its peak.
WARM_UP = 0.1
WEIGHT_DECAY = 0.01
#: Gradients are scaled down to this norm (Devlin et al. 2019 train with it).
MAX_NORM = 1.0


def make_optimiser(network: nn.Module, learning_rate: float, layer_decay: float = 1.0) -> torch.optim.AdamW:
    """AdamW (Loshchilov & Hutter 2019), fused; biases and norms are not decayed, as BERT was trained.

    Args:
        network: its parameters that require a gradient are trained.
        learning_rate: the peak.
        layer_decay: factor of the learning rate from each layer to the one below it (Sun et al. 2019,
            §5.3.4); embeddings count as the layer below the first. Each group's ``scale`` is what its
            rate is multiplied by.
    """
    groups: dict[tuple[bool, int], list[nn.Parameter]] = {}
    depths = [depth(name) for name, _ in network.named_parameters()]
    top = max(depths) + 1
    for (name, parameter), own in zip(network.named_parameters(), depths, strict=True):
        if parameter.requires_grad:
            # What belongs to no layer of the encoder, such as the head, is trained at the full rate.
            below = 0 if own < 0 and not is_embedding(name) else top - 1 - own
            groups.setdefault((parameter.ndim > 1, below if layer_decay != 1.0 else 0), []).append(parameter)
    return torch.optim.AdamW(
        [
            {
                "params": parameters,
                "weight_decay": WEIGHT_DECAY if decayed else 0.0,
                "scale": layer_decay**below,
            }
            for (decayed, below), parameters in groups.items()
        ],
        lr=learning_rate,
        fused=True,
    )


def depth(name: str) -> int:
    """The encoder layer of a parameter, from 0; -1 for what belongs to none."""
    found = _LAYER.search(name)
    return int(found.group(1)) if found else -1


def is_embedding(name: str) -> bool:
    """Whether a parameter is one of the input embeddings, or of their norm."""
    return "embeddings." in name


#: ``encoder.layer.3.``, ``transformer.layer.3.``, ``layers.3.``: BERT, DistilBERT, ModernBERT.
_LAYER = re.compile(r"\blayers?\.(\d+)\.")


def rate(step: int, total: int, peak: float) -> float:
    """The learning rate of a step: linear from 0 to ``peak`` over the warm-up, then linear to 0.

    Args:
        step: from 0.
        total: steps of the run.
        peak: the greatest rate.
    """
    warm_up = max(1, round(total * WARM_UP))
    if step < warm_up:
        return peak * (step + 1) / warm_up
    return peak * max(0.0, (total - step) / max(1, total - warm_up))


def step_seed(seed: int, step: int) -> int:
    """The seed of a step's dropout: a function of the run's seed and the step's number, and no state."""
    return (seed * 1_000_003 + step * 7_919 + 1) % (2**63)
