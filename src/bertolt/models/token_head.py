"""A vector of logits for each selected token. Axes as in ``heads``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from bertolt.models.backbone import Backbone
from bertolt.models.config import read_config
from bertolt.models.heads import Blueprint, Inputs, Row, build_auto, fold_last_linear, load_network
from bertolt.models.packed import PackedEncoder, Rows


class TokenHead:
    """One vector of logits a selected position: (M, K). Every row must select, if only nothing."""

    auto_class = "AutoModelForTokenClassification"

    def build(self, backbone: Backbone, blueprint: Blueprint) -> nn.Module:
        """See ``Head.build``."""
        return build_auto(self.auto_class, backbone, blueprint)

    def load(self, folder: Path) -> nn.Module:
        """See ``Head.load``."""
        return load_network(self.auto_class, folder, read_config(folder))

    def forward(self, network: nn.Module, inputs: Inputs) -> Tensor:
        """Logits of shape (M, K), those of the first row's positions first."""
        rest = {name: tensor for name, tensor in inputs.items() if name != "positions"}
        logits: Tensor = network(**rest).logits
        return logits.flatten(0, 1).index_select(0, inputs["positions"])

    def forward_packed(self, network: Any, encoder: PackedEncoder, rows: Rows) -> Tensor:
        """See ``PackedHead``: the classifier reads the selected tokens alone."""
        assert rows.positions is not None
        logits: Tensor = network.classifier(encoder.states(rows, first_only=False)[rows.positions])
        return logits

    def split(self, logits: NDArray[np.float32], rows: Sequence[Row]) -> list[NDArray[np.float32]]:
        """Arrays of shape (m, K), m the positions that the row selects."""
        stops = np.cumsum([0 if row.select is None else len(row.select) for row in rows])
        return np.split(logits, stops[:-1])

    def fold_temperature(self, network: nn.Module, temperature: float) -> None:
        """See ``Head.fold_temperature``."""
        fold_last_linear(network, temperature)
