"""Rows that neither of two models has learnt, where no data is given to compare them on."""

from __future__ import annotations

from typing import Any

from bertolt.data.table import Row
from bertolt.errors import InputError
from bertolt.inference.pipeline import Pipeline
from bertolt.models.folder import load_examples

_DO = "name DATA that neither has learnt: bertolt compare MODEL_A MODEL_B DATA"


def shared_examples(a: Pipeline, b: Pipeline) -> list[Any]:
    """The validation rows in A's folder, if both models were trained on the same rows.

    Both chose their checkpoint and temperature on validation rows, so both look a little better on them
    than on new ones; the comparison is fair all the same.

    Args:
        a, b: the models.

    Raises:
        InputError: the models were trained on different rows, or the folder keeps none.
    """
    if a.record.data != b.record.data or a.folder is None:
        raise InputError(
            "two models that were trained on the same rows, where no DATA is given",
            "different training rows, so that one may have learnt what the other is tested on",
            _DO,
        )
    rows = load_examples(a.folder)
    if not rows:
        raise InputError(f"validation rows in {str(a.folder)!r}, where no DATA is given", "none", _DO)
    return [a.model.task.example(Row(line, row), a.settings) for line, row in enumerate(rows, start=1)]
