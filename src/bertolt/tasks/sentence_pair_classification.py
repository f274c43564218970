"""Sentence-pair classification: one label of a closed list for two texts: entailment, paraphrase."""

from __future__ import annotations

from collections.abc import Sequence

from bertolt.data.columns import LABEL_NAMES
from bertolt.data.table import Column
from bertolt.tasks.single_label import SingleLabel

# The n-th name of the one goes with the n-th of the other: GLUE's RTE and SNLI's own files, MRPC, NLI on the
# Hub, QQP, QNLI, and three that people write.
FIRST_NAMES = ("sentence1", "#1 string", "premise", "question1", "question", "text1", "text_a", "sentence_a")
SECOND_NAMES = (
    "sentence2",
    "#2 string",
    "hypothesis",
    "question2",
    "sentence",
    "text2",
    "text_b",
    "sentence_b",
)

LABELS_OF_PAIRS = ("quality", "is_duplicate", "entailment_label", *LABEL_NAMES)

#: What SNLI and MNLI write where the annotators did not agree.
NO_GOLD = "-"


def read_gold(raw: str) -> str | None:
    """The label as it stands, or None where the annotators did not agree on one."""
    return None if raw == NO_GOLD else raw


def positive_label(labels: Sequence[str]) -> int:
    """Which of two labels F1 is of.

    Where one is the other's denial (``not_entailment``, ``non-paraphrase``), the other one; else the last in
    alphabetical order: ``1`` of 0 and 1, ``yes`` of no and yes.
    """
    bare = [label.lower().replace("-", " ").replace("_", " ") for label in labels]
    denied = {f"{word} {bare[0]}" for word in ("no", "non", "not")}
    return 0 if bare[-1] in denied else len(labels) - 1


TASK = SingleLabel(
    name="sentence-pair-classification",
    aliases=("natural-language-inference", "nli", "textual-entailment", "paraphrase-identification"),
    summary="One label of a closed list for two texts: entailment, paraphrase, answers the question or not",
    columns=(
        Column("text", FIRST_NAMES, holds="text"),
        Column("text_pair", SECOND_NAMES, holds="text"),
        Column("label", LABELS_OF_PAIRS, target=True, holds="label"),
    ),
    metric="accuracy",
    chosen=("accuracy", "f1", "macro_f1", "matthews", "log_loss", "brier", "ece"),
    read_target=read_gold,
    positive=positive_label,
)
