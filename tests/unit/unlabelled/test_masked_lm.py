"""The objective: masks anew each epoch, a loss that no budget changes, pairs beside words."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from bertolt.data.masking import masking_for
from bertolt.data.tokenizer import Tokenizer
from bertolt.models.backbone import load_backbone
from bertolt.models.heads import Blueprint
from bertolt.models.next_sentence_head import build_both
from bertolt.unlabelled import masked_lm
from bertolt.unlabelled.masked_lm import HeadWarmup, MaskedLM, Reading, only
from bertolt.unlabelled.rows import Pieces, SentencePairs, Text

Make = Callable[..., MaskedLM]


@pytest.fixture
def make(tiny_folder: Callable[[str], Path]) -> Make:
    def call(pairs: bool = False, batch_size: int = 8, seed: int = 0) -> MaskedLM:
        backbone = load_backbone(str(tiny_folder("bert")))
        tokenizer = Tokenizer.from_folder(backbone.folder)
        torch.manual_seed(0)
        network = build_both(backbone, Blueprint((), attention_dropout=False), next_sentence=pairs).eval()
        random = np.random.default_rng(1)

        def text() -> Text:
            return Text(random.integers(120, 200, size=random.integers(1, 30)).astype(np.int32))

        rows: Pieces | SentencePairs
        if pairs:
            rows = SentencePairs([[text() for _ in range(6)] for _ in range(8)], tokenizer.pair, 48)
        else:
            rows = Pieces([text() for _ in range(40)], tokenizer.single, 16)
        reading = Reading(masking_for(tokenizer), tokenizer.pad_id, batch_size, seed)
        return MaskedLM(network, rows, reading, lambda: None)

    return call


def _total(objective: MaskedLM) -> list[float]:
    return [
        sum(objective.loss(batch).item() for batch in step.batches) / step.weight
        for step in objective.steps(0)
    ]


def _masks(objective: MaskedLM, epoch: int) -> list[list[int]]:
    batches = [batch for step in objective.steps(epoch) for batch in step.batches]
    return sorted(feature.ids.tolist() for batch in batches for feature in batch.features)


@pytest.mark.parametrize("pairs", [False, True])
def test_steps_are_a_function_of_seed_and_epoch(make: Make, pairs: bool) -> None:
    one, same, other = make(pairs), make(pairs), make(pairs, seed=1)
    assert _masks(one, 3) == _masks(same, 3)
    assert _masks(one, 0) != _masks(one, 1)
    assert _masks(one, 0) == _masks(same, 0)  # asked after another epoch
    assert _masks(one, 0) != _masks(other, 0)
    assert len({len(one.steps(epoch)) for epoch in range(4)}) == 1


def test_every_token_is_read_once_an_epoch_and_rows_are_of_one_document(make: Make) -> None:
    objective = make()
    random = np.random.default_rng(1)
    documents = [random.integers(120, 200, size=random.integers(1, 30)).tolist() for _ in range(40)]
    read = []
    for step in objective.steps(0):
        for batch in step.batches:
            for feature in batch.features:
                ids = feature.ids.copy()
                ids[feature.select] = feature.target
                read.append(ids[1:-1].tolist())
                assert len(ids) <= 16
    joined = {tuple(document[start : start + len(row)]) for row in read for document in documents
              for start in range(len(document) - len(row) + 1)}  # fmt: skip
    assert all(tuple(row) in joined for row in read)
    assert sorted(chain.from_iterable(read)) == sorted(chain.from_iterable(documents))


@pytest.mark.parametrize("pairs", [False, True])
def test_the_token_budget_does_not_change_a_step(
    make: Make, pairs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _total(make(pairs))
    monkeypatch.setattr(masked_lm, "MAX_TOKENS", {"cpu": 64})
    objective = make(pairs)
    assert any(len(step.batches) > 1 for step in objective.steps(0))
    assert _total(objective) == pytest.approx(whole, abs=1e-5)


def test_the_loss_is_the_mean_of_hidden_tokens_and_the_mean_of_pairs(make: Make) -> None:
    objective = make(pairs=True)
    network = objective.network
    for step in objective.steps(0):
        words, follows, pair_logits, targets = [], [], [], []
        for batch in step.batches:
            assert batch.follows is not None
            follows += batch.follows.tolist()
            for feature in batch.features:
                ids = torch.from_numpy(feature.ids.astype(np.int64))[None]
                types = torch.from_numpy(feature.types.astype(np.int64))[None]
                output = network(input_ids=ids, token_type_ids=types)
                words.append(output.prediction_logits[0, torch.from_numpy(feature.select).long()])
                targets += feature.target.tolist()
                pair_logits.append(output.seq_relationship_logits)
        expected = functional.cross_entropy(torch.cat(words), torch.tensor(targets))
        expected += functional.cross_entropy(torch.cat(pair_logits), torch.tensor(follows))
        found = sum(objective.loss(batch) for batch in step.batches) / step.weight
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_whole_words_of_pairs_have_numbers_of_their_own(tiny_folder: Callable[[str], Path]) -> None:
    tokenizer = Tokenizer.from_folder(tiny_folder("bert"))
    sentence = Text(np.asarray([120, 121, 122], dtype=np.int32), np.asarray([0, 0, 1], dtype=np.int32))
    rows = SentencePairs([[sentence] * 3, [sentence] * 3], tokenizer.pair, 64).epoch(np.random.default_rng(0))
    for row in rows:
        assert row.words is not None
        inner = row.words[~np.isin(row.ids, list(tokenizer.special_ids))].tolist()
        assert inner == [0, 0, 1, 2, 2, 3, 4, 4, 5]


def test_the_head_is_trained_alone_for_so_many_steps(make: Make) -> None:
    inner = make()  # 5 steps or so an epoch
    count = len(inner.steps(0))
    first = HeadWarmup(inner, 2 * count + 1)
    assert (first.epochs, len(first.steps(0))) == (3, (2 * count + 1 + 2) // 3)
    assert [step.tokens for step in HeadWarmup(inner, 2).steps(0)] == [
        step.tokens for step in inner.steps(0)[:2]
    ]
    assert first.validate() is None
    network = inner.network
    chosen = [network.cls.predictions.bias]
    network.cls.predictions.transform.dense.weight.requires_grad_(False)
    with only(network, chosen):
        assert [each for each in network.parameters() if each.requires_grad] == chosen
    assert not network.cls.predictions.transform.dense.weight.requires_grad
    assert network.bert.embeddings.word_embeddings.weight.requires_grad
