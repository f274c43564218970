"""Which tokens are hidden from the model, and what stands in their place."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bertolt.data.tokenizer import Ids, Tokenizer
from bertolt.errors import FolderError


@dataclass(frozen=True, slots=True)
class Masking:
    """The rule by which tokens are chosen and replaced (Devlin et al. 2019, §3.1).

    Args:
        mask_id: the id of the mask token.
        special: whether each id of the vocabulary is a special token, which is never hidden; shape (V,).
        ordinary: the ids that may stand in for another token: all that are not special.
        share: of the tokens, 0..1, that are chosen.
        hidden: of the chosen ones, the share that becomes the mask token.
        replaced: the share that becomes another token, drawn at random; the rest stays as it is.
    """

    mask_id: int
    special: NDArray[np.bool_]
    ordinary: Ids
    share: float = 0.15
    hidden: float = 0.8
    replaced: float = 0.1


@dataclass(frozen=True, slots=True)
class Masked:
    """A row with some tokens hidden.

    Args:
        ids: what the model reads, shape (t,).
        positions: the places of the chosen tokens in ``ids``, ascending, shape (m,).
        originals: the ids that stood there, shape (m,).
    """

    ids: Ids
    positions: NDArray[np.int32]
    originals: Ids


def masking_for(tokenizer: Tokenizer, *, hidden: float = 0.8, replaced: float = 0.1) -> Masking:
    """The rule for a tokenizer's vocabulary.

    Raises:
        FolderError: the vocabulary has no mask token.
    """
    mask_id = mask_id_of(tokenizer)
    special = special_table(tokenizer.vocab_size, tokenizer.special_ids)
    ordinary = np.flatnonzero(~special).astype(np.int32)
    return Masking(mask_id, special, ordinary, hidden=hidden, replaced=replaced)


def mask_id_of(tokenizer: Tokenizer) -> int:
    """The id of the mask token.

    Raises:
        FolderError: there is none.
    """
    token = tokenizer.mask_token
    found = None if token is None else tokenizer.token_to_id(token)
    if found is None:
        raise FolderError(
            "a model whose vocabulary has a mask token",
            "none in its tokenizer",
            "choose a BERT-like model; `bertolt models` lists some",
        )
    return found


def special_table(size: int, special_ids: Set[int]) -> NDArray[np.bool_]:
    """Whether each id is special, for ids below ``size`` and up to the greatest special one."""
    table = np.zeros(max([size, *(number + 1 for number in special_ids)]), dtype=np.bool_)
    table[list(special_ids)] = True
    return table


def draw(
    ids: Ids, rule: Masking, random: np.random.Generator, words: NDArray[np.int32] | None = None
) -> Masked:
    """Hides some tokens of a row.

    The number of chosen tokens is the rule's share of those that may be chosen, rounded up or down at
    random so that it is right in the mean, and at least 1. It is known tokens that are counted, not words:
    with ``words`` whole words are taken in random order while they fit into that number.

    Args:
        ids: a row with its special tokens, shape (t,).
        rule: what is chosen and what stands in its place.
        random: decides; equal generators, equal masks.
        words: the number of the word that each token is a part of, shape (t,): the tokens of a word are
            hidden together or not at all. The numbers at special tokens are not read.

    Returns:
        The row; without any ordinary token it is unchanged and no position is chosen.
    """
    free = np.flatnonzero(~rule.special[ids])
    if not len(free):
        return Masked(ids, np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32))
    count = max(1, int(rule.share * len(free) + random.random()))
    if words is None:
        chosen = np.sort(random.permutation(free)[:count])
    else:
        chosen = free[_whole_words(words[free], count, random)]
    fate = random.random(len(chosen))
    read = ids.copy()
    read[chosen[fate < rule.hidden]] = rule.mask_id
    swapped = chosen[(fate >= rule.hidden) & (fate < rule.hidden + rule.replaced)]
    read[swapped] = rule.ordinary[random.integers(len(rule.ordinary), size=len(swapped))]
    return Masked(read, chosen.astype(np.int32), ids[chosen])


def _whole_words(words: NDArray[np.int32], count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """The places of tokens that make whole words, about ``count``.

    As BERT's own whole-word masking: words in random order, those that no longer fit are passed over.
    """
    starts = np.concatenate([[0], np.flatnonzero(np.diff(words)) + 1, [len(words)]])
    taken: list[NDArray[np.int64]] = []
    left = count
    order = random.permutation(len(starts) - 1)
    for word in order:
        size = int(starts[word + 1] - starts[word])
        if size <= left:
            taken.append(np.arange(starts[word], starts[word + 1]))
            left -= size
            if not left:
                break
    if not taken:  # every word is longer than the number
        taken.append(np.arange(starts[order[0]], starts[order[0] + 1]))
    return np.sort(np.concatenate(taken))
