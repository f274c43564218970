"""Each row of an evaluation on its own: what was right, what was said, how sure, how much it costs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertolt.evaluation.evaluate import Evaluation
from bertolt.inference.abstain import can_withhold
from bertolt.inference.run import Model
from bertolt.metrics.direction import sign
from bertolt.metrics.statistic import FloatArray, Statistic
from bertolt.results import NO_LABELS, Labels, Result
from bertolt.tasks.task import target_columns

#: Metrics that are 1 on a row that is right as a whole, first choice first.
_RIGHT_WHEN_ONE = ("accuracy", "exact_match", "subset_accuracy")
# Weights in memory at once: 16 MiB.
_CHUNK = 2**21
# What of a result is no answer.
_NOT_SAID = frozenset({"truncated", "tokens", "tokens_read", "unknown", "score", "scores", "thresholds"})


@dataclass(frozen=True, slots=True)
class Judgement:
    """A row and what the model made of it.

    Args:
        line: of its file; 0 where it is not from a file.
        texts: its texts.
        gold, predicted: what is right and what the model says, as a person reads it.
        score: the model's probability for what it says, 0..1; None where it gives none.
        right: whether the row is right as a whole; None where the task has no such notion.
        tokens: of its texts.
        truncated: whether a part was not read.
        cost: how much better the model's figure (log loss, else the primary metric) would be without
            the row; above 0 where the row is worse than the average.
        can_withhold: whether it may be withheld where the score is low (see ``abstain``).
    """

    line: int
    texts: tuple[str, ...]
    gold: str
    predicted: str
    score: float | None
    right: bool | None
    tokens: int
    truncated: bool
    cost: float
    can_withhold: bool = True

    def to_dict(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        return {
            "line": self.line,
            "texts": list(self.texts),
            "gold": self.gold,
            "predicted": self.predicted,
            "score": self.score,
            "right": self.right,
            "tokens": self.tokens,
            "truncated": self.truncated,
        }


def judge(model: Model, evaluation: Evaluation) -> list[Judgement]:
    """Judges every row of an evaluation, in order."""
    task, n = model.task, len(evaluation.examples)
    results = [
        task.decode(example, output, model.spec)
        for example, output in zip(evaluation.examples, evaluation.outputs, strict=True)
    ]
    name = "log_loss" if "log_loss" in evaluation.statistics else evaluation.primary
    costs = row_costs(evaluation.statistics[name], n) * sign(name)
    whole = next((key for key in _RIGHT_WHEN_ONE if key in evaluation.statistics), None)
    alone = None if whole is None else row_values(evaluation.statistics[whole], n)
    judged = []
    for index, (example, result) in enumerate(zip(evaluation.examples, results, strict=True)):
        values = example.values()
        gold = [values[column.name] for column in target_columns(task)]
        judged.append(
            Judgement(
                line=example.line,
                texts=task.texts(example),
                gold=gold_words(gold),
                predicted=said(result),
                score=getattr(result, "score", None),
                right=_right(result, gold, None if alone is None else float(alone[index])),
                tokens=result.tokens,
                truncated=result.truncated,
                cost=float(costs[index]),
                can_withhold=can_withhold(result),
            )
        )
    return judged


def worst(judged: Sequence[Judgement], most: int = 20) -> list[Judgement]:
    """The rows that cost the most, the costliest first; those that cost nothing are left out."""
    found = [row for row in judged if row.cost > 0 and row.right is not True]
    return sorted(found, key=lambda row: (-row.cost, -(row.score or 0.0), row.line))[:most]


def row_costs(statistic: Statistic, n: int) -> NDArray[np.float64]:
    """What each row takes off a statistic: its value without the row less its value, shape (n,).

    The jackknife's influence (Efron & Tibshirani 1993, chapter 11); 0 where a value is undefined.
    """
    full = float(statistic(np.ones((1, n)))[0])
    return np.nan_to_num(_per_row(statistic, n, others=1.0, own=0.0) - full, nan=0.0)


def row_values(statistic: Statistic, n: int) -> NDArray[np.float64]:
    """A statistic on each row alone, shape (n,); NaN where it is undefined."""
    return _per_row(statistic, n, others=0.0, own=1.0)


def _per_row(statistic: Statistic, n: int, *, others: float, own: float) -> FloatArray:
    found = np.empty(n)
    size = max(1, _CHUNK // n)
    for start in range(0, n, size):
        count = min(size, n - start)
        weights = np.full((count, n), others)
        weights[np.arange(count), np.arange(start, start + count)] = own
        found[start : start + count] = statistic(weights)
    return found


def _right(result: Result, gold: Sequence[Any], alone: float | None) -> bool | None:
    if isinstance(result, Labels) and len(gold) == 1:
        if result.passed is not None:
            return set(result.passed) == set(gold[0])
        return bool(result.label == gold[0])
    return None if alone is None or np.isnan(alone) else alone >= 1.0 - 1e-9


def _absent(value: Any) -> bool:
    """Whether a target says nothing; the number 0 does."""
    return value is None or value is False


def gold_words(gold: Sequence[Any]) -> str:
    """What is right, on one line, from the values of a row's targets."""
    return ", ".join(show(value) for value in gold if not _absent(value)) or "none"


def said(result: Result) -> str:
    """What a result says, on one line."""
    return said_values(result.to_dict())


def said_values(values: Mapping[str, Any]) -> str:
    """The same of a result as plain values."""
    if "grade" in values:
        return str(values["name"])
    if values.get("words"):
        return ", ".join(word["tag"] for word in values["words"])
    for name in ("label", "answer", "text"):
        if isinstance(values.get(name), str):
            return str(values[name]) or "none"
    answer = {name: value for name, value in values.items() if name not in _NOT_SAID}
    return show(next(iter(answer.values()))) if len(answer) == 1 else show(answer)


def show(value: Any) -> str:
    """A value of a row or a result, on one line."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping):
        if isinstance(value.get("text"), str):  # a piece of a text: where it stands says less than it
            return str(value["text"])
        return ", ".join(f"{name} {show(each)}" for name, each in value.items() if each is not None)
    if isinstance(value, list | tuple):
        if all(isinstance(each, str) for each in value):
            return ", ".join(value) or NO_LABELS
        return "; ".join(show(each) for each in value) or NO_LABELS
    return json.dumps(value, ensure_ascii=False, default=str)
