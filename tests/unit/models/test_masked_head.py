"""Logits at the selected positions are those of the full pass; new parameters; the pooler is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional
from transformers import AutoModelForMaskedLM, BertConfig, BertForMaskedLM, BertForPreTraining, GPT2Config

from bertolt.data.features import Feature
from bertolt.errors import FolderError
from bertolt.models.backbone import Backbone, load_backbone
from bertolt.models.heads import Blueprint
from bertolt.models.masked_head import (
    MaskedHead,
    keep_pooler,
    known_tokens,
    new_parameters,
)
from bertolt.models.next_sentence_head import both_logits, build_both
from bertolt.models.weights import weight_names
from tiny import FAMILIES

BLUEPRINT = Blueprint((), attention_dropout=False)
POSITIONS = torch.tensor([2, 4, 13, 25])


def _inputs(vocabulary: int) -> dict[str, torch.Tensor]:
    random = np.random.default_rng(0)
    ids = torch.from_numpy(random.integers(10, vocabulary - 10, size=(3, 10)))
    mask = torch.ones_like(ids)
    mask[1, 7:] = 0
    return {"input_ids": ids, "attention_mask": mask}


@pytest.mark.parametrize("next_sentence", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_selected_logits_and_gradients_are_those_of_the_full_pass(
    tiny_folder: Callable[[str], Path], family: str, next_sentence: bool
) -> None:
    torch.manual_seed(0)
    network = build_both(load_backbone(str(tiny_folder(family))), BLUEPRINT, next_sentence=next_sentence)
    network.eval()
    inputs = _inputs(network.config.vocab_size)
    output = network(**inputs)
    full = output.logits if hasattr(output, "logits") else output.prediction_logits
    full = full.reshape(-1, full.shape[-1])[POSITIONS]
    tokens = torch.tensor([11, 12, 13, 14])
    functional.cross_entropy(full, tokens).backward()
    expected = {name: each.grad.clone() for name, each in network.named_parameters() if each.grad is not None}
    network.zero_grad()
    selected = MaskedHead().forward(network, {**inputs, "positions": POSITIONS})
    torch.testing.assert_close(selected, full, rtol=0, atol=1e-6)
    functional.cross_entropy(selected, tokens).backward()
    for name, parameter in network.named_parameters():
        if name in expected:
            torch.testing.assert_close(parameter.grad, expected[name], rtol=1e-5, atol=1e-6)
    if next_sentence:
        logits, pairs = both_logits(network, {**inputs, "positions": POSITIONS})
        torch.testing.assert_close(logits, full, rtol=0, atol=1e-6)
        assert pairs.shape == (3, 2)
        if family == "bert":
            torch.testing.assert_close(pairs, output.seq_relationship_logits, rtol=0, atol=1e-6)


def test_threads_do_not_meet(tiny_folder: Callable[[str], Path]) -> None:
    network = MaskedHead().build(load_backbone(str(tiny_folder("bert"))), BLUEPRINT).eval()
    inputs = {**_inputs(network.config.vocab_size), "positions": POSITIONS}
    other = {**inputs, "input_ids": inputs["input_ids"] + 1, "positions": POSITIONS[:2]}
    expected = [MaskedHead().forward(network, each).detach() for each in (inputs, other)]
    wrong: list[int] = []

    def work(which: int) -> None:
        for _ in range(30):
            found = MaskedHead().forward(network, (inputs, other)[which]).detach()
            if not torch.allclose(found, expected[which], atol=1e-6):
                wrong.append(which)

    threads = [threading.Thread(target=work, args=(which,)) for which in (0, 1, 0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_what_is_asked_of_known_tokens() -> None:
    logits = np.log(np.asarray([[0.2, 0.5, 0.3], [0.7, 0.2, 0.1]], dtype=np.float32)) + 3
    found = known_tokens(logits, np.asarray([2, 0], dtype=np.int32))
    np.testing.assert_allclose(found, [[np.log(0.3), 0], [np.log(0.7), 1]], atol=1e-6)
    assert known_tokens(logits[:0], np.zeros(0, dtype=np.int32)).shape == (0, 2)


def test_rows_are_split_by_their_selected_positions() -> None:
    logits = np.random.default_rng(0).normal(size=(4, 7)).astype(np.float32)
    ids = np.arange(5, dtype=np.int32)
    one = Feature(ids, select=np.asarray([1, 3], dtype=np.int32))
    none = Feature(ids, select=np.zeros(0, dtype=np.int32))
    known = Feature(ids, target=np.asarray([2, 6]), select=np.asarray([0, 1], dtype=np.int32))
    first, second, third = MaskedHead().split(logits, [one, none, known])
    np.testing.assert_array_equal(first, logits[:2])
    assert second.shape == (0, 7)
    np.testing.assert_allclose(third, known_tokens(logits[2:], np.asarray([2, 6])))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_decoder_is_tied_and_the_head_alone_is_new(
    tiny_folder: Callable[[str], Path], family: str
) -> None:
    backbone = load_backbone(str(tiny_folder(family)))
    network = MaskedHead().build(backbone, BLUEPRINT)
    decoder = network.get_output_embeddings().weight
    assert decoder is network.get_input_embeddings().weight
    new = {id(each) for each in new_parameters(network, backbone)}
    names = {name for name, each in network.named_parameters() if id(each) in new}
    body = network.base_model_prefix + "."
    assert names == {name for name, _ in network.named_parameters() if not name.startswith(body)}
    assert id(decoder) not in new


def test_nothing_is_new_where_the_folder_has_a_head(
    tmp_path: Path, tiny_folder: Callable[[str], Path]
) -> None:
    config = BertConfig.from_pretrained(tiny_folder("bert"))
    torch.manual_seed(1)
    BertForPreTraining(config).save_pretrained(tmp_path)
    backbone = Backbone("it", tmp_path, config)
    for next_sentence in (False, True):
        assert not new_parameters(build_both(backbone, BLUEPRINT, next_sentence=next_sentence), backbone)
    network = BertForMaskedLM(config)
    network.save_pretrained(tmp_path)
    both = build_both(backbone, BLUEPRINT, next_sentence=True)
    new = {id(each) for each in new_parameters(both, backbone)}
    found = {name for name, each in both.named_parameters() if id(each) in new}
    assert found == {"cls.seq_relationship.weight", "cls.seq_relationship.bias"}


def test_the_oldest_names_of_norms_are_known(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"cls.predictions.transform.LayerNorm.gamma": torch.ones(2)}, tmp_path / "model.safetensors")
    assert weight_names(tmp_path) == {"cls.predictions.transform.LayerNorm.weight"}


def test_the_pooler_is_kept_where_there_is_one(tmp_path: Path, tiny_folder: Callable[[str], Path]) -> None:
    backbone = load_backbone(str(tiny_folder("bert")))
    network = MaskedHead().build(backbone, BLUEPRINT)
    assert network.bert.pooler is None
    keep_pooler(network, backbone)
    network.save_pretrained(tmp_path)
    again = AutoModelForMaskedLM.from_pretrained(tmp_path)
    torch.testing.assert_close(again.bert.encoder.state_dict(), network.bert.encoder.state_dict())
    assert {"bert.pooler.dense.weight", "bert.pooler.dense.bias"} <= weight_names(tmp_path)
    config = BertConfig.from_pretrained(tiny_folder("bert"))
    BertForMaskedLM(config).save_pretrained(tmp_path / "without")
    network = MaskedHead().build(backbone, BLUEPRINT)
    keep_pooler(network, Backbone("it", tmp_path / "without", config))
    assert network.bert.pooler is None  # a random one would pass for a trained one


def test_a_family_without_masks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="AutoModelForMaskedLM"):
        MaskedHead().build(Backbone("gpt2", tmp_path, GPT2Config()), BLUEPRINT)


def test_there_is_no_temperature() -> None:
    MaskedHead().fold_temperature(torch.nn.Linear(1, 1), 1.0)
    with pytest.raises(ValueError, match="not calibrated"):
        MaskedHead().fold_temperature(torch.nn.Linear(1, 1), 2.0)
