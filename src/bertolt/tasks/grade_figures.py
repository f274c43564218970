"""Numbers of grading: probabilities, what is chosen on validation, and metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bertolt.data.examples import GradedExample
from bertolt.metrics.calibration import fit_temperature, fit_temperature_binary
from bertolt.metrics.classification import matthews
from bertolt.metrics.ordinal import mean_absolute_error, quadratic_weighted_kappa, spearman, within_one
from bertolt.metrics.selective import coverage_at
from bertolt.metrics.statistic import BoolArray, FloatArray, IntArray, Statistic, mean
from bertolt.models.spec import ABSTAIN, ModelSpec
from bertolt.tasks.grades import GRADES, UNSURE, open_grades
from bertolt.tasks.ordinal import chain_probabilities, class_probabilities
from bertolt.tasks.scale import Scale, scale_of
from bertolt.tasks.single_label import SequenceOutput, stack

#: Among a spec's choices: the share of validation sentences that were given grade 2 or 4 from ABSTAIN on.
CLAIMS = "claims_coverage"

#: The grades that claim something outright: false and true.
CLAIM_GRADES = (2, 4)


def probabilities_of(logits: ArrayLike, scale: Scale) -> FloatArray:
    """The probability of each grade, shape (n, K)."""
    return chain_probabilities(logits) if scale.chain else class_probabilities(logits)


def fit_choices(
    examples: Sequence[GradedExample],
    outputs: Sequence[SequenceOutput],
    targets: Sequence[Any],
    spec: ModelSpec,
) -> ModelSpec:
    """The temperature, and for the five grades the probability from which truth is spoken of.

    Args:
        examples: of validation.
        outputs: the model's, in the same order.
        targets: what is learnt of each.
        spec: the model's.
    """
    scale, logits = scale_of(spec), stack(outputs).astype(np.float64)
    if not scale.chain:
        return spec.model_copy(update={"temperature": fit_temperature(logits, np.asarray(targets))})
    wanted = np.stack(targets)
    known = ~np.isnan(wanted)
    temperature = fit_temperature_binary(logits[known][:, None], wanted[known][:, None])
    found: dict[str, Any] = {"temperature": temperature}
    if scale.names == GRADES:
        found["choices"] = _truth_choices(examples, probabilities_of(logits / temperature, scale), scale)
    return spec.model_copy(update=found)


def _truth_choices(
    examples: Sequence[GradedExample], probabilities: FloatArray, scale: Scale
) -> dict[str, float]:
    """From which probability grades 2 and 4 are right three times in four; empty where no truth is known."""
    low, high = _open(examples, scale.names)
    graded = low == high
    if not (low[graded] > UNSURE).any():
        return {}
    predicted = scale.choose(probabilities)
    claims = graded & np.isin(predicted, CLAIM_GRADES)
    scores = probabilities[np.arange(len(predicted)), predicted]
    found = coverage_at(scores[claims], (predicted == low)[claims], int(graded.sum()))
    return {ABSTAIN: 1.0, CLAIMS: 0.0} if found is None else {ABSTAIN: found[1], CLAIMS: found[0]}


def grade_statistics(
    examples: Sequence[GradedExample], outputs: Sequence[SequenceOutput], spec: ModelSpec
) -> Mapping[str, Statistic]:
    """The metrics of grades, before anything is withheld.

    Kappa, the mean absolute error, within one and Spearman (of the expected grade) are of the sentences whose
    grade is known. A label that leaves several grades open, such as acceptable, is right with each of them in
    the accuracy, and the log loss is of their probability together. ``acceptability_matthews`` is of the
    sentences of which it is known whether they are acceptable, where there are both. Without two different
    known grades kappa means nothing, and the last one comes first and decides.
    """
    scale = scale_of(spec)
    probabilities = probabilities_of(stack(outputs), scale)
    predicted = scale.choose(probabilities)
    low, high = _open(examples, scale.names)
    graded = low == high
    places = np.arange(len(scale.names))
    is_open = (places >= low[:, None]) & (places <= high[:, None])
    found: dict[str, Statistic] = {}
    if graded.any():
        gold, given = low[graded], predicted[graded]
        found = {
            "quadratic_weighted_kappa": _of(graded, quadratic_weighted_kappa(gold, given)),
            "mean_absolute_error": _of(graded, mean_absolute_error(gold, given)),
            "within_one": _of(graded, within_one(gold, given)),
            "spearman": _of(graded, spearman(gold, (probabilities * places).sum(axis=1)[graded])),
        }
    found["accuracy"] = mean((predicted >= low) & (predicted <= high))
    least = np.finfo(np.float64).tiny
    found["log_loss"] = mean(-np.log(np.maximum((probabilities * is_open).sum(axis=1), least)))
    if scale.names == GRADES and len(set((low > 0).tolist())) == 2:
        acceptable = matthews((low > 0).astype(int), (probabilities[:, 0] <= 0.5).astype(int), classes=2)
        if len(set(low[graded].tolist())) < 2:
            return {"acceptability_matthews": acceptable, **found}
        found["acceptability_matthews"] = acceptable
    return found


def _of(chosen: BoolArray, statistic: Statistic) -> Statistic:
    """A statistic of some of the examples."""
    return lambda weights: statistic(weights[:, chosen])


def _open(examples: Sequence[GradedExample], names: Sequence[str]) -> tuple[IntArray, IntArray]:
    """The lowest and the highest grade that each label leaves open, each of shape (n,)."""
    found = np.asarray([open_grades(str(example.label), names) for example in examples], dtype=np.int64)
    return found[:, 0], found[:, 1]
