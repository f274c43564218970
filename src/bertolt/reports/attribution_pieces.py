"""An explained text as pieces in order: words with their weight, what is between, what was not read."""

from __future__ import annotations

from dataclasses import dataclass

from bertolt.inference.attribution import Attribution, WordScore
from bertolt.inference.unread import Unread

#: From which share of the strongest word's score a word has one mark, two, three.
LEVELS = (0.15, 0.4, 0.75)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text.

    Args:
        text: its characters.
        score: of a word; None where there is none.
        level: -3 to 3: how strong the score is beside the strongest of the inputs, with its sign.
        read: whether the model read it.
    """

    text: str
    score: float | None = None
    level: int = 0
    read: bool = True

    @property
    def mark(self) -> str:
        """The level as plus or minus signs; empty at 0."""
        return ("+" if self.level > 0 else "-") * abs(self.level)


def level(score: float, strongest: float) -> int:
    """How strong a score is, -3 to 3, beside the strongest one (its absolute value)."""
    share = abs(score) / strongest if strongest else 0.0
    steps = sum(share >= least for least in LEVELS)
    return steps if score > 0 else -steps


def pieces(found: Attribution, field: str) -> list[Piece]:
    """The text of an input column, whole and in order."""
    text = found.texts[field]
    strongest = max((abs(each.score) for each in found.tokens), default=0.0)
    known: list[WordScore | Unread] = [*found.tokens, *found.unread]
    here = [each for each in known if each.field == field]
    result: list[Piece] = []
    place = 0
    for each in sorted(here, key=lambda one: (one.start, one.end)):
        start = max(each.start, place)  # two words may share a character, such as a ligature
        if start > place:
            result.append(Piece(text[place:start]))
        place = max(place, each.end)
        if isinstance(each, Unread):
            result.append(Piece(text[start:place], read=False))
        else:
            result.append(Piece(text[start:place], each.score, level(each.score, strongest)))
    if place < len(text):
        result.append(Piece(text[place:]))
    return result
