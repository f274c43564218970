"""Layer-wise decay of the learning rate, and embeddings left as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bertolt.models.backbone import load_backbone
from bertolt.models.heads import Blueprint, SequenceHead
from bertolt.training.optimisation import depth, make_optimiser
from bertolt.training.trainable import freeze_embeddings


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("bert.encoder.layer.3.output.dense.weight", 3),
        ("distilbert.transformer.layer.0.ffn.lin1.bias", 0),
        ("model.layers.11.mlp.Wi.weight", 11),
        ("classifier.weight", -1),
        ("bert.embeddings.LayerNorm.weight", -1),
    ],
)
def test_depth(name: str, layer: int) -> None:
    assert depth(name) == layer


@pytest.mark.parametrize("family", ["bert", "distilbert", "roberta", "modernbert"])
def test_each_layer_is_scaled_from_the_top(family: str, tiny_folder: Callable[[str], Path]) -> None:
    backbone = load_backbone(str(tiny_folder(family)))
    network = SequenceHead().build(backbone, Blueprint(("a", "b"), attention_dropout=False))
    scale = {
        id(parameter): group["scale"]
        for group in make_optimiser(network, 1e-3, 0.5).param_groups
        for parameter in group["params"]
    }
    found = {name: scale[id(parameter)] for name, parameter in network.named_parameters()}
    assert {found[name] for name in found if "layers.1." in name or "layer.1." in name} == {1.0}
    assert {found[name] for name in found if "layers.0." in name or "layer.0." in name} == {0.5}
    assert {found[name] for name in found if "embeddings." in name} == {0.25}
    assert {found[name] for name in found if "classifier" in name} == {1.0}


def test_without_decay_there_are_two_groups(tiny_folder: Callable[[str], Path]) -> None:
    network = SequenceHead().build(
        load_backbone(str(tiny_folder("bert"))), Blueprint(("a", "b"), attention_dropout=False)
    )
    groups = make_optimiser(network, 1e-3).param_groups
    assert [(group["weight_decay"], group["scale"]) for group in groups] == [(0.01, 1.0), (0.0, 1.0)]


def test_frozen_embeddings_are_not_trained(tiny_folder: Callable[[str], Path]) -> None:
    network = SequenceHead().build(
        load_backbone(str(tiny_folder("bert"))), Blueprint(("a", "b"), attention_dropout=False)
    )
    freeze_embeddings(network)
    frozen = {name for name, parameter in network.named_parameters() if not parameter.requires_grad}
    assert frozen == {name for name, _ in network.named_parameters() if ".embeddings." in name}
    trained = {id(p) for group in make_optimiser(network, 1e-3).param_groups for p in group["params"]}
    assert not any(id(p) in trained for name, p in network.named_parameters() if name in frozen)
