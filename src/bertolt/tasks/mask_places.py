"""Missing words in a text: where they stand, what may fill them, and how the filled text reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bertolt.data.tokenizer import Tokenizer
from bertolt.errors import SettingError
from bertolt.metrics.calibration import softmax
from bertolt.results import Candidate

#: A spelling of the missing word that every model understands, beside its own mask token.
MASK = "[MASK]"

#: What begins a word in vocabularies that mark the blank before it (byte-level BPE, SentencePiece).
_BLANKS = ("Ġ", "▁")
_COMMON = ("the", "t", "a")


@dataclass(frozen=True, slots=True)
class Places:
    """A text with missing words.

    Args:
        text: with the model's own mask token in every missing place.
        targets: the ids that are compared; None: the whole vocabulary.
        tokenizer: ids to text.
    """

    text: str
    targets: NDArray[np.int64] | None
    tokenizer: Tokenizer


def own_spelling(text: str, mask_token: str) -> str:
    """The text with the model's mask token for ``[MASK]``."""
    return text if mask_token == MASK else text.replace(MASK, mask_token)


def as_read(text: str, tokenizer: Tokenizer) -> str:
    """The text as it is tokenised.

    Where the vocabulary's words begin with the blank before them, the blank before a missing word is missing
    with it, whether or not the tokenizer's files say so of the mask token (``lstrip``).
    """
    token = str(tokenizer.mask_token)
    return text.replace(f" {token}", token) if marks_blanks(tokenizer) else text


def marks_blanks(tokenizer: Tokenizer) -> bool:
    """Whether words in the vocabulary begin with a mark for the blank before them."""
    return any(tokenizer.token_to_id(f"{blank}{word}") is not None for blank in _BLANKS for word in _COMMON)


def target_ids(words: Sequence[str], tokenizer: Tokenizer) -> NDArray[np.int64] | None:
    """The ids of the words that are compared, or None where none are named.

    Where the vocabulary marks the blank before a word, that is the form with the blank, if it has it.

    Raises:
        SettingError: a word that is not one token of the vocabulary.
    """
    if not words:
        return None
    found: list[int] = []
    for word in words:
        forms = [tokens.ids for tokens in tokenizer.tokens([f" {word}", word])]
        single = [ids for ids in forms if len(ids) == 1 and int(ids[0]) not in tokenizer.special_ids]
        if not single:
            pieces = " ".join(repr(tokenizer.id_to_token(int(token))) for token in forms[-1])
            raise SettingError(
                "words that are one token of the model's vocabulary in --set targets",
                f"{word!r}, which it reads as {pieces or 'nothing'}",
                "leave the word out, or choose another",
            )
        found.append(int(single[0][0]))
    return np.asarray(list(dict.fromkeys(found)), dtype=np.int64)


def candidates(
    logits: NDArray[np.float32], places: Places, top_k: int
) -> tuple[tuple[tuple[Candidate, ...], ...], str]:
    """The best tokens for each missing place.

    Args:
        logits: shape (m, V), in the order of the places.
        places: the text that they are missing from.
        top_k: how many of each, unless targets are named, which are all kept.

    Returns:
        The candidates of each place, best first, and the text with the best in every place.
    """
    chosen: list[list[tuple[int, float]]] = []
    for row in logits:
        probabilities = softmax(row.astype(np.float64)[None])[0]
        pool = places.targets
        if pool is None:
            count = min(top_k, len(row))
            pool = np.argpartition(-probabilities, count - 1)[:count]
        order = sorted(pool.tolist(), key=lambda token: (-probabilities[token], token))
        chosen.append([(token, float(probabilities[token])) for token in order])
    best = [ranked[0][0] for ranked in chosen]
    found = tuple(
        tuple(
            Candidate(
                token=surface(token, places.tokenizer)[0],
                score=score,
                text=fill([*best[:place], token, *best[place + 1 :]], places),
            )
            for token, score in ranked
        )
        for place, ranked in enumerate(chosen)
    )
    return found, fill(best, places)


def fill(tokens: Sequence[int], places: Places) -> str:
    """The text with a token in each missing place, in order."""
    parts = places.text.split(str(places.tokenizer.mask_token))
    text = parts[0]
    for token, part in zip(tokens, parts[1:], strict=True):
        word, continues = surface(token, places.tokenizer)
        text = (text.rstrip() if continues else text) + word + part
    return text


def surface(token_id: int, tokenizer: Tokenizer) -> tuple[str, bool]:
    """A token as it stands in a text, and whether it goes on with the word before it."""
    token = tokenizer.id_to_token(token_id) or ""
    if token.startswith("##"):
        return token[2:], True
    text = tokenizer.decode([token_id])
    continues = marks_blanks(tokenizer) and not token.startswith(_BLANKS) and text[:1].isalnum()
    return text.strip() or token, continues
