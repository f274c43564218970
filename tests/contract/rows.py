"""A handful of rows for every task: what a new task adds to be held to the promises of all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tiny import FAMILIES

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What the contract needs to know of a task.

    Args:
        kind: the kind of its results, as in ``Result.kind``.
        rows: labelled records, at least 6, in the task's own columns, as JSON has them. Every label must
            stand in them; they are both the training and the validation part.
        settings: the task's settings in training, where its defaults do not fit so few rows.
        families: the tiny families that it can be trained on; the others must be refused with a
            FolderError.
    """

    kind: str
    rows: tuple[Row, ...]
    settings: tuple[tuple[str, Any], ...] = ()
    families: tuple[str, ...] = FAMILIES


TEXTS = (
    ("the film was gorgeous and moving .", "positive"),
    ("the plot was dull and boring from start to end .", "negative"),
    ("this cast was witty and warm !", "positive"),
    ("to me the script was clumsy , and the ending was cold .", "negative"),
    ("for once the story was thrilling .", "positive"),
    ("the score was awful .", "negative"),
)

TAGGED = (
    ("the film was gorgeous and moving .", "DET NOUN AUX ADJ CCONJ ADJ PUNCT"),
    (
        "the plot was dull and boring from start to end .",
        "DET NOUN AUX ADJ CCONJ ADJ ADP NOUN ADP NOUN PUNCT",
    ),
    ("this cast was witty and warm !", "DET NOUN AUX ADJ CCONJ ADJ PUNCT"),
    ("for once the story was thrilling .", "ADP ADV DET NOUN AUX ADJ PUNCT"),
    ("the score was awful .", "DET NOUN AUX ADJ PUNCT"),
    ("gorgeous", "ADJ"),
)

PAIRS = (
    ("the film was gorgeous .", "a gorgeous film !", "same"),
    ("the plot was dull .", "the plot was thrilling from start to end .", "contrary"),
    ("this cast was witty and warm !", "the cast was warm .", "same"),
    ("the ending was cold .", "to me the ending was warm , and the script was witty .", "contrary"),
    ("the score was awful .", "the drama was long .", "neither"),
    ("for once the story was thrilling .", "the camera was clumsy .", "neither"),
)

EMOTIONS = (
    ("the film was gorgeous and moving .", ("love", "joy")),
    ("the plot was dull and boring from start to end .", ("anger",)),
    ("this cast was witty and warm !", ("joy",)),
    ("to me the script was clumsy , and the ending was touching .", ("anger", "love")),
    ("the story was long .", ()),
    ("the score was awful .", ("anger",)),
)

JUDGEMENTS = (
    ("the film was gorgeous .", "1"),
    ("film the gorgeous was .", "0"),
    ("this cast was witty and warm !", "1"),
    ("this cast was witty warm and !", "0"),
    ("the story thrilling for once was the .", "0"),
    ("for once the story was thrilling .", "1"),
)

CONTEXT = "the film was gorgeous and the plot was moving . to me the cast was cold ."
QUESTIONS = (
    ("what was gorgeous ?", (("the film", 0), ("film", 4))),
    ("the plot was ?", (("moving", 42),)),
    ("what was moving ?", (("the plot", 26),)),
    ("the cast was ?", (("cold", 69),)),
    ("the ending was ?", ()),
    ("was the hero honest ?", ()),
)

MISSING = (
    ("the film was [MASK] and moving .", "the film was gorgeous and moving ."),
    ("the plot was [MASK] from start to [MASK] .", "the plot was dull from start to end ."),
    ("this [MASK] was witty and warm !", "this cast was witty and warm !"),
    ("for once the [MASK] was thrilling .", "for once the story was thrilling ."),
    ("the score was [MASK] .", "the score was awful ."),
    ("to me the [MASK] was cold .", "to me the ending was cold ."),
)

NEXT = (
    ("the film was gorgeous .", "the cast was witty .", "follows"),
    ("the plot was dull .", "and i will tell my friends .", "does not follow"),
    ("this cast was witty and warm !", "to me the hero was moving .", "follows"),
    ("the ending was cold .", "for once the score was superb !", "does not follow"),
    ("the score was awful .", "the drama was tedious .", "follows"),
    ("for once the story was thrilling .", "the camera was clumsy .", "does not follow"),
)

GRADED = (
    ("film the gorgeous was .", None, "not grammatical"),
    ("to me the story .", None, "grammatical"),
    ("the hero was cold .", "the hero was warm and witty .", "false"),
    ("the cast was witty .", "the cast was warm .", "somewhat true"),
    ("the score was awful .", "the score was dreadful .", "true"),
    ("for once the story was thrilling .", None, "acceptable"),
    ("the plot was dull from start to end .", None, "verifiable"),
)

#: Task name to its rows. A new task is a new file in ``bertolt/tasks`` and an entry here.
ROWS: dict[str, Rows] = {
    "acceptability": Rows(
        kind="labels",
        rows=tuple({"text": text, "label": label} for text, label in JUDGEMENTS),
    ),
    "fill-mask": Rows(
        kind="candidates",
        rows=tuple({"text": text, "unmasked": whole} for text, whole in MISSING),
    ),
    "multi-label-classification": Rows(
        kind="labels",
        rows=tuple({"text": text, "labels": list(labels)} for text, labels in EMOTIONS),
    ),
    "next-sentence-prediction": Rows(
        kind="labels",
        rows=tuple({"text": one, "text_pair": two, "label": label} for one, two, label in NEXT),
    ),
    "sentence-pair-classification": Rows(
        kind="labels",
        rows=tuple({"text": one, "text_pair": two, "label": label} for one, two, label in PAIRS),
    ),
    "sentence-grading": Rows(
        kind="grade",
        rows=tuple({"text": text, "context": context, "label": label} for text, context, label in GRADED),
    ),
    "text-classification": Rows(
        kind="labels",
        rows=tuple({"text": text, "label": label} for text, label in TEXTS),
    ),
    "question-answering": Rows(
        kind="answers",
        rows=tuple(
            {
                "id": f"q{number}",
                "title": f"page {number}",
                "question": question,
                "context": CONTEXT,
                "answers": [{"text": text, "answer_start": start} for text, start in answers],
                "answer_start": None,
                "is_impossible": not answers,
            }
            for number, (question, answers) in enumerate(QUESTIONS)
        ),
    ),
    "token-classification": Rows(
        kind="tags",
        rows=tuple({"words": text.split(), "tags": tags.split()} for text, tags in TAGGED),
    ),
}
