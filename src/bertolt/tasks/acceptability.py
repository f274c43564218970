"""Acceptability: whether a sentence is acceptable English, as in CoLA.

Warstadt, Singh & Bowman 2019, Neural Network Acceptability Judgments (https://arxiv.org/abs/1805.12471).
"""

from __future__ import annotations

from collections.abc import Sequence

from bertolt.data.columns import LABEL_NAMES, TEXT_NAMES
from bertolt.data.table import Column, Layout
from bertolt.tasks.single_label import SingleLabel

LABELS = ("unacceptable", "acceptable")

_SPELLINGS = {
    **dict.fromkeys(
        ("0", "false", "no", "*", "not acceptable", "ungrammatical", "incorrect", LABELS[0]), LABELS[0]
    ),
    **dict.fromkeys(("1", "true", "yes", "ok", "grammatical", "correct", LABELS[1]), LABELS[1]),
}


def read_judgement(raw: str) -> str:
    """The label that a file's word or number stands for; other words come back as they are."""
    return _SPELLINGS.get(raw.lower(), raw)


def _is_cola(fields: Sequence[str]) -> bool:
    return len(fields) == 4 and fields[1] in {"0", "1"} and set(fields[2]) <= set("*?#%")


#: Source, label, the author's mark and the sentence; no header, no quoting.
COLA = Layout("CoLA tsv", ("source", "label", "mark", "sentence"), _is_cola)

TASK = SingleLabel(
    name="acceptability",
    aliases=("linguistic-acceptability", "cola"),
    summary="Whether a sentence is acceptable: a judgement of grammar, as in CoLA",
    columns=(
        Column("text", TEXT_NAMES, holds="text"),
        Column(
            "label",
            ("acceptable", "acceptability", "grammatical", "judgment", *LABEL_NAMES),
            target=True,
            holds="label",
        ),
    ),
    layouts=(COLA,),
    metric="matthews",
    chosen=("matthews", "accuracy", "log_loss", "brier", "ece"),
    read_target=read_judgement,
    fixed_labels=LABELS,
)
