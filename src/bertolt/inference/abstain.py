"""``--abstain-below P``: what the model is not sure of becomes "unsure", or the grade that says so."""

from __future__ import annotations

import sys
from dataclasses import replace

from bertolt.errors import SettingError
from bertolt.models.spec import ModelSpec
from bertolt.results import Grade, Labels, Result

UNSURE = "unsure"


def abstain(result: Result, below: float) -> Result:
    """The result, or where its score is under ``below`` the same with the label ``"unsure"``.

    A grade becomes the one that says that those above it cannot be told; the grades up to that one are
    never withheld. Probabilities stay as they are, so that nothing is lost.

    Raises:
        SettingError: a result of a kind that has no label to withhold.
    """
    if isinstance(result, Grade) and result.unsure is not None:
        if result.score >= below or not can_withhold(result):
            return result
        return replace(result, grade=result.unsure, name=list(result.probabilities)[result.unsure])
    if not isinstance(result, Labels):
        raise SettingError(
            "a model that answers with a label for --abstain-below",
            f"one that answers with {result.kind}",
            "leave --abstain-below out",
        )
    if result.score >= below:
        return result
    return (
        replace(result, label=UNSURE) if result.passed is None else replace(result, label=UNSURE, passed=())
    )


def can_withhold(result: Result) -> bool:
    """Whether a result of this value can be withheld at all."""
    return not isinstance(result, Grade) or result.unsure is None or result.grade > result.unsure


def check_abstain(spec: ModelSpec, below: float) -> None:
    """Refuses a probability or a model that ``abstain`` cannot work with, before anything is predicted.

    Raises:
        SettingError: not a probability, or the model has a label of its own that is called "unsure".
    """
    if not 0 <= below <= 1:
        found = f"{below:g}" if not abs(below) > sys.float_info.max else "a number beyond 1e308"
        raise SettingError("a probability 0 to 1 in --abstain-below", found, "give for example 0.8")
    if UNSURE in spec.labels:
        raise SettingError(
            f"a model without a label {UNSURE!r} for --abstain-below",
            f"the labels {', '.join(spec.labels)}",
            "rename that label in the training data",
        )
    if spec.activation == "none" or not spec.labels:
        raise SettingError(
            "a model that gives each label a probability for --abstain-below",
            f"one for {spec.task}",
            "leave --abstain-below out",
        )
