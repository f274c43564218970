"""The five grades of a sentence, the judgements behind them, and how both are written."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bertolt.data.examples import GradedExample
from bertolt.tasks.ordinal import chain_targets

#: In their order. That 1 means "whether it is true cannot be said" is a reading of Bertolt's own.
GRADES = ("not grammatical", "grammatical", "false", "somewhat true", "true")

#: The grade that stands where the truth cannot be told.
UNSURE = 1

#: The judgement that each output gives. Truth has two: is it more than false, more than somewhat true.
JUDGEMENT_OF = ("acceptable", "verifiable", "truth", "truth")
JUDGEMENTS = ("acceptable", "verifiable", "truth")

#: Names of the outputs. Each is asked where the one before it is yes.
OUTPUTS = ("acceptable", "verifiable", "more than false", "more than somewhat true")

#: What a label may be besides a grade: the grades that it leaves open.
OPEN = {"acceptable": (1, 4), "verifiable": (2, 4)}

_SPELLINGS = {
    **{str(grade): name for grade, name in enumerate(GRADES)},
    **{name: name for name in (*GRADES, *OPEN)},
    "ungrammatical": GRADES[0],
    "unacceptable": GRADES[0],
    "unverifiable": GRADES[1],
    "somewhat-true": GRADES[3],
}
_WRITTEN = re.compile(r"(?P<grade>[^\[\]]+?)\s*(?:\[(?P<judged>[^\[\]]*)\])?")

#: For messages.
FORM = f"a grade (0 to 4, or {', '.join(GRADES)}), acceptable or verifiable"


def read_grade(raw: str) -> tuple[str, tuple[str, ...]] | None:
    """A label as it is written: a grade, or a word that leaves several open, and who judged what.

    ``false [verifiable, truth]`` is false, and nobody judged whether it is acceptable.

    Returns:
        The label and the judgements that were given, none for all that follow from it; None where it is
        no such label.
    """
    found = _WRITTEN.fullmatch(raw.strip())
    label = _SPELLINGS.get(found["grade"].lower()) if found is not None else None
    if found is None or label is None:
        return None
    judged = tuple(word.strip() for word in (found["judged"] or "").split(",") if word.strip())
    return (label, judged) if set(judged) <= set(JUDGEMENTS) else None


def write_grade(label: str, judged: Sequence[str]) -> str:
    """The contrary of ``read_grade``."""
    return f"{label} [{', '.join(judged)}]" if judged else label


def open_grades(label: str, grades: Sequence[str]) -> tuple[int, int]:
    """The lowest and the highest grade that a label leaves open."""
    if label in grades:
        return grades.index(label), grades.index(label)
    return OPEN[label]


def output_targets(example: GradedExample) -> NDArray[np.float32]:
    """What an example's label says of each output, shape (4,): 1, 0, or NaN where nobody judged it."""
    lowest, highest = open_grades(str(example.label), GRADES)
    targets = chain_targets(lowest, highest, len(GRADES))
    if example.judged:
        targets[[name not in example.judged for name in JUDGEMENT_OF]] = np.nan
    return targets
