"""Unknown tokens, which stand for characters that the vocabulary lacks, such as Thai in an English BERT.

A model reads all of them as one and the same token, so it cannot tell such texts apart. They are counted by
``bertolt.data.tokenizer``; this module says what follows from the counts.
"""

from __future__ import annotations

from collections.abc import Sequence

from bertolt.data.findings import Finding, Place, counted, single
from bertolt.data.tokenizer import TokenCount
from bertolt.errors import DataError

#: Models on the Hub whose vocabularies hold about a hundred languages.
MULTILINGUAL = ("intfloat/multilingual-e5-small", "xlm-roberta-base", "bert-base-multilingual-cased")

#: The share of unknown tokens above which a text counts as not read, and training is refused.
MOST = 0.5
#: The share from which `bertolt check` warns.
MANY = 0.05

ADVICE = f"choose a model that knows the language, such as --model {' or --model '.join(MULTILINGUAL)}"


def mostly_unknown(tokens: int, unknown: int) -> bool:
    """Whether more than half of the tokens are unknown."""
    return unknown > MOST * tokens


def unknown_findings(places: Sequence[Place], counts: Sequence[TokenCount]) -> list[Finding]:
    """What a check says of the rows with unknown tokens.

    Args:
        places: where each row stands.
        counts: the tokens of each row's texts together.

    Returns:
        Nothing where there are none; an error where training is refused (``refuse_unknown``); a warning
        from a twentieth of the tokens on, or where a row is mostly unknown; else a note.
    """
    tokens, unknown = (sum(numbers) for numbers in zip(*counts, strict=True))
    if not unknown:
        return []
    rows = [place for place, count in zip(places, counts, strict=True) if count.unknown]
    unread = sum(mostly_unknown(*count) for count in counts)
    what = f"{_share(tokens, unknown)}, in {counted(len(rows), 'row')}"
    if unread:
        what += f"; of {counted(unread, 'row')} more than half of the tokens are unknown"
    if mostly_unknown(tokens, unknown):
        return [Finding("error", "unknown", what, ADVICE, single(rows))]
    if unread or unknown >= MANY * tokens:
        return [Finding("warning", "unknown", what, ADVICE, single(rows))]
    return [Finding("note", "unknown", what, "", single(rows))]


def unknown_notes(tokens: int, unknown: int) -> list[str]:
    """What a training says of its data: a line where there are unknown tokens."""
    return [f"unknown: {_share(tokens, unknown)}"] if unknown else []


def refuse_unknown(tokens: int, unknown: int, model: str) -> None:
    """Refuses to train on texts that the model cannot read.

    Raises:
        DataError: more than half of the tokens are unknown.
    """
    if mostly_unknown(tokens, unknown):
        raise DataError(f"texts that the vocabulary of {model} knows", _share(tokens, unknown), ADVICE)


def _share(tokens: int, unknown: int) -> str:
    return f"{unknown:,} of {tokens:,} tokens ({unknown / tokens:.1%}) are unknown to the model's vocabulary"
