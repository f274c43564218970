"""Unknown tokens, which stand for characters that the vocabulary lacks, such as Thai in an English BERT.

A model reads all of them as one and the same token, so it cannot tell such texts apart. They are counted by
``bertolt.data.tokenizer``; this module says what follows from the counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bertolt.data.findings import Finding, Place, single
from bertolt.data.tokenizer import TokenCount
from bertolt.errors import DataError
from bertolt.wording import counted

#: Models on the Hub whose vocabularies hold about a hundred languages.
MULTILINGUAL = ("intfloat/multilingual-e5-small", "xlm-roberta-base", "bert-base-multilingual-cased")

#: The share of a text's tokens above which it counts as not read; training on such texts is refused.
MOST = 0.5
#: The share from which ``bertolt check`` warns.
MANY = 0.05

ADVICE = f"choose a model that knows the language, such as --model {' or --model '.join(MULTILINGUAL)}"


def mostly_unknown(tokens: int, unknown: int) -> bool:
    """Whether more than half of the tokens are unknown."""
    return unknown > MOST * tokens


@dataclass(slots=True)
class UnknownTally:
    """Unknown tokens over many texts.

    Args:
        tokens: of all texts.
        unknown: how many of them the vocabulary lacks.
        with_unknown: texts (of a pair: both together) that have any.
        mostly: texts of which more than half of the tokens are unknown.
    """

    tokens: int = 0
    unknown: int = 0
    with_unknown: int = 0
    mostly: int = 0

    @classmethod
    def of(cls, counts: Iterable[tuple[int, int]]) -> UnknownTally:
        """The tally of texts, of each of which the tokens and the unknown ones are given."""
        tally = cls()
        for tokens, unknown in counts:
            tally.add(tokens, unknown)
        return tally

    def add(self, tokens: int, unknown: int) -> None:
        """Counts one text."""
        self.tokens += tokens
        self.unknown += unknown
        self.with_unknown += unknown > 0
        self.mostly += mostly_unknown(tokens, unknown)

    @property
    def sentence(self) -> str:
        """The share of unknown tokens, and in how many texts they stand."""
        share = f"{self.unknown:,} of {self.tokens:,} tokens ({self.unknown / max(1, self.tokens):.1%})"
        where = f"in {counted(self.with_unknown, 'text')}"
        mostly = f"; of {counted(self.mostly, 'text')} more than half of the tokens are unknown"
        return f"{share} are unknown to the model's vocabulary, {where}{mostly if self.mostly else ''}"

    def notes(self) -> list[str]:
        """One line for people where there are unknown tokens, else none."""
        return [f"unknown: {self.sentence}"] if self.unknown else []

    def warnings(self) -> list[str]:
        """The same for predictions, with what it means for them."""
        meaning = " The model cannot tell such tokens apart: these predictions say little"
        return [f"warning: {self.sentence}.{meaning if self.mostly else ''}"] if self.unknown else []

    def refuse(self) -> None:
        """Refuses to train on texts that the model cannot read.

        Raises:
            DataError: more than half of all tokens are unknown.
        """
        if mostly_unknown(self.tokens, self.unknown):
            raise DataError("texts in a language that the model's vocabulary knows", self.sentence, ADVICE)


def unknown_findings(places: Sequence[Place], counts: Sequence[TokenCount]) -> list[Finding]:
    """What a check says of the rows with unknown tokens.

    Args:
        places: where each row stands.
        counts: the tokens of each row's texts together.

    Returns:
        Nothing where there are none; an error where training refuses the data (``UnknownTally.refuse``); a
        warning from a twentieth of the tokens on, or where a row is mostly unknown; else a note.
    """
    tally = UnknownTally.of(counts)
    if not tally.unknown:
        return []
    rows = single([place for place, count in zip(places, counts, strict=True) if count.unknown])
    if mostly_unknown(tally.tokens, tally.unknown):
        return [Finding("error", "unknown", tally.sentence, ADVICE, rows)]
    if tally.mostly or tally.unknown >= MANY * tally.tokens:
        return [Finding("warning", "unknown", tally.sentence, ADVICE, rows)]
    return [Finding("note", "unknown", tally.sentence, "", rows)]
