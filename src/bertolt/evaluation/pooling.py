"""Cross-validation's one figure: every example judged by the model that was trained without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bertolt.evaluation.evaluate import Evaluation
from bertolt.metrics.intervals import estimate
from bertolt.metrics.statistic import FloatArray, Statistic, divide
from bertolt.models.spec import ModelSpec
from bertolt.tasks.task import Task


@dataclass(frozen=True, slots=True)
class Fold:
    """A fold and what its model says of it.

    Args:
        rows: the places of its examples among all examples.
        spec: of its model, with the choices that were fitted inside the fold.
        evaluation: of the model on the fold.
    """

    rows: Sequence[int]
    spec: ModelSpec
    evaluation: Evaluation


def pool(task: Task, folds: Sequence[Fold], *, seed: int = 0) -> Evaluation:
    """The evaluation over all examples, in their own order.

    Where the folds' models decide alike, their outputs are measured as one set, which is right also for
    metrics that are no means over rows, such as F1 (Forman & Scholz 2010, Apples-to-Apples in
    Cross-Validation Studies). Where they chose different thresholds, no one rule reads all outputs, and a
    metric is its mean over the folds, weighted by their rows. The interval's resamples are drawn from all
    examples; that the models share most of their training rows is not in it.

    Args:
        task: what was learnt.
        folds: all of them; every example is in exactly one.
        seed: of the bootstrap.
    """
    places = np.concatenate([np.asarray(fold.rows, dtype=np.int64) for fold in folds])
    order = np.argsort(places)
    examples = [each for fold in folds for each in fold.evaluation.examples]
    outputs = [each for fold in folds for each in fold.evaluation.outputs]
    examples, outputs = [examples[place] for place in order], [outputs[place] for place in order]
    if len({_rule(fold.spec) for fold in folds}) == 1:
        statistics = task.statistics(examples, outputs, folds[0].spec)
    else:
        statistics = _means(folds)
    whole = sum(fold.evaluation.read_whole * len(fold.rows) for fold in folds) / len(examples)
    metrics = estimate(statistics, len(examples), seed=seed)
    return Evaluation(metrics, statistics, examples, outputs, whole)


def _rule(spec: ModelSpec) -> str:
    """How a model decides, as text. Its temperature is in its outputs already."""
    return spec.model_copy(update={"temperature": 1.0}).model_dump_json()


def _means(folds: Sequence[Fold]) -> Mapping[str, Statistic]:
    first, *others = [fold.evaluation.statistics for fold in folds]
    names = [name for name in first if all(name in other for other in others)]
    return {
        name: mean_over_folds([(fold.rows, fold.evaluation.statistics[name]) for fold in folds])
        for name in names
    }


def mean_over_folds(parts: Sequence[tuple[Sequence[int], Statistic]]) -> Statistic:
    """The mean of a statistic over folds, weighted by the weight of their rows.

    Args:
        parts: the rows of each fold, and the statistic on them.
    """
    places = [np.asarray(rows, dtype=np.int64) for rows, _ in parts]

    def statistic(weights: FloatArray) -> FloatArray:
        total = np.zeros(len(weights))
        mass = np.zeros(len(weights))
        for rows, (_, part) in zip(places, parts, strict=True):
            own = weights[:, rows]
            size = own.sum(axis=1)
            total += np.where(size > 0, part(own) * size, 0.0)
            mass += size
        return divide(total, mass, float("nan"))

    return statistic
