"""How good a model is on labelled examples: every metric with its 95% interval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bertolt.data.unknown import UnknownTally
from bertolt.errors import DataError
from bertolt.inference.run import Model
from bertolt.metrics.intervals import Estimate, estimate
from bertolt.metrics.statistic import Statistic
from bertolt.progress import Progress


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The outputs on labelled examples and what they are worth.

    Args:
        metrics: each with value, low and high, the primary one first.
        statistics: the metrics as functions of the examples' weights, for paired tests.
        examples: in the order of the data.
        outputs: the model's, in the same order.
        read_whole: share of the texts that the model read whole, 0..1.
        unknown: the tokens that the model's vocabulary lacks.
    """

    metrics: Mapping[str, Estimate]
    statistics: Mapping[str, Statistic]
    examples: Sequence[Any]
    outputs: Sequence[Any]
    read_whole: float
    unknown: UnknownTally = field(default_factory=UnknownTally)

    @property
    def primary(self) -> str:
        """The metric that decides: the first one."""
        return next(iter(self.statistics))

    def to_dict(self) -> dict[str, Any]:
        """The metrics and the number of examples, as ``--json`` prints them."""
        metrics = {name: found.to_dict() for name, found in self.metrics.items()}
        return {
            "metrics": metrics,
            "n": len(self.examples),
            "read_whole": self.read_whole,
            "tokens": self.unknown.tokens,
            "unknown": self.unknown.unknown,
        }


def evaluate_examples(
    model: Model, examples: Iterable[Any], *, seed: int = 0, progress: Progress | None = None
) -> Evaluation:
    """Predicts labelled examples and measures the predictions.

    Args:
        model: what predicts.
        examples: labelled ones, at least one.
        seed: of the bootstrap.
        progress: is advanced by 1 an example.

    Raises:
        DataError: there is none, or one has a label that the model does not know.
    """
    kept: list[Any] = []
    outputs: list[Any] = []
    whole = 0
    unknown = UnknownTally()
    for example, output in model.outputs(examples):
        kept.append(example)
        outputs.append(output)
        result = model.task.decode(example, output, model.spec)
        whole += not result.truncated
        unknown.add(result.tokens, result.unknown)
        if progress is not None:
            progress.advance(1)
    if not kept:
        raise DataError("at least one labelled example", "none", "check the data")
    statistics = model.task.statistics(kept, outputs, model.spec)
    metrics = estimate(statistics, len(kept), seed=seed)
    return Evaluation(metrics, statistics, kept, outputs, whole / len(kept), unknown)
