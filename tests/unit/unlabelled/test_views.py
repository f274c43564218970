"""Views: the formulas by hand, special tokens untouched, and the same view for the same seed."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bertolt.data.tokenizer import Ids, Tokenizer
from bertolt.errors import SettingError
from bertolt.unlabelled.views import TfIdfReplacement, TokenDropout, TokenMask, make_views, view_of

SPECIAL = np.asarray([True, True, False, False, False, False, False])


def _ids(*numbers: int) -> Ids:
    return np.asarray(numbers, dtype=np.int32)


def test_tf_idf_replacement_has_the_probabilities_of_the_paper() -> None:
    pool = [_ids(0, 2, 3, 1), _ids(0, 2, 4, 1)]
    replacement = TfIdfReplacement(pool, SPECIAL, rate=0.25)
    # IDF: 2 stands in both texts, 3 and 4 in one each; 5 and 6 in none.
    np.testing.assert_allclose(replacement.idf, [0, 0, 0, math.log(2), math.log(2), 0, 0])
    # Text (2, 2, 3): TF-IDF 0, 0, log(2) / 3, so C - t is log(2) / 3 twice, and 0; Z is their mean.
    found = replacement.probabilities(_ids(0, 2, 2, 3, 1))
    np.testing.assert_allclose(found, [0, 0.25 * 1.5, 0.25 * 1.5, 0, 0])
    # S: 0 for 2, log(2) / 2 for 3 and 4: only 2 is ever put in.
    np.testing.assert_allclose(replacement.stand_in, [1, 0, 0])


def test_stand_ins_are_drawn_as_often_as_they_should() -> None:
    pool = [_ids(2, 2, 3), _ids(2, 4), _ids(2, 3, 5)]
    replacement = TfIdfReplacement(pool, SPECIAL, rate=1.0)
    random = np.random.default_rng(0)
    drawn = np.concatenate([replacement(_ids(2, 2, 2, 4), random)[:3] for _ in range(2000)])
    chosen = replacement.probabilities(_ids(2, 2, 2, 4))[0]
    assert chosen == 1.0
    shares = [(drawn == word).mean() for word in (2, 3, 4, 5)]
    np.testing.assert_allclose(shares, replacement.stand_in, atol=0.02)


def test_a_text_of_words_that_all_say_the_same_is_left_alone() -> None:
    replacement = TfIdfReplacement([_ids(2), _ids(3)], SPECIAL, rate=1.0)
    assert replacement.probabilities(_ids(0, 2, 3, 1)).tolist() == [0, 0, 0, 0]
    assert replacement(_ids(0, 1), np.random.default_rng(0)).tolist() == [0, 1]


def test_dropout_keeps_special_tokens_and_one_word() -> None:
    drop = TokenDropout(SPECIAL, 0.5)
    random = np.random.default_rng(0)
    views = [drop(_ids(0, 2, 3, 4, 5, 1), random) for _ in range(2000)]
    assert all(view[0] == 0 and view[-1] == 1 for view in views)
    assert np.mean([len(view) - 2 for view in views]) == pytest.approx(2 + 1 / 16, abs=0.08)  # of 4, never 0
    assert min(len(view) for view in views) == 3
    assert all(len(TokenDropout(SPECIAL, 0.999)(_ids(0, 2, 3, 1), random)) == 3 for _ in range(20))


def test_masks_stand_where_words_stood() -> None:
    mask = TokenMask(SPECIAL, 6, 0.3)
    random = np.random.default_rng(0)
    views = np.stack([mask(_ids(0, 2, 3, 4, 5, 1), random) for _ in range(2000)])
    assert (views[:, 0] == 0).all()
    assert (views[:, -1] == 1).all()
    assert (views[:, 1:-1] == 6).mean() == pytest.approx(0.3, abs=0.02)
    assert set(views[:, 1].tolist()) == {2, 6}


def test_a_view_is_a_function_of_seed_epoch_and_row(tiny_folder: Callable[[str], Path]) -> None:
    tokenizer = Tokenizer.from_folder(tiny_folder("bert"))
    pool = [tokens.ids for tokens in tokenizer.tokens(["the film was dull .", "this plot was superb !"])]
    views = make_views(("replace", "dropout", "mask"), 0.4, tokenizer, pool)
    again = make_views(("replace", "dropout", "mask"), 0.4, tokenizer, pool)
    row = np.concatenate([pool[0], pool[1], pool[0]])
    places = [(seed, epoch, index) for seed in range(3) for epoch in range(3) for index in range(3)]
    found = [view_of(views, row, *place).tolist() for place in places]
    assert found == [view_of(again, row, *place).tolist() for place in places]
    assert len({tuple(view) for view in found}) > 20


def test_back_translation_is_refused_in_one_message(tiny_folder: Callable[[str], Path]) -> None:
    tokenizer = Tokenizer.from_folder(tiny_folder("bert"))
    with pytest.raises(SettingError, match="back-translation, which needs a translation model"):
        make_views(("replace", "back-translation"), 0.2, tokenizer, [_ids(5)])
