"""Next-sentence prediction: whether a text follows another in its document (Devlin et al. 2019, §3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bertolt.data.columns import LABEL_NAMES
from bertolt.data.table import Column
from bertolt.tasks.single_label import SingleLabel

if TYPE_CHECKING:
    from bertolt.models.heads import Head

FOLLOWS = "follows"
OTHER = "does not follow"

#: How files write the two. Numbers are the field's: index 0 is "follows".
_SPELLINGS = {
    **dict.fromkeys((FOLLOWS, "0", "isnext", "is next", "is_next", "next", "yes", "true"), FOLLOWS),
    **dict.fromkeys((OTHER, "1", "notnext", "not next", "not_next", "random", "no", "false"), OTHER),
}


def _read_target(label: str) -> str | None:
    """The label of a spelling; an unknown one is kept, to be refused by name."""
    return _SPELLINGS.get(label.lower(), label)


@dataclass(frozen=True, kw_only=True)
class NextSentencePrediction(SingleLabel):
    """A single label, read by the head that next-sentence prediction was pre-trained with."""

    @property
    def head(self) -> Head:
        """See ``Task.head``."""
        from bertolt.models.next_sentence_head import NextSentenceHead

        return NextSentenceHead()


TASK = NextSentencePrediction(
    name="next-sentence-prediction",
    aliases=("nsp",),
    summary="Whether the second text follows the first in a document, or not",
    columns=(
        Column("text", ("sentence1", "sentence_a", "first", "sentence", "context"), holds="text"),
        Column("text_pair", ("sentence2", "sentence_b", "second", "next_sentence", "next"), holds="text"),
        Column("label", LABEL_NAMES, target=True, holds="label"),
    ),
    metric="accuracy",
    chosen=("accuracy", "f1", "matthews", "log_loss", "brier", "ece"),
    read_target=_read_target,
    fixed_labels=(FOLLOWS, OTHER),
    positive=lambda labels: labels.index(FOLLOWS),
)
