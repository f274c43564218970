"""The pass that leaves out what nobody reads gives transformers' own logits and gradients."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from bertolt.inference.engine import tensors
from bertolt.models import biased_attention
from bertolt.models.backbone import load_backbone
from bertolt.models.first_token import first_states, reads_first
from bertolt.models.heads import Blueprint, SequenceHead
from unit.models.test_packed import CPU, LABELS, features, network_of

Folder = Callable[[str], Path]


def _gradients(network: nn.Module, logits: Tensor) -> dict[str, Tensor]:
    network.zero_grad()
    (logits * torch.arange(1.0, 1.0 + logits.numel()).view_as(logits)).sum().backward()
    return {name: each.grad for name, each in network.named_parameters() if each.grad is not None}


@pytest.mark.parametrize("family", ["bert", "roberta", "mpnet", "distilbert", "electra"])
@pytest.mark.parametrize("lengths", [(7, 7), (1,), (30, 12, 12, 5, 1)])
@pytest.mark.parametrize("typed", [False, True])
def test_logits_and_all_gradients_are_transformers(
    tiny_folder: Folder, family: str, lengths: tuple[int, ...], typed: bool
) -> None:
    head = SequenceHead()
    network: Any = network_of(head, tiny_folder(family)).requires_grad_(True)
    typed = typed and family in ("bert", "electra")  # the others have one token type, or none
    inputs = tensors(features(*lengths, typed=typed), 1, CPU)
    assert ("attention_mask" in inputs) == (len(set(lengths)) > 1)
    expected = network(**inputs).logits
    wanted = _gradients(network, expected)
    found = head.forward(network, inputs)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    gradients = _gradients(network, found)
    assert gradients.keys() == wanted.keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, wanted[name], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("family", ["bert", "mpnet", "distilbert"])
def test_embeddings_can_stand_for_ids(tiny_folder: Folder, family: str) -> None:
    network: Any = network_of(SequenceHead(), tiny_folder(family))
    inputs = tensors(features(9, 5), 1, CPU)
    expected = first_states(network, inputs)
    embedded = network.get_input_embeddings()(inputs.pop("input_ids"))
    torch.testing.assert_close(first_states(network, {**inputs, "inputs_embeds": embedded}), expected)


@pytest.mark.parametrize(
    ("family", "names"),
    [
        ("bert", {"bert.encoder.layer.1.output", "bert.embeddings", ""}),
        ("mpnet", {"mpnet.encoder.layer.0.attention.attn", "mpnet.encoder.layer.1.attention", "classifier"}),
        ("distilbert", {"distilbert.transformer.layer.1.ffn", "distilbert.embeddings", ""}),
    ],
)
def test_every_dropout_that_a_classifier_has_is_at_work(
    tiny_folder: Folder, family: str, names: set[str]
) -> None:
    """With all but one of the rates at 0, two passes differ for each rate that is left."""
    head = SequenceHead()
    torch.manual_seed(0)
    backbone = load_backbone(str(tiny_folder(family)))
    network: Any = head.build(backbone, Blueprint(LABELS, attention_dropout=True)).train()
    inputs = tensors(features(9, 5), 1, CPU)
    drops = {name: each for name, each in network.named_modules() if isinstance(each, nn.Dropout)}
    assert {name.rpartition(".")[0] for name in drops} >= names
    for each in drops.values():
        each.p = 0.0
    assert torch.equal(head.forward(network, inputs), head.forward(network, inputs))
    for name, each in drops.items():
        each.p = 0.5
        assert not torch.equal(head.forward(network, inputs), head.forward(network, inputs)), name
        each.p = 0.0


@pytest.mark.parametrize("kept", [True, False])
def test_mpnets_attention_is_transformers_in_every_layer_and_for_long_rows(
    tiny_folder: Folder, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bias has a gradient from every layer; the backward pass goes over the rows in several pieces."""
    if not kept:
        monkeypatch.setattr(biased_attention, "_KEPT_SCORES", 0)
    monkeypatch.setattr(biased_attention, "_SCORES", 2 * 60 * 60 * 2)  # two rows at a time
    head = SequenceHead()
    network: Any = network_of(head, tiny_folder("mpnet")).requires_grad_(True)
    network.mpnet.encoder.relative_attention_bias.weight.data.mul_(5)
    inputs = tensors(features(60, 60, 50, 41, 3), 1, CPU)
    expected = network(**inputs).logits
    wanted = _gradients(network, expected)
    found = head.forward(network, inputs)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    gradients = _gradients(network, found)
    bias = "mpnet.encoder.relative_attention_bias.weight"
    assert wanted[bias].abs().max() > 1e-3
    for name in wanted:
        torch.testing.assert_close(gradients[name], wanted[name], rtol=1e-4, atol=1e-4)


def test_a_frozen_bias_gives_the_same_gradients(tiny_folder: Folder) -> None:
    head = SequenceHead()
    network: Any = network_of(head, tiny_folder("mpnet")).requires_grad_(True)
    network.mpnet.encoder.relative_attention_bias.weight.requires_grad_(False)
    inputs = tensors(features(9, 5), 1, CPU)
    wanted = _gradients(network, network(**inputs).logits)
    gradients = _gradients(network, head.forward(network, inputs))
    for name in wanted:
        torch.testing.assert_close(gradients[name], wanted[name], rtol=1e-4, atol=1e-4)


def test_other_families_and_other_attention_keep_transformers_pass(
    tiny_folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = SequenceHead()
    inputs = tensors(features(4, 3), 1, CPU)

    def never(*args: object) -> None:
        raise AssertionError("not for this network")

    monkeypatch.setattr("bertolt.models.heads.first_states", never)
    other: Any = network_of(head, tiny_folder("modernbert"))
    assert not reads_first(other)
    assert torch.equal(head.forward(other, inputs), other(**inputs).logits)
    network: Any = network_of(head, tiny_folder("bert"))
    network.set_attn_implementation("eager")
    assert torch.equal(head.forward(network, inputs), network(**inputs).logits)
