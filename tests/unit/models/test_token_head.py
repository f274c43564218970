"""Logits at the selected tokens, as transformers' own class has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from bertolt.models.backbone import load_backbone
from bertolt.models.heads import Blueprint
from bertolt.models.token_head import TokenHead
from tiny import FAMILIES


@dataclass
class Row:
    """A row of a batch, as far as the head reads it."""

    select: NDArray[np.int32] | None

    def __len__(self) -> int:
        return 5


def build(folder: Path) -> torch.nn.Module:
    torch.manual_seed(0)
    return TokenHead().build(load_backbone(str(folder)), Blueprint(("A", "B", "C"), False)).eval()


@pytest.mark.parametrize("family", FAMILIES)
def test_logits_of_the_selected_positions(tiny_folder: Callable[[str], Path], family: str) -> None:
    network = build(tiny_folder(family))
    ids = torch.tensor([[5, 6, 7, 8], [6, 9, 8, 7]])
    chosen = torch.tensor([3, 0, 6])
    with torch.inference_mode():
        found = TokenHead().forward(network, {"input_ids": ids, "positions": chosen})
        every = network(input_ids=ids).logits
    assert found.shape == (3, 3)
    torch.testing.assert_close(found, torch.stack([every[0, 3], every[0, 0], every[1, 2]]), rtol=0, atol=0)
    assert network.config.id2label == {0: "A", 1: "B", 2: "C"}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_folded_temperature_divides_the_logits(tiny_folder: Callable[[str], Path], family: str) -> None:
    network = build(tiny_folder(family))
    inputs = {"input_ids": torch.tensor([[5, 6, 7]]), "positions": torch.tensor([1, 2])}
    with torch.inference_mode():
        before = TokenHead().forward(network, inputs)
        TokenHead().fold_temperature(network, 2.0)
        torch.testing.assert_close(TokenHead().forward(network, inputs), before / 2, rtol=1e-6, atol=1e-6)


def test_split_gives_each_row_its_own() -> None:
    logits = np.arange(8, dtype=np.float32).reshape(4, 2)
    rows = [Row(np.asarray(select, dtype=np.int32)) for select in ([1], [], [2, 3, 4], [])]
    parts = TokenHead().split(logits, rows)
    assert [part.tolist() for part in parts] == [[[0, 1]], [], [[2, 3], [4, 5], [6, 7]], []]
    assert [part.shape for part in parts] == [(1, 2), (0, 2), (3, 2), (0, 2)]
