"""``--class-weight``: how much the loss of each class counts."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bertolt.data.splits import Stratum, labels_of
from bertolt.errors import SettingError
from bertolt.tasks.task import Task


def class_weights(choice: str, task: Task, examples: Sequence[Any], labels: Sequence[str]) -> Tensor | None:
    """The weight of each class's loss.

    ``balanced`` is inverse to the classes' counts in the training part alone, with a mean of 1 over its
    labels (as scikit-learn's); a file is a JSON object of label to weight, 1 for labels that it lacks.

    Returns:
        Shape (K,), or None for ``none``.

    Raises:
        SettingError: the task has no classes, or the file cannot be used.
    """
    if choice == "none":
        return None
    strata = [task.stratum(example) for example in examples]
    counts = _count(strata)
    if not labels or None in strata or not set(counts) <= set(labels):
        raise SettingError(
            "a task with labels out of a list for --class-weight", task.name, "leave --class-weight out"
        )
    if choice == "balanced":
        array = torch.tensor([counts[label] for label in labels], dtype=torch.float32)
        return array.sum() / (len(labels) * array.clamp(min=1))
    weights = _from_file(Path(choice))
    strange = sorted(set(weights) - set(labels))
    if strange:
        raise SettingError(
            f"weights of the labels {', '.join(labels)}",
            f"also {', '.join(map(repr, strange))} in {choice!r}",
            "write each label as it stands in the data",
        )
    return torch.tensor([weights.get(label, 1.0) for label in labels], dtype=torch.float32)


def prior_log_odds(
    choice: str, task: Task, examples: Sequence[Any], labels: Sequence[str]
) -> tuple[float, ...]:
    """The log-odds of each label in the training part, where labels hold independently of each other.

    A weight counts where its label holds, so the loss of a constant is least at the log-odds of the weighted
    share: more by the weight's logarithm.

    Args:
        choice: see ``class_weights``.

    Returns:
        Shape (K,), each label counted once more as holding and once as not; empty for other tasks.

    Raises:
        SettingError: see ``class_weights``.
    """
    if task.activation != "sigmoid":
        return ()
    strata = [task.stratum(example) for example in examples]
    counts = _count(strata)
    if not all(isinstance(stratum, tuple) for stratum in strata) or not set(counts) <= set(labels):
        return ()
    weight = class_weights(choice, task, examples, labels)
    heavier = [0.0] * len(labels) if weight is None else weight.log().tolist()
    odds = [(counts[label] + 1) / (len(strata) - counts[label] + 1) for label in labels]
    return tuple(math.log(each) + more for each, more in zip(odds, heavier, strict=True))


def _count(strata: Sequence[Stratum]) -> Counter[str]:
    """How many rows each label has."""
    return Counter(label for stratum in strata for label in labels_of(stratum))


def _from_file(path: Path) -> dict[str, float]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SettingError(
            'none, balanced, or a JSON file such as {"negative": 1, "positive": 2.5} in --class-weight',
            f"{str(path)!r} ({error})",
            "choose one of the words or correct the file",
        ) from error
    if not isinstance(found, dict) or not all(
        isinstance(weight, int | float) and not isinstance(weight, bool) and 0 < weight < math.inf
        for weight in found.values()
    ):
        raise SettingError(
            "a JSON object of label to a number above 0",
            f"{str(found)[:80]} in {str(path)!r}",
            "correct the file",
        )
    return {str(label): float(weight) for label, weight in found.items()}
