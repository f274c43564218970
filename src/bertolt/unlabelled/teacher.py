"""Copies of weights that training keeps beside a network: an averaged teacher, and the last good ones."""

from __future__ import annotations

import copy

import torch
from torch import nn


def frozen_copy(network: nn.Module) -> nn.Module:
    """A copy that is never trained, in evaluation mode."""
    found = copy.deepcopy(network)
    found.requires_grad_(False)
    return found.eval()


def copy_weights(source: nn.Module, target: nn.Module) -> None:
    """Writes the weights and buffers of ``source`` into ``target``, bit for bit. Both are built alike."""
    with torch.no_grad():
        for new, old in zip(_tensors(source), _tensors(target), strict=True):
            old.copy_(new)


def average_into(teacher: nn.Module, student: nn.Module, decay: float) -> None:
    """One step of the exponential moving average of weights (Tarvainen & Valpola 2017, §2).

    ``teacher = decay * teacher + (1 - decay) * student``; what is no floating-point number is copied.
    """
    with torch.no_grad():
        for old, new in zip(_tensors(teacher), _tensors(student), strict=True):
            if old.is_floating_point():
                old.lerp_(new, 1 - decay)
            else:
                old.copy_(new)


def _tensors(network: nn.Module) -> list[torch.Tensor]:
    return [*network.parameters(), *network.buffers()]
