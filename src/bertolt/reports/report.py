"""The report of a model: its figures, its pictures, and the rows that it gets most wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bertolt.evaluation.abstention import Abstention, abstain_at
from bertolt.evaluation.evaluate import Evaluation
from bertolt.evaluation.judging import Judgement, judge, worst
from bertolt.evaluation.slices import by_class, by_length
from bertolt.inference.run import Model
from bertolt.metrics.intervals import Estimate
from bertolt.models.spec import FolderRecord, MethodRecord, Repeats
from bertolt.reports.curves import training_picture
from bertolt.reports.grades import grade_confusion, grades_of, truth_sentence
from bertolt.reports.page import page, paragraph, picture, section, table, write_page
from bertolt.reports.pictures import (
    confusion_picture,
    reliability_picture,
    risk_coverage_picture,
    slices_picture,
)
from bertolt.reports.style import Picture
from bertolt.reports.words import abstention_sentence, metric_words
from bertolt.results import Grade
from bertolt.wording import counted

REPORT = "report.html"

_BY_LENGTH = (
    "Texts in groups of equal length, their number in brackets. A fall at the end often means that long "
    "texts are cut: see --long and --max-length."
)
_BY_CLASS = (
    "Of the texts that have a label, the share that the model gives it to; their number in brackets. "
    "A low point with few texts asks for more of them."
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a report is of.

    Args:
        name: of the model.
        data: the rows' origin, such as ``"the test part of reviews.csv"``.
        model: what predicted.
        record: its ``bertolt.json``.
        log: the records of its training; empty where they are gone.
        texts: whether texts may be shown.
    """

    name: str
    data: str
    model: Model
    record: FolderRecord
    log: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    texts: bool = True


def write_report(file: Path, subject: Subject, evaluation: Evaluation) -> None:
    """Writes the report as one HTML file; an older one is replaced.

    Raises:
        DiskError: it cannot be written.
    """
    write_page(file, report_html(subject, evaluation))


def report_html(subject: Subject, evaluation: Evaluation) -> str:
    """The report as HTML. Pictures that do not apply to the model's kind of result are left out."""
    judged = judge(subject.model, evaluation)
    below = subject.model.withheld_below
    abstention = None if below is None else abstain_at(judged, below)
    grade = grades_of(subject.model, evaluation)
    truth = None if grade is None else truth_sentence(judged, grade)
    sections = [_figures(evaluation, abstention, truth)]
    sections += [picture(found) for found in pictures(subject, evaluation, judged, abstention, grade)]
    if subject.record.method is not None:
        sections.append(_method(subject.record.method))
    sections.append(_worst_rows(worst(judged), subject.texts))
    if subject.record.repeats is not None:
        sections.append(_repeats(subject.record.repeats))
    sections.append(_origin(subject.record))
    return page(f"{subject.name}: {subject.model.task.name}", _lead(subject, evaluation), sections)


def pictures(
    subject: Subject,
    evaluation: Evaluation,
    judged: Sequence[Judgement],
    abstention: Abstention | None,
    grade: Grade | None,
) -> list[Picture]:
    """The pictures that apply, in the order of the page; arguments as ``report_html`` finds them."""
    task, spec, primary = subject.model.task, subject.model.spec, evaluation.primary
    strata = [task.stratum(example) for example in evaluation.examples]
    classes = [name if isinstance(name, str) else None for name in strata]
    found = [
        confusion_picture(judged, spec.labels) if grade is None else grade_confusion(judged, grade),
        # Of several labels the score is one label's, and no probability that all are right.
        None if spec.activation == "sigmoid" and grade is None else reliability_picture(judged),
        risk_coverage_picture(judged, abstention),
        slices_picture(
            by_length(evaluation, judged, primary), "By length", metric_words(primary), _BY_LENGTH
        ),
        slices_picture(by_class(judged, classes), "By label", "share right", _BY_CLASS),
        training_picture(subject.log, primary),
    ]
    return [each for each in found if each is not None]


def _lead(subject: Subject, evaluation: Evaluation) -> list[str]:
    lines = [f"Measured on {counted(len(evaluation.examples), 'row')}: {subject.data}."]
    if evaluation.read_whole < 1:
        lines.append(
            f"{1 - evaluation.read_whole:.1%} of the texts were not read whole "
            f"(up to {subject.model.spec.max_length} tokens, {subject.model.spec.long})."
        )
    if evaluation.unknown.unknown:
        lines.append(f"{evaluation.unknown.sentence}.")
    return lines


def _figures(evaluation: Evaluation, abstention: Abstention | None, truth: str | None) -> str:
    rows = [(metric_words(name), *_cells(found)) for name, found in evaluation.metrics.items()]
    parts = [
        paragraph(
            "Each figure with its 95% interval: what other rows of the same kind would likely have given."
        ),
        table(("metric", "value", "from", "to"), rows, numbers=(1, 2, 3)),
    ]
    if abstention is not None:
        parts.append(paragraph(abstention_sentence(abstention)))
    if truth is not None:
        parts.append(paragraph(truth))
    return section("Figures", *parts)


def _cells(found: Estimate) -> tuple[str, str, str]:
    value = "undefined" if math.isnan(found.value) else f"{found.value:.4f}"
    return (value, f"{found.low:.4f}", f"{found.high:.4f}") if found.has_interval else (value, "–", "–")


def _worst_rows(rows: Sequence[Judgement], texts: bool) -> str:
    title = "Worst rows"
    if not rows:
        return section(title, paragraph("None: no row is wrong, or none costs more than the average."))
    head = ("line", "text", "is", "model says", "probability")
    cells = [
        (
            str(row.line) if row.line else "–",
            " | ".join(row.texts) if texts else "(kept private)",
            row.gold,
            row.predicted,
            "–" if row.score is None else f"{row.score:.3f}",
        )
        for row in rows
    ]
    what = "The rows that cost the model most. Look first whether the label is wrong: often it is."
    return section(title, paragraph(what), table(head, cells, numbers=(0, 4)))


def _repeats(repeats: Repeats) -> str:
    rows = [
        (metric_words(name), *("undefined" if each is None else f"{each:.4f}" for each in figures))
        for name, found in repeats.spread.items()
        for figures in [(found.mean, found.std, found.least, found.greatest)]
    ]
    head = ("metric", "mean", "standard deviation", "least", "greatest")
    what = f"How the figures vary over the {len(repeats.runs)} {repeats.kind} of the training."
    return section("Spread", paragraph(what), table(head, rows, numbers=(1, 2, 3, 4)))


def _method(method: MethodRecord) -> str:
    """How it was trained, where it was not from labels alone."""
    pool = method.pool.get("texts", 0)
    left_out = sum(method.pool.values()) - pool
    lines = [f"Trained by {method.name}."]
    if pool:
        lines = [
            f"Trained by {method.name}, with {pool:,} unlabelled texts; {left_out:,} others were left out: "
            "they stand in a labelled part, or are there already."
        ]
    return section("Method", *(paragraph(line) for line in [*lines, *map(_sentence, method.notes)]))


def _sentence(note: str) -> str:
    return f"{note[:1].upper()}{note[1:].rstrip('.')}."


def _origin(record: FolderRecord) -> str:
    if record.trained_by == "others":
        rows = [("model", record.backbone), ("trained by", "others; see the model's card")]
        return section("Where it comes from", table(("what", "value"), rows))
    parts = ", ".join(f"{count:,} {split}" for split, count in record.examples.items() if count)
    rows = [
        ("backbone", record.backbone),
        ("examples", f"{parts} (fingerprint {record.data})"),
        ("seed", f"{record.seed}"),
        ("threads", f"{record.threads}"),
        ("versions", ", ".join(f"{name} {version}" for name, version in record.versions.items())),
    ]
    return section("Where it comes from", table(("what", "value"), rows))
