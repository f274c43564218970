"""Families: where the head is, whatever the order in which a network was constructed."""

from __future__ import annotations

import pytest
from torch import nn

from bertolt.errors import FolderError
from bertolt.models.families import last_linear_name
from family_checks import MOST_USED, check_temperature


@pytest.mark.parametrize("kind", MOST_USED)
def test_the_temperature_divides_the_logits_and_leaves_the_encoder(kind: str) -> None:
    check_temperature(kind)


def test_a_network_without_a_linear_head_is_refused() -> None:
    network = nn.Module()
    network.base_model_prefix = "encoder"  # type: ignore[assignment]
    network.encoder = nn.Linear(2, 2)
    with pytest.raises(FolderError, match="head ends in a linear layer"):
        last_linear_name(network)
