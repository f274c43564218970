"""From characters to tokens: the one alignment behind tags, answers and probing.

A span is a pair of character offsets into the text, end excluded. A token lies in a span where the two
share at least one character. So the offsets of byte-level tokens may take in the blank before a word,
and several tokens may share one character (the bytes of an emoji, the parts of a ligature).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Spans = NDArray[np.int64]


def token_spans(
    offsets: NDArray[np.integer], spans: NDArray[np.integer] | Sequence[tuple[int, int]]
) -> Spans:
    """The tokens that lie in each span of characters.

    Args:
        offsets: first character of each token and the one after its last, shape (n, 2), in the order of
            the text, as in ``Tokens.offsets``. A token without characters lies in no span.
        spans: shape (m, 2), in any order; they may overlap.

    Returns:
        The first token of each span and the one after its last, shape (m, 2); (-1, -1) where no token
        lies in it: an empty span, control characters, or marks that the tokenizer strips.
    """
    where = np.asarray(offsets, dtype=np.int64).reshape(-1, 2)
    wanted = np.asarray(spans, dtype=np.int64).reshape(-1, 2)
    places = np.flatnonzero(where[:, 0] < where[:, 1])
    where = where[places]
    first = np.searchsorted(where[:, 1], wanted[:, 0], side="right")
    last = np.searchsorted(where[:, 0], wanted[:, 1], side="left") - 1
    found = (first <= last) & (wanted[:, 0] < wanted[:, 1])
    result = np.full((len(wanted), 2), -1, dtype=np.int64)
    result[found, 0] = places[first[found]]
    result[found, 1] = places[last[found]] + 1
    return result


def leading_tokens(word_tokens: Spans) -> NDArray[np.int64]:
    """The token that stands for each word: the first that no earlier word has.

    It is the word's first token, but where that one began in the word before: of ``don't``, read as the
    tokens ``don``, ``'``, ``t`` and the words ``do`` and ``n't``, the second is led by the apostrophe.
    Words that share all of their tokens (an unknown token for both) share the first.

    Args:
        word_tokens: ``token_spans`` of words in the order of the text, shape (m, 2).

    Returns:
        Shape (m,); -1 for a word without a token.
    """
    first, stop = word_tokens[:, 0], word_tokens[:, 1]
    taken = np.maximum.accumulate(np.concatenate([[-1], stop[:-1]])) if len(stop) else stop
    return np.where(taken < stop, np.maximum(first, taken), first)
