"""The official measure of SemEval-2010 task 8: F1 of relations whose two arguments have an order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bertolt.errors import InputError
from bertolt.metrics.statistic import FloatArray, Statistic, divide, same_length


def directed_macro_f1(gold: Sequence[str], predicted: Sequence[str], other: str = "Other") -> Statistic:
    """Macro-F1 over relations, direction taken into account, the class ``other`` left out.

    As the official scorer (Hendrickx et al. 2010, §4): a relation is right only with its direction, but a
    relation's predictions and gold count both directions together. A relation that is neither in gold nor
    predicted in a resample counts as 0.

    Args:
        gold: relation of each example, such as ``Cause-Effect(e1,e2)``, shape (n,).
        predicted: likewise.
        other: the class of no relation.

    Raises:
        InputError: they differ in number, or gold has no relation.
    """
    same_length("gold", len(gold), "predictions", len(predicted))
    names = sorted({_undirected(label) for label in gold} - {other})
    if not names:
        raise InputError("at least one relation in gold", f"only {other}", "pass data with relations")
    is_gold = _members(gold, names)
    is_predicted = _members(predicted, names)
    right = is_gold & np.asarray([a == b for a, b in zip(gold, predicted, strict=True)])[:, None]
    table = np.concatenate([2 * right, is_gold.astype(np.int64) + is_predicted], axis=1).astype(np.float64)

    def statistic(weights: FloatArray) -> FloatArray:
        numerator, denominator = np.split(weights @ table, 2, axis=1)
        return np.asarray(divide(numerator, denominator, 0.0).mean(axis=1))

    return statistic


def _undirected(label: str) -> str:
    return label.partition("(")[0]


def _members(labels: Sequence[str], names: Sequence[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray([[_undirected(label) == name for name in names] for label in labels], dtype=np.bool_)
