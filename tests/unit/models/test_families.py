"""Families: what each row says, where the head is, how long rows may be, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers
from torch import nn
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES

from bertolt.data.batching import fill
from bertolt.data.tokenizer import Tokenizer
from bertolt.errors import FolderError, SettingError
from bertolt.models.backbone import load_backbone
from bertolt.models.config import check_values
from bertolt.models.families import FAMILIES, UNLIMITED, fit_tokens, last_linear_name, position_limit
from bertolt.models.families import check_family as check_family_row
from bertolt.models.heads import SequenceHead, load_network
from bertolt.unlabelled.method_adapt import masked_lm
from bertolt.unlabelled.method_consistency import ConsistencySettings, ConsistencyTraining
from family_checks import MOST_USED, check_family, check_temperature, train_family
from tiny import tiny_tokenizer
from tiny_context import tiny_context
from tiny_families import family_config, write_family

Folder = Callable[[str], Path]


def test_every_family_with_a_classifier_has_a_row() -> None:
    assert set(FAMILIES) == set(MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES)
    assert all(bool(family.reason) == (family.support == "refused") for family in FAMILIES.values())


@pytest.mark.parametrize("kind", MOST_USED)
def test_the_temperature_divides_the_logits_and_leaves_the_encoder(kind: str) -> None:
    check_temperature(kind)


@pytest.mark.parametrize("kind", [*MOST_USED, "fnet", "t5", "gpt2", "nomic_bert"])
def test_what_the_row_of_a_family_says(kind: str, tmp_path: Path) -> None:
    check_family(kind, tmp_path)


def test_rows_with_other_numbers_of_end_tokens_share_a_batch() -> None:
    torch.manual_seed(0)
    network = transformers.AutoModelForSequenceClassification.from_config(family_config("bart")).eval()
    end, rows = network.config.eos_token_id, [[5, 6, 7, 8], [5, 6, 9, 8], [9, 7, 5, 8]]
    rows[0][3] = rows[1][1] = rows[1][3] = rows[2][3] = end
    ids = torch.tensor(rows)
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    with torch.inference_mode():
        together = SequenceHead().forward(network, inputs)
        alone = [network(**{name: value[[row]] for name, value in inputs.items()}).logits for row in range(3)]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-6, rtol=0)


def test_a_network_without_a_linear_head_is_refused() -> None:
    network = nn.Module()
    network.base_model_prefix = "encoder"  # type: ignore[assignment]
    network.encoder = nn.Linear(2, 2)
    with pytest.raises(FolderError, match="head ends in a linear layer"):
        last_linear_name(network)


@pytest.mark.parametrize(
    ("kind", "tokens"),
    [("bert", 130), ("roberta", 129), ("mpnet", 129), ("xlm-roberta", 129), ("gpt2", 130),
     ("t5", UNLIMITED), ("funnel", UNLIMITED), ("xlnet", UNLIMITED)],
)  # fmt: skip
def test_the_longest_row(kind: str, tokens: int) -> None:
    assert position_limit(family_config(kind)) == tokens


@pytest.mark.parametrize("kind", ["reformer", "esm", "layoutlmv3"])
def test_a_family_that_is_not_supported_is_refused_with_the_reason(kind: str, tmp_path: Path) -> None:
    transformers.CONFIG_MAPPING[kind]().save_pretrained(tmp_path)
    with pytest.raises(FolderError) as caught:
        load_backbone(str(tmp_path))
    assert caught.value.found == f"model type '{kind}': {FAMILIES[kind].reason}"


def test_rows_of_equal_length_share_a_batch() -> None:
    assert fill([5, 3, 5, 3, 3, 4], 10, equal_lengths=True) == [[0, 2], [5], [1, 3, 4]]


def test_a_decoder_keeps_the_token_that_fills_up_a_row(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer("roberta")
    tokenizer.pad_token = None
    write_family(tmp_path / "backbone", "gpt2", tokenizer)
    backbone = load_backbone(str(tmp_path / "backbone"))
    backbone.config.pad_token_id = None
    network: Any = load_network("AutoModel", backbone.folder, backbone.config)
    loaded = Tokenizer.from_folder(backbone.folder)
    fit_tokens(network, loaded.pad_id, loaded.largest_id)
    assert network.config.pad_token_id == tokenizer.eos_token_id == loaded.pad_id
    loaded.save(tmp_path / "saved", 100)
    assert transformers.AutoTokenizer.from_pretrained(tmp_path / "saved").pad_token == tokenizer.eos_token


def test_more_tokens_than_embeddings_are_refused(tiny_folder: Folder) -> None:
    backbone = load_backbone(str(tiny_folder("bert")))
    network = load_network("AutoModel", backbone.folder, backbone.config)
    rows = backbone.config.vocab_size
    fit_tokens(network, 0, rows - 1)
    with pytest.raises(FolderError, match=rf"ids up to {rows} in the tokenizer, and {rows} rows"):
        fit_tokens(network, 0, rows)


@pytest.mark.parametrize("task", ["multi-label-classification", "token-classification"])
def test_other_tasks_of_a_family_whose_head_comes_first(task: str, tmp_path: Path) -> None:
    assert (train_family("xlm-roberta", tmp_path, task=task) / "bertolt.json").is_file()


def test_a_class_without_an_encoder_apart_from_its_head_is_refused(tmp_path: Path) -> None:
    write_family(tmp_path / "t5", "t5", tiny_tokenizer("roberta"))
    config = load_backbone(str(tmp_path / "t5")).config
    with pytest.raises(FolderError, match="model type 't5', which has no encoder apart from the head"):
        load_network("AutoModelForQuestionAnswering", tmp_path / "t5", config, new_head=True)


def test_the_real_sizes_of_a_refused_family_are_not_called_damaged(tmp_path: Path) -> None:
    values = {"model_type": "canine", "num_hash_buckets": 16384, "hidden_size": 768}
    check_values(values, tmp_path)
    with pytest.raises(FolderError, match="model type 'canine': its tokenizer"):
        check_family_row(SimpleNamespace(**values))


def test_methods_that_pad_rows_are_refused_where_padding_changes_answers(tmp_path: Path) -> None:
    write_family(tmp_path / "fnet", "fnet", tiny_tokenizer("roberta"))
    context = tiny_context(tmp_path / "fnet", tmp_path / "run", method=ConsistencySettings())
    with pytest.raises(SettingError, match="answers do not depend on padding"):
        ConsistencyTraining().train(context)


def test_missing_words_are_learnt_in_rows_of_one_length_where_padding_changes_answers(tmp_path: Path) -> None:
    write_family(tmp_path / "fnet", "fnet", tiny_tokenizer("roberta"))
    context = tiny_context(tmp_path / "fnet", tmp_path / "run")
    network = load_network("AutoModelForMaskedLM", tmp_path / "fnet", context.backbone.config, new_head=True)
    batches = [batch for step in masked_lm(context, network).steps(0) for batch in step.batches]
    assert any(len(batch.features) > 1 for batch in batches)
    assert all(len({len(row) for row in batch.features}) == 1 for batch in batches)
