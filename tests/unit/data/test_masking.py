"""Masks: shares within binomial bounds, special tokens never hidden, words whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer as Core
from tokenizers import models
from transformers import PreTrainedTokenizerFast

from bertolt.data.masking import Masking, draw, mask_id_of, masking_for
from bertolt.data.tokenizer import Tokenizer
from bertolt.errors import FolderError

# A vocabulary of 1,000 ids, of which 0 to 4 are special and 4 is the mask.
SPECIAL = np.arange(1000) < 5
RULE = Masking(mask_id=4, special=SPECIAL, ordinary=np.arange(5, 1000, dtype=np.int32))


def _bounds(n: int, share: float) -> tuple[float, float]:
    """Five standard deviations of a binomial on either side."""
    spread = 5 * np.sqrt(n * share * (1 - share))
    return n * share - spread, n * share + spread


def _rows(count: int, length: int) -> np.ndarray:
    rows = np.random.default_rng(0).integers(5, 1000, size=(count, length)).astype(np.int32)
    rows[:, 0], rows[:, -1] = 2, 3
    return rows


def test_shares_are_15_percent_and_80_10_10() -> None:
    rows = _rows(2000, 62)
    found = [draw(row, RULE, np.random.default_rng((0, index))) for index, row in enumerate(rows)]
    chosen = sum(len(each.positions) for each in found)
    low, high = _bounds(2000 * 60, 0.15)
    assert low < chosen < high
    read = np.concatenate([each.ids[each.positions] for each in found])
    truth = np.concatenate([each.originals for each in found])
    for share, count in ((0.8, (read == 4).sum()), (0.1, ((read != 4) & (read != truth)).sum())):
        low, high = _bounds(chosen, share)
        assert low < count < high
    low, high = _bounds(chosen, 0.1)
    assert low < (read == truth).sum() < high
    assert not SPECIAL[read[read != 4]].any()  # nothing special stands in for a token


def test_what_is_chosen_is_told_and_the_rest_stays() -> None:
    row = _rows(1, 40)[0]
    masked = draw(row, RULE, np.random.default_rng(3))
    others = np.setdiff1d(np.arange(40), masked.positions)
    assert (masked.ids[others] == row[others]).all()
    assert (masked.originals == row[masked.positions]).all()
    assert (np.diff(masked.positions) > 0).all()
    assert not SPECIAL[masked.originals].any()


def test_special_tokens_are_never_hidden_even_alone() -> None:
    row = np.asarray([2, 0, 4, 3], dtype=np.int32)
    masked = draw(row, RULE, np.random.default_rng(0))
    assert (masked.ids == row).all()
    assert len(masked.positions) == len(masked.originals) == 0


def test_a_short_row_has_one_token_hidden() -> None:
    for seed in range(20):
        assert len(draw(np.asarray([2, 9, 3]), RULE, np.random.default_rng(seed)).positions) == 1


def test_equal_generators_give_equal_masks_and_others_do_not() -> None:
    row = _rows(1, 100)[0]
    one, same, other = (draw(row, RULE, np.random.default_rng((0, epoch, 7))) for epoch in (1, 1, 2))
    assert (one.ids == same.ids).all()
    assert one.positions.tolist() != other.positions.tolist()


def test_whole_words_are_hidden_together_and_in_the_same_share() -> None:
    random = np.random.default_rng(1)
    sizes = random.integers(1, 4, size=40)
    words = np.concatenate([[0], np.repeat(np.arange(40), sizes), [0]]).astype(
        np.int32
    )  # numbers at specials
    row = _rows(1, len(words))[0]
    rule = replace(RULE, hidden=1.0, replaced=0.0)
    chosen = 0
    for seed in range(500):
        masked = draw(row, rule, np.random.default_rng(seed), words)
        hidden = set(masked.positions.tolist())
        chosen += len(hidden)
        assert not hidden & {0, len(words) - 1}
        for word in range(40):
            places = set((np.flatnonzero(words[1:-1] == word) + 1).tolist())
            assert places <= hidden or not places & hidden
    low, high = _bounds(500 * (len(words) - 2), 0.15)
    assert low < chosen < high


def test_a_word_longer_than_the_share_is_hidden_whole() -> None:
    row = np.asarray([2, 9, 10, 11, 3], dtype=np.int32)
    masked = draw(row, RULE, np.random.default_rng(0), np.asarray([0, 7, 7, 7, 0], dtype=np.int32))
    assert masked.positions.tolist() == [1, 2, 3]


def test_the_rule_of_a_vocabulary(tiny_folder: Callable[[str], Path]) -> None:
    for family, mask in (("bert", "[MASK]"), ("roberta", "<mask>")):
        tokenizer = Tokenizer.from_folder(tiny_folder(family))
        rule = masking_for(tokenizer)
        assert tokenizer.id_to_token(rule.mask_id) == mask
        assert {int(number) for number in np.flatnonzero(rule.special)} == tokenizer.special_ids
        assert len(rule.ordinary) + len(tokenizer.special_ids) == tokenizer.vocab_size


def test_a_vocabulary_without_a_mask_is_refused() -> None:
    core = Core(models.WordLevel({"a": 0, "[UNK]": 1}, unk_token="[UNK]"))
    tokenizer = Tokenizer(PreTrainedTokenizerFast(tokenizer_object=core, unk_token="[UNK]"))  # type: ignore[no-untyped-call]
    with pytest.raises(FolderError, match="mask token"):
        mask_id_of(tokenizer)
    with pytest.raises(FolderError, match="pre-tokenizer"):
        tokenizer.words(["a a"])


def test_words_of_tokens(tiny_folder: Callable[[str], Path]) -> None:
    text = "the filmed plot [MASK] was warmly dull."
    tokenizer = Tokenizer.from_folder(tiny_folder("bert"))
    ids = tokenizer.tokens([text])[0].ids
    names = [tokenizer.id_to_token(int(number)) for number in ids]
    assert names == ["the", "film", "##ed", "plot", "[MASK]", "was", "warm", "##ly", "dull", "."]
    words = tokenizer.words([text])[0].tolist()
    ends = [a == b for a, b in pairwise(words)]
    assert ends == [False, True, False, False, False, False, True, False, False]
    roberta = Tokenizer.from_folder(tiny_folder("roberta"))
    text = "the film was odd."
    names = [roberta.id_to_token(int(number)) for number in roberta.tokens([text])[0].ids]
    words = roberta.words([text])[0].tolist()
    assert len(words) == len(names)
    for before, (name, after) in zip(words, list(zip(names, words, strict=True))[1:], strict=False):
        assert (before != after) == (str(name).startswith("Ġ") or name == ".")
