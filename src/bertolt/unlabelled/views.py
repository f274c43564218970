"""Views: other ways to write a text that leave its label as it was, for consistency training.

A view is a pure function of token ids and of (seed, epoch, index), so that a resumed run sees the same ones.
Special tokens always stay where they are. The words of the rules are the tokens of the vocabulary: what is
replaced is what the model reads, and nothing has to be tokenised anew in each epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bertolt.data.masking import mask_id_of, special_table
from bertolt.data.tokenizer import Ids, Tokenizer
from bertolt.errors import SettingError

ViewName = Literal["replace", "dropout", "mask", "back-translation"]
View = Callable[[Ids, np.random.Generator], Ids]

#: A last number of the seeds of views, apart from those of the order of rows, which are seed and epoch.
_VIEWS = 2**31 + 1


class TfIdfReplacement:
    """Replaces words that say little by other such words (Xie et al. 2020, Appendix B).

    Word ``i`` of a text ``x`` is replaced with probability ``min(1, rate * (C - t_i) / Z)``, where ``t_i`` is
    its TF-IDF in the text, ``C`` the greatest of them and ``Z`` the mean of ``C - t`` over the text. What
    stands in for it is drawn with a probability in proportion to ``max S - S(w)``, ``S(w)`` being the word's
    frequency in the pool times its IDF: a keyword of the pool is never put where it does not belong.

    Args:
        pool: ids of the texts without labels, special ones included; at least one.
        special: whether each id of the vocabulary is special, shape (V,).
        rate: share of the words that are replaced in the mean, 0..1.
    """

    def __init__(self, pool: Sequence[Ids], special: NDArray[np.bool_], rate: float) -> None:
        self._special = special
        self._rate = rate
        documents = np.zeros(len(special))
        frequency = np.zeros(len(special))
        for ids in pool:
            words = ids[~special[ids]]
            documents[np.unique(words)] += 1
            np.add.at(frequency, words, 1 / max(1, len(words)))
        #: log(texts / texts that have the word), shape (V,); 0 for words that the pool lacks.
        self.idf = np.log(len(pool) / np.maximum(documents, 1)) * (documents > 0)
        self._words = np.flatnonzero(documents).astype(np.int32)
        score = (frequency * self.idf)[self._words]
        left = score.max(initial=0.0) - score
        # Where every word is worth the same, each is as good a stand-in as any other.
        #: The probability of each word of the pool as a stand-in.
        self.stand_in = left / left.sum() if left.sum() > 0 else np.full(len(left), 1 / max(1, len(left)))
        self._cumulated = np.cumsum(self.stand_in)

    def probabilities(self, ids: Ids) -> NDArray[np.float64]:
        """How likely each token is to be replaced; 0 for special ones.

        Returns:
            Shape (t,).
        """
        free = ~self._special[ids]
        words = ids[free]
        found = np.zeros(len(ids))
        if not len(words):
            return found
        _, places, counts = np.unique(words, return_inverse=True, return_counts=True)
        tf_idf = counts[places] / len(words) * self.idf[words]
        left = tf_idf.max() - tf_idf
        if left.sum() > 0:
            found[free] = np.minimum(1.0, self._rate * left / left.mean())
        return found

    def __call__(self, ids: Ids, random: np.random.Generator) -> Ids:
        """A view of one row of ids."""
        chosen = random.random(len(ids)) < self.probabilities(ids)
        if not len(self._words) or not chosen.any():
            return ids
        drawn = np.searchsorted(self._cumulated, random.random(int(chosen.sum())), side="right")
        view = ids.copy()
        view[chosen] = self._words[np.minimum(drawn, len(self._words) - 1)]
        return view


class TokenDropout:
    """Leaves out each token with a probability of ``rate``.

    Args:
        special: whether each id of the vocabulary is special, shape (V,).
        rate: 0..1.
    """

    def __init__(self, special: NDArray[np.bool_], rate: float) -> None:
        self._special = special
        self._rate = rate

    def __call__(self, ids: Ids, random: np.random.Generator) -> Ids:
        """A view of one row of ids; one token at least stays."""
        free = ~self._special[ids]
        gone = free & (random.random(len(ids)) < self._rate)
        if gone.any() and gone.sum() == free.sum():
            gone[random.choice(np.flatnonzero(free))] = False
        return ids[~gone]


class TokenMask:
    """Puts the mask token in the place of each token with a probability of ``rate``.

    Args:
        special: whether each id of the vocabulary is special, shape (V,).
        mask_id: the id of the mask token.
        rate: 0..1.
    """

    def __init__(self, special: NDArray[np.bool_], mask_id: int, rate: float) -> None:
        self._special = special
        self._mask_id = mask_id
        self._rate = rate

    def __call__(self, ids: Ids, random: np.random.Generator) -> Ids:
        """A view of one row of ids."""
        hidden = ~self._special[ids] & (random.random(len(ids)) < self._rate)
        return np.where(hidden, np.int32(self._mask_id), ids).astype(np.int32)


def make_views(
    names: Sequence[ViewName], rate: float, tokenizer: Tokenizer, pool: Sequence[Ids]
) -> list[View]:
    """The views that are named, in their order.

    Args:
        names: at least one.
        rate: share of the tokens that each changes.
        tokenizer: the model's.
        pool: ids of the texts without labels.

    Raises:
        SettingError: a view that cannot be made.
        FolderError: the vocabulary has no mask token, and ``mask`` is named.
    """
    special = special_table(tokenizer.vocab_size, tokenizer.special_ids)
    made: list[View] = []
    for name in names:
        if name == "replace":
            made.append(TfIdfReplacement(pool, special, rate))
        elif name == "dropout":
            made.append(TokenDropout(special, rate))
        elif name == "mask":
            made.append(TokenMask(special, mask_id_of(tokenizer), rate))
        else:
            raise SettingError(
                "views out of replace, dropout and mask",
                "back-translation, which needs a translation model, and there is none yet",
                "leave back-translation out of --set views=…",
            )
    return made


def view_of(views: Sequence[View], ids: Ids, seed: int, epoch: int, index: int) -> Ids:
    """One of the views of one row, drawn evenly among them: a pure function of its arguments.

    Args:
        views: those of ``make_views``.
        ids: special tokens included, shape (t,).
        seed: of the run.
        epoch: from 0.
        index: of the row in the pool.
    """
    random = np.random.default_rng((seed, epoch, index, _VIEWS))
    return views[int(random.integers(len(views)))](ids, random)
