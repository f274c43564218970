"""Heads: built with seeds and label names, folded, saved and loaded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from torch import Tensor, nn

from bertolt.data.tokenizer import Tokenizer
from bertolt.errors import FolderError
from bertolt.models.backbone import load_backbone, read_config
from bertolt.models.heads import Blueprint, SequenceHead, last_linear, load_network
from tiny import FAMILIES

Folder = Callable[[str], Path]
LABELS = ("bad", "fine", "good")
HEAD = SequenceHead()


def _network(folder: Path, *, attention_dropout: bool = False) -> nn.Module:
    torch.manual_seed(5)
    return HEAD.build(load_backbone(str(folder)), Blueprint(LABELS, attention_dropout=attention_dropout))


def _inputs(folder: Path) -> dict[str, Tensor]:
    tokenizer = Tokenizer.from_folder(folder)
    ids = [[*tokenizer.single.before, *tokens.ids, *tokenizer.single.after]
           for tokens in tokenizer.tokens(["the film was gorgeous", "the plot was dull !"])]  # fmt: skip
    width = max(map(len, ids))
    return {
        "input_ids": torch.tensor([row + [tokenizer.pad_id] * (width - len(row)) for row in ids]),
        "attention_mask": torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in ids]),
    }


def _logits(network: nn.Module, inputs: dict[str, Tensor]) -> Tensor:
    with torch.inference_mode():
        return HEAD.forward(network.eval(), inputs)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("temperature", [0.37, 1.0, 2.6])
def test_folding_divides_the_logits(tiny_folder: Folder, family: str, temperature: float) -> None:
    network, inputs = _network(tiny_folder(family)), _inputs(tiny_folder(family))
    with torch.no_grad():
        last_linear(network).bias.copy_(torch.tensor([0.5, -1.0, 2.0]))
    before = _logits(network, inputs)
    HEAD.fold_temperature(network, temperature)
    torch.testing.assert_close(_logits(network, inputs), before / temperature, rtol=0, atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_last_linear_layer_makes_the_logits(tiny_folder: Folder, family: str) -> None:
    layer = last_linear(_network(tiny_folder(family)))
    assert layer.out_features == len(LABELS)


@pytest.mark.parametrize("family", FAMILIES)
def test_equal_seeds_make_equal_heads(tiny_folder: Folder, family: str) -> None:
    folder = tiny_folder(family)
    one, two = _network(folder), _network(folder)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    torch.manual_seed(6)
    other = HEAD.build(load_backbone(str(folder)), Blueprint(LABELS, attention_dropout=False))
    assert not torch.equal(last_linear(one).weight, last_linear(other).weight)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_encoder_is_the_backbones(tiny_folder: Folder, family: str) -> None:
    network, plain = (
        _network(tiny_folder(family)),
        transformers.AutoModel.from_pretrained(tiny_folder(family)),
    )
    encoder = dict(network.base_model.named_parameters())  # type: ignore[operator]
    assert encoder
    for name, parameter in plain.named_parameters():
        if name in encoder:  # RoBERTa's has no pooler under this head
            assert torch.equal(parameter, encoder[name])
    assert all(parameter.dtype == torch.float32 for parameter in network.parameters())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("wanted", [True, False])
def test_attention_dropout_is_the_familys_or_none(
    tiny_folder: Folder, family: str, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone = load_backbone(str(tiny_folder(family)))
    name = "attention_dropout" if family in ("distilbert", "modernbert") else "attention_probs_dropout_prob"
    setattr(backbone.config, name, 0.25)
    network = HEAD.build(backbone, Blueprint(LABELS, attention_dropout=wanted))
    seen = []
    attend = nn.functional.scaled_dot_product_attention

    def watching(*args: Any, **options: Any) -> Tensor:
        seen.append(options["dropout_p"])
        return attend(*args, **options)

    monkeypatch.setattr(nn.functional, "scaled_dot_product_attention", watching)
    HEAD.forward(network.train(), _inputs(tiny_folder(family)))
    layers = 0 if family == "mpnet" and not wanted else 2  # MPNet without dropout has a formula of its own
    assert seen == [0.25 if wanted else 0.0] * layers
    # What is saved is the family's own rate: how this machine trains is no matter of the model.
    assert getattr(network.config, name) == 0.25


@pytest.mark.parametrize("family", FAMILIES)
def test_a_saved_head_is_loaded_with_its_labels(tiny_folder: Folder, family: str, tmp_path: Path) -> None:
    network, inputs = _network(tiny_folder(family)), _inputs(tiny_folder(family))
    network.save_pretrained(tmp_path)  # type: ignore[operator]
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    assert config["id2label"] == {"0": "bad", "1": "fine", "2": "good"}
    assert config["label2id"] == {"bad": 0, "fine": 1, "good": 2}
    assert config["problem_type"] == "single_label_classification"
    assert torch.equal(_logits(HEAD.load(tmp_path), inputs), _logits(network, inputs))


def test_a_folder_whose_weights_do_not_fit_is_refused(tiny_folder: Folder, tmp_path: Path) -> None:
    _network(tiny_folder("bert")).save_pretrained(tmp_path)  # type: ignore[operator]
    file = tmp_path / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    config["id2label"] = {"0": "bad", "1": "good"}
    config["label2id"] = {"bad": 0, "good": 1}
    file.write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(FolderError) as caught:
        HEAD.load(tmp_path)
    assert caught.value.expected == "weights that fit config.json (model type 'bert')"
    assert (
        caught.value.found
        == f"none, or of another shape, for classifier.bias, classifier.weight in {str(tmp_path)!r}"
    )


def test_a_backbone_without_a_head_is_no_model(tiny_folder: Folder) -> None:
    with pytest.raises(FolderError, match=r"for classifier\.bias, classifier\.weight in"):
        HEAD.load(tiny_folder("bert"))


def test_a_family_without_the_class_is_refused(tiny_folder: Folder) -> None:
    folder = tiny_folder("modernbert")
    with pytest.raises(FolderError) as caught:
        load_network("AutoModelForNextSentencePrediction", folder, read_config(folder), new_head=True)
    assert caught.value.expected == "a family that transformers' AutoModelForNextSentencePrediction knows"
    assert caught.value.found == "model type 'modernbert'"


def test_transformers_log_level_is_left_as_it_was(tiny_folder: Folder) -> None:
    from transformers.utils import logging

    before = (logging.get_verbosity(), logging.is_progress_bar_enabled())
    _network(tiny_folder("bert"))
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before
