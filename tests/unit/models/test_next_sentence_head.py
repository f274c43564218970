"""The next sentence: BERT's kin load in their Auto class, others are a model type of ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoModel, AutoModelForMaskedLM, AutoModelForNextSentencePrediction

from bertolt.models.backbone import load_backbone
from bertolt.models.heads import Blueprint
from bertolt.models.masked_head import MaskedHead
from bertolt.models.next_sentence_head import MODEL_TYPE, NextSentenceHead, SecondHead, build_both
from tiny import FAMILIES

HEAD = NextSentenceHead()
BLUEPRINT = Blueprint(("follows", "does not follow"), attention_dropout=False)
INPUTS = {"input_ids": torch.arange(10, 30).reshape(2, 10), "attention_mask": torch.ones(2, 10).long()}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_saved_network_is_the_same_again(
    tmp_path: Path, tiny_folder: Callable[[str], Path], family: str
) -> None:
    torch.manual_seed(0)
    network = HEAD.build(load_backbone(str(tiny_folder(family))), BLUEPRINT).eval()
    logits = HEAD.forward(network, INPUTS)
    assert logits.shape == (2, 2)
    network.save_pretrained(tmp_path)
    torch.testing.assert_close(HEAD.forward(HEAD.load(tmp_path).eval(), INPUTS), logits, rtol=0, atol=0)
    values = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    assert values["id2label"] == {"0": "follows", "1": "does not follow"}
    if family == "bert":
        auto = AutoModelForNextSentencePrediction.from_pretrained(tmp_path).eval()
        torch.testing.assert_close(auto(**INPUTS).logits, logits, rtol=0, atol=1e-6)
    else:
        assert values["model_type"] == MODEL_TYPE
        with pytest.raises(ValueError, match=MODEL_TYPE):
            AutoModel.from_pretrained(tmp_path)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_adapted_folder_holds_both_heads_and_is_a_backbone(
    tmp_path: Path, tiny_folder: Callable[[str], Path], family: str
) -> None:
    torch.manual_seed(0)
    backbone = load_backbone(str(tiny_folder(family)))
    network = build_both(backbone, Blueprint((), attention_dropout=False), next_sentence=True).eval()
    pairs = SecondHead().forward(network, INPUTS)
    words = MaskedHead().forward(network, INPUTS) if family != "bert" else network(**INPUTS).prediction_logits
    network.save_pretrained(tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((tiny_folder(family) / name).read_bytes())
    torch.testing.assert_close(HEAD.forward(HEAD.load(tmp_path).eval(), INPUTS), pairs, rtol=0, atol=1e-6)
    again = AutoModelForMaskedLM.from_pretrained(tmp_path).eval()
    torch.testing.assert_close(again(**INPUTS).logits, words, rtol=0, atol=1e-6)
    _, report = AutoModel.from_pretrained(tmp_path, output_loading_info=True)
    assert not report["missing_keys"]
    # Both a second adaptation and a training of this task begin from the heads that are there.
    adapted = load_backbone(str(tmp_path))
    for head, built in (
        (SecondHead(), build_both(adapted, Blueprint((), attention_dropout=False), next_sentence=True)),
        (HEAD, HEAD.build(adapted, BLUEPRINT)),
    ):
        torch.testing.assert_close(head.forward(built.eval(), INPUTS), pairs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_the_temperature_divides_the_logits(tiny_folder: Callable[[str], Path], family: str) -> None:
    network = HEAD.build(load_backbone(str(tiny_folder(family))), BLUEPRINT).eval()
    before = HEAD.forward(network, INPUTS)
    HEAD.fold_temperature(network, 2.0)
    torch.testing.assert_close(HEAD.forward(network, INPUTS), before / 2, rtol=0, atol=1e-6)
