"""Pictures: what they are drawn of, and when they are left out."""

from __future__ import annotations

import re

import numpy as np
import pytest

from bertolt.evaluation.abstention import abstain_at
from bertolt.evaluation.judging import Judgement
from bertolt.evaluation.slices import Slice
from bertolt.metrics.intervals import Estimate
from bertolt.reports.curves import running_mean, training_picture
from bertolt.reports.pictures import (
    MOST_LABELS,
    confusion_picture,
    reliability_picture,
    risk_coverage_picture,
    slices_picture,
)
from bertolt.reports.run_records import RunRecords
from bertolt.reports.style import Picture, shorten


def row(gold: str, predicted: str, score: float | None = 0.8, right: bool | None = None) -> Judgement:
    return Judgement(
        1, ("text",), gold, predicted, score, gold == predicted if right is None else right, 3, False, 0.0
    )


ROWS = [row("a", "a", 0.9), row("a", "b", 0.6), row("b", "b", 0.8), row("b", "b", 0.7)]


def texts(picture: Picture | None) -> list[str]:
    assert picture is not None
    (axes, *_) = picture.figure.axes
    return [text.get_text() for text in axes.texts]


def test_confusion_writes_the_counts_that_are_not_zero() -> None:
    picture = confusion_picture(ROWS, ["a", "b"])
    assert texts(picture) == ["1", "1", "2"]
    assert picture is not None
    assert "3 of 4 rows are right" in picture.alt


def test_confusion_needs_one_label_of_the_list_each() -> None:
    assert confusion_picture([row("a, b", "a")], ["a", "b"]) is None
    assert confusion_picture([row("a", "a")], ["a"]) is None


def test_the_rarest_of_many_labels_share_a_row() -> None:
    labels = [f"label {n:02}" for n in range(40)]
    rows = [row(label, label) for n, label in enumerate(labels) for _ in range(40 - n)]
    picture = confusion_picture(rows, labels)
    assert picture is not None
    names = [text.get_text() for text in picture.figure.axes[0].get_yticklabels()]
    assert names == [*labels[: MOST_LABELS - 1], "(others)"]
    assert texts(picture)[-1] == str(sum(range(1, 41 - (MOST_LABELS - 1))))
    assert "820 of 820" in picture.alt


def test_reliability_is_the_gap_between_score_and_share_right() -> None:
    rows = [row("a", "a", 0.75)] * 3 + [row("a", "b", 0.75)] + [row("a", "a", 0.95)] * 4
    picture = reliability_picture(rows)
    assert picture is not None
    assert "by 0.025 on average" in picture.alt  # 0 on four rows, 0.05 on four


def test_pictures_of_probabilities_are_left_out_without_them() -> None:
    rows = [row("a", "a", None)]
    assert reliability_picture(rows) is None
    assert risk_coverage_picture(rows, None) is None


def test_risk_and_coverage_marks_where_it_would_abstain() -> None:
    found = abstain_at(ROWS, 0.7)
    picture = risk_coverage_picture(ROWS, found)
    assert texts(picture) == ["unsure below 0.7"]
    assert picture is not None
    assert "all of them have 25.0%" in picture.alt


def test_slices_are_listed_with_their_rows() -> None:
    slices = [Slice("class", name, n, Estimate(0.5, 0.4, 0.6)) for name, n in (("a", 1200), ("b", 3))]
    picture = slices_picture(slices, "By label", "share right", "Words.")
    assert picture is not None
    names = [text.get_text() for text in picture.figure.axes[0].get_yticklabels()]
    assert names == ["a  (1,200)", "b  (3)"]
    assert slices_picture(slices[:1], "By label", "share right", "Words.") is None


def steps(count: int) -> list[dict[str, float | str]]:
    return [{"kind": "step", "step": n, "loss": 1 / n, "learning_rate": 1e-4} for n in range(1, count + 1)]


def test_a_training_needs_two_steps() -> None:
    assert training_picture(steps(1), "accuracy") is None
    picture = training_picture([*steps(3), {"kind": "validation", "step": 3, "accuracy": 0.5}], "accuracy")
    assert picture is not None
    assert picture.alt == "Loss over 3 steps, from 1.000 to 0.333."


def test_the_running_mean_has_fewer_values_at_the_beginning() -> None:
    assert running_mean([1.0, 2.0, 6.0, 4.0], 2).tolist() == pytest.approx([1.0, 1.5, 4.0, 5.0])  # type: ignore[arg-type]


def test_equal_rows_give_equal_bytes() -> None:
    first, second = (confusion_picture(ROWS, ["a", "b"]) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.svg() == second.svg()
    assert b"<script" not in first.svg()
    assert all(address.startswith((b"#", b"data:")) for address in re.findall(rb'href="(.*?)"', first.svg()))


def test_labels_are_shortened_and_never_formulas() -> None:
    assert shorten("a long name of a label", 10) == "a long na…"
    assert shorten("$5 or $6") == r"\$5 or \$6"
    picture = confusion_picture([row("$x_", "$x_"), row("é\n", "é\n")], ["$x_", "é\n"])
    assert picture is not None
    assert picture.svg()


def test_the_three_curves_of_a_run_with_phases_and_a_collapse() -> None:
    records: list[dict[str, float | str]] = [
        {"kind": "step", "phase": "reading", "step": 1, "loss": 9.0, "unlabelled_loss": 9.0},
        {"kind": "step", "phase": "reading", "step": 2, "loss": 8.0, "unlabelled_loss": 8.0},
        *(
            {
                "kind": "step", "phase": "learning", "step": n, "loss": 5.0, "labelled_loss": 1 / n,
                "unlabelled_loss": 0.5, "confidence": 0.5 + n / 10, "entropy": 0.6, "share no": 0.25,
                "share yes": 0.75,
            }
            for n in (1, 2, 3)
        ),
        {"kind": "validation", "phase": "learning", "step": 3, "accuracy": 0.5, "log_loss": 0.7},
        {"kind": "event", "phase": "learning", "step": 2, "text": "all texts are yes", "alarm": 1.0},
        {"kind": "event", "phase": "learning", "step": 1, "text": "nothing bad"},
    ]  # fmt: skip
    run = RunRecords(records)
    assert run.phases() == [("reading", 0.0), ("learning", 2.0)]
    labelled = run.steps("labelled_loss", otherwise="loss", unless="unlabelled_loss")
    assert (labelled.at.tolist(), labelled.values.tolist()) == ([3.0, 4.0, 5.0], [1.0, 0.5, 1 / 3])
    assert run.steps("unlabelled_loss").values.tolist() == [9.0, 8.0, 0.5, 0.5, 0.5]
    assert run.shares()["yes"].at.tolist() == [3.0, 4.0, 5.0]
    assert run.validations("accuracy").at.tolist() == [5.0]
    picture = training_picture(records, "accuracy")
    assert picture is not None
    assert [axes.get_title(loc="left") for axes in picture.figure.axes] == [
        "Labelled loss", "Unlabelled loss", "Outputs"
    ]  # fmt: skip
    assert "After step 4: all texts are yes." in picture.meaning
    assert "nothing bad" not in picture.meaning
    labels = [line.get_label() for line in picture.figure.axes[2].lines]
    assert labels[:5] == [
        "share no",
        "share yes",
        "confidence",
        "entropy, of the most possible",
        "validation accuracy",
    ]
    entropy = picture.figure.axes[2].lines[3].get_ydata()
    assert list(entropy) == pytest.approx([0.6 / np.log(2)] * 3)  # type: ignore[call-overload]


def test_a_plain_run_shows_its_validation_loss() -> None:
    checked = [{"kind": "validation", "step": 3, "accuracy": 0.5, "log_loss": 0.7}]
    picture = training_picture([*steps(3), *checked], "accuracy")
    assert picture is not None
    titles = [axes.get_title(loc="left") for axes in picture.figure.axes]
    assert titles == ["Labelled loss", "Validation loss", "Outputs"]
