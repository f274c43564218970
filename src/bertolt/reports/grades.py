"""What a report says of grades beside what it says of labels: the order, and when truth can be spoken of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bertolt.evaluation.abstention import claims_coverage
from bertolt.evaluation.evaluate import Evaluation
from bertolt.evaluation.judging import Judgement
from bertolt.inference.run import Model
from bertolt.reports.pictures import confusion_picture
from bertolt.reports.style import Picture
from bertolt.reports.words import claims_sentence
from bertolt.results import Grade


def grades_of(model: Model, evaluation: Evaluation) -> Grade | None:
    """A result that shows the grades and their order; None where results are no grades."""
    result = model.task.decode(evaluation.examples[0], evaluation.outputs[0], model.spec)
    return result if isinstance(result, Grade) else None


def grade_confusion(judged: Sequence[Judgement], grade: Grade) -> Picture | None:
    """Gold grade against predicted grade in their order; rows that leave several open are left out."""
    names = tuple(grade.probabilities)
    rows = [row for row in judged if row.gold in names]
    picture = confusion_picture(rows, names) if rows else None
    if picture is None:
        return None
    more = " Grades stand in their order: the further from the diagonal, the further off."
    if len(rows) < len(judged):
        more += f" Left out: {len(judged) - len(rows):,} whose label leaves several grades open."
    return replace(picture, meaning=picture.meaning + more)


def truth_sentence(judged: Sequence[Judgement], grade: Grade) -> str | None:
    """At which coverage the lowest and the highest grade above ``unsure`` are right three times in four.

    Rows whose label leaves several grades open are not counted. None where the order has no grade that
    says that the others cannot be told, or no row has one of those.
    """
    if grade.unsure is None:
        return None
    names = tuple(grade.probabilities)
    claims = (names[grade.unsure + 1], names[-1])
    rows = [row for row in judged if row.gold in names]
    if not any(row.gold in names[grade.unsure + 1 :] for row in rows):
        return None
    return claims_sentence(claims, claims_coverage(rows, claims))
