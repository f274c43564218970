"""Rows of a fine-tuned head follow their label's name into the next training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from bertolt.models.backbone import load_backbone
from bertolt.models.head_rows import kept_labels
from bertolt.models.heads import Blueprint, SequenceHead, last_linear

FAMILIES = ("bert", "distilbert", "roberta", "modernbert")


def _fine_tuned(backbone: Path, labels: tuple[str, ...], folder: Path) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    network = SequenceHead().build(load_backbone(str(backbone)), Blueprint(labels, attention_dropout=False))
    layer = last_linear(network)
    with torch.no_grad():
        layer.bias.copy_(torch.arange(1.0, len(labels) + 1))
    network.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((backbone / name).read_bytes())
    return layer.weight.detach().clone(), layer.bias.detach().clone()


@pytest.mark.parametrize("family", FAMILIES)
def test_rows_are_kept_by_name_and_not_by_place(
    family: str, tiny_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    weight, bias = _fine_tuned(tiny_folder(family), ("bad", "good"), tmp_path)
    backbone = load_backbone(str(tmp_path))
    torch.manual_seed(2)
    network = SequenceHead().build(backbone, Blueprint(("good", "new"), attention_dropout=False))
    layer = last_linear(network)
    torch.testing.assert_close(layer.weight[0], weight[1])
    assert layer.bias.tolist() == [bias[1].item(), 0.0]
    assert not torch.equal(layer.weight[1], weight[0])
    assert not torch.equal(layer.weight[1], weight[1])


def test_more_labels_than_before(tiny_folder: Callable[[str], Path], tmp_path: Path) -> None:
    weight, _ = _fine_tuned(tiny_folder("bert"), ("bad", "good"), tmp_path)
    backbone = load_backbone(str(tmp_path))
    labels = ("awful", "bad", "good")
    assert kept_labels(backbone, labels) == ("bad", "good")
    network = SequenceHead().build(backbone, Blueprint(labels, attention_dropout=False))
    torch.testing.assert_close(last_linear(network).weight[1:], weight)


def test_a_backbone_without_a_head_knows_no_labels(tiny_folder: Callable[[str], Path]) -> None:
    assert kept_labels(load_backbone(str(tiny_folder("bert"))), ("LABEL_0", "good")) == ()
