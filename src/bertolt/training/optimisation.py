"""The optimiser and its learning rate."""

from __future__ import annotations

import torch
from torch import nn

#: Share of the steps in which the learning rate rises to its peak.
WARM_UP = 0.1
WEIGHT_DECAY = 0.01
#: Gradients are scaled down to this norm (Devlin et al. 2019 train with it).
MAX_NORM = 1.0


def make_optimiser(network: nn.Module, learning_rate: float) -> torch.optim.AdamW:
    """AdamW (Loshchilov & Hutter 2019), fused; biases and norms are not decayed, as BERT was trained."""
    decayed: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    for parameter in network.parameters():
        if parameter.requires_grad:
            (decayed if parameter.ndim > 1 else free).append(parameter)
    groups = [
        {"params": decayed, "weight_decay": WEIGHT_DECAY},
        {"params": free, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=learning_rate, fused=True)


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
