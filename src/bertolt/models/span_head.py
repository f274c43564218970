"""The head that points at a stretch of the row: a start and an end logit for every token.

Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers", §4.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bertolt.models.backbone import Backbone
from bertolt.models.config import read_config
from bertolt.models.heads import Blueprint, Inputs, Row, build_auto, fold_last_linear, load_network

#: What the two outputs of a token are, in the network's order.
OUTPUTS = ("start", "end")


class SpanHead:
    """Two logits a token, of an answer that begins there and of one that ends there: (B, T, 2)."""

    auto_class = "AutoModelForQuestionAnswering"

    def build(self, backbone: Backbone, blueprint: Blueprint) -> nn.Module:
        """See ``Head.build``. The outputs are ``OUTPUTS``, whatever labels the backbone had."""
        return build_auto(self.auto_class, backbone, replace(blueprint, labels=OUTPUTS))

    def load(self, folder: Path) -> nn.Module:
        """See ``Head.load``."""
        return load_network(self.auto_class, folder, read_config(folder))

    def forward(self, network: nn.Module, inputs: Inputs) -> Tensor:
        """Logits of shape (B, T, 2), those of padding among them."""
        output = network(**inputs)
        return torch.stack([output.start_logits, output.end_logits], dim=-1)

    def split(self, logits: NDArray[np.float32], rows: Sequence[Row]) -> list[NDArray[np.float32]]:
        """Arrays of shape (t, 2), free of padding."""
        return [each[: len(row)] for each, row in zip(logits, rows, strict=True)]

    def fold_temperature(self, network: nn.Module, temperature: float) -> None:
        """See ``Head.fold_temperature``."""
        fold_last_linear(network, temperature)
