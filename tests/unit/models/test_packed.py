"""Rows end to end give the numbers of transformers' own forward pass over padded rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bertolt.data.features import Feature
from bertolt.inference import engine
from bertolt.inference.engine import TorchEngine, end_to_end, tensors
from bertolt.models import fast_linear, packed
from bertolt.models.backbone import load_backbone
from bertolt.models.fast_linear import PackedLinear
from bertolt.models.heads import Blueprint, Head, SequenceHead
from bertolt.models.packed import packed_encoder
from bertolt.models.token_head import TokenHead
from bertolt.training.optimisation import make_optimiser

Folder = Callable[[str], Path]
LABELS = ("a", "b", "c")
CPU = torch.device("cpu")


def network_of(head: Head, folder: Path) -> nn.Module:
    torch.manual_seed(0)
    network = head.build(load_backbone(str(folder)), Blueprint(LABELS, attention_dropout=False))
    for parameter in network.parameters():  # norms and biases begin at 1 and 0, and would hide a mistake
        parameter.data += 0.1 * torch.randn(parameter.shape)
    return network.requires_grad_(False).eval()


def features(*lengths: int, typed: bool = False, select: bool = False) -> list[Feature]:
    random = np.random.default_rng(0)
    return [
        Feature(
            random.integers(5, 90, length).astype(np.int32),
            types=(np.arange(length) >= length // 2).astype(np.int32) if typed else None,
            select=np.asarray([0, length - 1], np.int32) if select else None,
        )
        for length in lengths
    ]


def both(network: nn.Module, head: Any, rows: list[Feature]) -> tuple[Tensor, Tensor]:
    encoder = packed_encoder(network)
    assert encoder is not None
    with torch.inference_mode():
        encoder.lay_out()
        padded = head.forward(network, tensors(rows, 1, CPU))
        return head.forward_packed(network, encoder, end_to_end(rows)), padded


@pytest.mark.parametrize("family", ["bert", "roberta", "mpnet", "distilbert", "electra"])
@pytest.mark.parametrize("lengths", [(7,), (1,), (512,), (300, 12, 12, 12, 5, 3, 3, 1)])
def test_logits_of_texts(tiny_folder: Folder, family: str, lengths: tuple[int, ...]) -> None:
    head = SequenceHead()
    network = network_of(head, tiny_folder(family))
    found, padded = both(network, head, features(*lengths))
    assert found.shape == (len(lengths), 3)
    torch.testing.assert_close(found, padded, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("family", ["bert", "roberta", "mpnet"])
def test_a_padding_token_within_a_text_is_read_as_transformers_reads_it(
    tiny_folder: Folder, family: str
) -> None:
    head = SequenceHead()
    network: Any = network_of(head, tiny_folder(family))
    ids = np.asarray([7, 8, network.config.pad_token_id, 9, 10], np.int32)
    found, padded = both(network, head, [Feature(ids)])
    torch.testing.assert_close(found, padded, rtol=1e-5, atol=1e-5)


def test_token_types_are_read(tiny_folder: Folder) -> None:
    head = SequenceHead()
    network = network_of(head, tiny_folder("bert"))
    plain, _ = both(network, head, features(9, 4))
    found, padded = both(network, head, features(9, 4, typed=True))
    torch.testing.assert_close(found, padded, rtol=1e-5, atol=1e-5)
    assert (found - plain).abs().max() > 1e-3


@pytest.mark.parametrize("family", ["bert", "mpnet", "distilbert", "electra"])
def test_logits_of_selected_tokens(tiny_folder: Folder, family: str) -> None:
    head = TokenHead()
    network = network_of(head, tiny_folder(family))
    found, padded = both(network, head, features(20, 20, 6, 2, select=True))
    assert found.shape == (8, 3)
    torch.testing.assert_close(found, padded, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("family", ["bert", "mpnet"])
def test_batch_mates_change_nothing(tiny_folder: Folder, family: str) -> None:
    head = SequenceHead()
    network = network_of(head, tiny_folder(family))
    rows = features(40, 30, 30, 8)
    together, _ = both(network, head, rows)
    alone = torch.cat([both(network, head, [row])[0] for row in rows])
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-5)


def test_products_have_few_different_numbers_of_rows(
    tiny_folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "onednn_wins", lambda: True)
    seen: set[int] = set()
    plain = PackedLinear.gelu

    def noted(self: PackedLinear, rows: Tensor) -> Tensor:
        seen.add(len(rows))
        return plain(self, rows)

    monkeypatch.setattr(PackedLinear, "gelu", noted)
    head = SequenceHead()
    network = network_of(head, tiny_folder("bert"))
    for length in range(129, 257, 7):
        found, padded = both(network, head, features(length))
        torch.testing.assert_close(found, padded, rtol=1e-5, atol=1e-5)
    assert seen == {8, 160, 192, 224, 256}  # 8: of the last layer, where one token is wanted


def test_changed_weights_and_layers_are_read(tiny_folder: Folder) -> None:
    head = SequenceHead()
    network: Any = network_of(head, tiny_folder("bert"))
    rows = features(9, 4)
    running = TorchEngine(network, head, pad_id=0, device=CPU)

    def logits() -> Tensor:
        found = torch.from_numpy(np.stack(running.logits(rows)))
        torch.testing.assert_close(found, both(network, head, rows)[1], rtol=1e-5, atol=1e-5)
        return found

    before = logits()
    network.bert.encoder.layer[0].output.dense.weight.mul_(2)
    changed = logits()
    network.bert.encoder.layer = network.bert.encoder.layer[:1]
    shorter = logits()
    assert (before - changed).abs().max() > 1e-3
    assert (shorter - changed).abs().max() > 1e-3


@pytest.mark.parametrize("family", ["bert", "mpnet"])
def test_weights_are_read_anew_after_a_step_of_the_optimiser(tiny_folder: Folder, family: str) -> None:
    head = SequenceHead()
    network = network_of(head, tiny_folder(family)).requires_grad_(True)
    rows = features(9, 4)
    running = TorchEngine(network, head, pad_id=0, device=CPU)
    before = np.stack(running.logits(rows))
    optimiser = make_optimiser(network, 0.1)
    head.forward(network, tensors(rows, 0, CPU)).sum().backward()
    optimiser.step()
    after = np.stack(running.logits(rows))
    with torch.no_grad():
        expected = head.forward(network, tensors(rows, 0, CPU)).numpy()
    np.testing.assert_allclose(after, expected, rtol=1e-5, atol=1e-5)
    assert np.abs(after - before).max() > 1e-3


def test_another_shape_keeps_its_own_forward_pass(tiny_folder: Folder) -> None:
    assert packed_encoder(network_of(SequenceHead(), tiny_folder("modernbert"))) is None


def test_another_activation_keeps_its_own_forward_pass(tiny_folder: Folder) -> None:
    network: Any = network_of(SequenceHead(), tiny_folder("bert"))
    network.config.hidden_act = "relu"
    assert packed_encoder(network) is None


def test_the_engine_packs_in_float32_alone(tiny_folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    head = SequenceHead()
    network = network_of(head, tiny_folder("bert"))
    rows = features(3, 30, 7, 30)
    seen = []
    monkeypatch.setattr(engine, "end_to_end", lambda batch: seen.append(len(batch)) or end_to_end(batch))
    found = TorchEngine(network, head, pad_id=0, device=CPU).logits(rows)
    assert seen == [4]
    one_by_one = [both(network, head, [row])[1][0] for row in rows]
    np.testing.assert_allclose(np.stack(found), torch.stack(one_by_one).numpy(), rtol=1e-5, atol=1e-5)
    rough = TorchEngine(network, head, pad_id=0, device=CPU, dtype=torch.bfloat16).logits(rows)
    assert seen == [4]
    np.testing.assert_allclose(np.stack(rough), np.stack(found), atol=0.1)


@pytest.mark.parametrize("wins", [True, False])
def test_a_packed_layer_is_the_layers_side_by_side(wins: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast_linear, "onednn_wins", lambda: wins)
    torch.manual_seed(0)
    one, two = nn.Linear(64, 96), nn.Linear(64, 32)
    x, other = torch.randn(5, 64), torch.randn(5, 128)
    with torch.inference_mode():
        layer = PackedLinear.of(one, two)
        expected = torch.cat([one(x), two(x)], dim=1)
        torch.testing.assert_close(layer(x), expected, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(layer.gelu(x), nn.functional.gelu(expected), rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(layer.plus(x, other), expected + other, rtol=1e-5, atol=1e-5)
