"""Text classification: one label of a closed list for a text, such as the sentiment of a review."""

from __future__ import annotations

from bertolt.data.columns import LABEL_NAMES, TEXT_NAMES
from bertolt.data.table import Column
from bertolt.tasks.single_label import SingleLabel

TASK = SingleLabel(
    name="text-classification",
    aliases=("sentiment-analysis", "sequence-classification"),
    summary="One label of a closed list for a text: sentiment, topic, spam",
    columns=(
        Column("text", TEXT_NAMES, holds="text"),
        Column("label", LABEL_NAMES, target=True, holds="label"),
    ),
    metric="accuracy",
    chosen=("accuracy", "macro_f1", "matthews", "log_loss", "brier", "ece"),
)
