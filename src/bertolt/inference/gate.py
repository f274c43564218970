"""The gate: do two engines give the same answers? Figures only; ``export`` draws the conclusions."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertolt.data.features import Feature
from bertolt.inference.engine import Engine
from bertolt.inference.run import Model
from bertolt.metrics.paired import paired
from bertolt.metrics.statistic import Statistic
from bertolt.models.engine_record import Agreement, Loss
from bertolt.models.span_head import SpanHead
from bertolt.results import Answers, Candidates, Grade, Labels, Result, Tags
from bertolt.tasks.task import Logits

#: Differences in probability: of fp32 from torch, and of a text among others from the same text alone.
PARITY = 1e-4
BATCH_MATES = {"fp32": 1e-5, "int8": 5e-3}

#: What 8 bits may cost: the upper bound of the loss in points of 1, and the share of other answers.
MOST_LOSS = 0.015
MOST_FLIPPED = 0.02
LEAST_ROWS = 200

#: Texts that are computed alone, too.
ALONE = 100

#: Metrics that say how many rows are right, first choice first; else the task's primary one is compared.
_RIGHT = ("accuracy", "subset_accuracy", "exact_match", "masked_accuracy")

Probabilities = Callable[[Logits], NDArray[np.float64]]


def features_of(model: Model, examples: Sequence[Any]) -> list[Feature]:
    """All rows of all examples."""
    return [feature for each in model.encode(examples) for feature in each.features]


def agreement(model: Model, a: Sequence[Logits], b: Sequence[Logits], margin: float) -> Agreement:
    """How near the probabilities of two lists of logits are, row by row.

    Args:
        model: what gave them.
        a: the reference.
        b: the other.
        margin: a label that changes is a flip where ``a`` preferred its own by more than this.
    """
    probabilities = _probabilities(model)
    thresholds = _thresholds(model)
    largest, flips = 0.0, 0
    for one, other in zip(a, b, strict=True):
        p, q = probabilities(one), probabilities(other)
        if not p.size:
            continue
        difference = float(np.abs(p - q).max())
        largest = max(largest, difference if np.isfinite(difference) else np.inf)
        flips += _flipped(p, q, thresholds, margin)
    return Agreement(rows=len(a), largest=largest, flips=flips, margin=margin)


def distance(model: Model, a: Sequence[Logits], b: Sequence[Logits]) -> float:
    """The mean difference of the probabilities in two lists of logits, row by row."""
    probabilities = _probabilities(model)
    pairs = [(probabilities(one), probabilities(other)) for one, other in zip(a, b, strict=True) if one.size]
    return float(np.mean([np.abs(p - q).mean() for p, q in pairs]))


def batch_mates(model: Model, engine: Engine, features: Sequence[Feature], precision: str) -> Agreement:
    """Rows alone against the same rows among all others; some of every length are computed alone."""
    order = np.argsort([len(feature) for feature in features], kind="stable")
    chosen = order[np.unique(np.linspace(0, len(order) - 1, min(ALONE, len(order))).astype(int))]
    together = engine.logits(features)
    alone = [engine.logits([features[index]])[0] for index in chosen]
    return agreement(model, alone, [together[index] for index in chosen], BATCH_MATES[precision])


@dataclass(frozen=True, slots=True)
class Judged:
    """What a model made of labelled rows.

    Args:
        answers: what it says, one a row.
        metric: the name of the figure.
        statistic: the figure as a function of the rows' weights.
        seconds: what the computation took.
    """

    answers: Sequence[Any]
    metric: str
    statistic: Statistic
    seconds: float


def judged(model: Model, examples: Sequence[Any]) -> Judged:
    """Predicts labelled examples."""
    begin = time.perf_counter()
    outputs = [output for _, output in model.outputs(examples)]
    seconds = time.perf_counter() - begin
    statistics = model.task.statistics(examples, outputs, model.spec)
    metric = next((name for name in _RIGHT if name in statistics), next(iter(statistics)))
    answers = [
        answer(model.task.decode(example, output, model.spec), output)
        for example, output in zip(examples, outputs, strict=True)
    ]
    return Judged(answers, metric, statistics[metric], seconds)


def loss(before: Judged, after: Judged, *, seed: int = 0) -> Loss:
    """What was lost between two judgements of the same rows, with its paired 95% interval."""
    n = len(before.answers)
    every = np.ones((1, n))
    found = paired(after.statistic, before.statistic, n, seed=seed)
    return Loss(
        rows=n,
        metric=before.metric,
        fp32=float(before.statistic(every)[0]),
        int8=float(after.statistic(every)[0]),
        loss=found.value,
        low=found.low,
        high=found.high,
        flips=sum(one != other for one, other in zip(before.answers, after.answers, strict=True)),
    )


def passes(found: Loss) -> bool:
    """Whether 8 bits cost little enough. A figure that is undefined does not pass."""
    return found.high <= MOST_LOSS and found.flipped <= MOST_FLIPPED


def answer(result: Result, output: Any = None) -> Any:
    """What a result says, without its figures.

    Args:
        result: of any kind.
        output: what it was decoded from; of a text whose words are known, how many of them are guessed is
            the answer.
    """
    if isinstance(result, Labels):
        return result.label if result.passed is None else frozenset(result.passed)
    if isinstance(result, Tags):
        return tuple(word.tag for word in result.words)
    if isinstance(result, Answers):
        return result.start, result.end
    if isinstance(result, Grade):
        return result.grade
    if isinstance(result, Candidates):
        return result.text, getattr(output, "hits", None)
    raise TypeError(f"results of kind {result.kind!r} have no answer to compare")


def _probabilities(model: Model) -> Probabilities:
    """Logits to probabilities. Of spans each end is a choice among the row's tokens."""
    if model.spec.activation == "sigmoid":
        return lambda logits: 1 / (1 + np.exp(-logits.astype(np.float64)))
    axis = 0 if isinstance(model.task.head, SpanHead) else -1

    def softmax(logits: Logits) -> NDArray[np.float64]:
        if not logits.size:
            return logits.astype(np.float64)
        shifted = np.exp(logits.astype(np.float64) - logits.max(axis=axis, keepdims=True))
        found: NDArray[np.float64] = np.moveaxis(shifted / shifted.sum(axis=axis, keepdims=True), axis, -1)
        return found

    return softmax


def _thresholds(model: Model) -> NDArray[np.float64] | None:
    """The probability from which each label holds; None where exactly one holds."""
    if model.spec.activation != "sigmoid":
        return None
    return np.asarray(model.spec.thresholds or 0.5, dtype=np.float64)


def _flipped(
    p: NDArray[np.float64], q: NDArray[np.float64], thresholds: NDArray[np.float64] | None, margin: float
) -> int:
    """How many choices of a row change although the first was clear."""
    if thresholds is not None:
        changed = (p >= thresholds) != (q >= thresholds)
        return int((changed & (np.abs(p - thresholds) > margin)).sum())
    before = np.take_along_axis(p, p.argmax(-1)[..., None], -1)
    after = np.take_along_axis(p, q.argmax(-1)[..., None], -1)
    return int((before - after > margin).sum())
