"""The grades of a model: their names, and how the logits and one grade go together."""

from __future__ import annotations

from dataclasses import dataclass

from bertolt.metrics.statistic import FloatArray, IntArray
from bertolt.models.spec import ModelSpec
from bertolt.tasks.grades import GRADES
from bertolt.tasks.ordinal import median, mode


@dataclass(frozen=True, slots=True)
class Scale:
    """See the module.

    Args:
        names: of the grades, the lowest first.
        chain: whether there is an output for each question of the chain; else there is one for each grade.
        by_median: whether the middle grade is given instead of the most probable one.
    """

    names: tuple[str, ...]
    chain: bool
    by_median: bool

    def choose(self, probabilities: FloatArray) -> IntArray:
        """The grade of each text, shape (n,), of probabilities of shape (n, K)."""
        return median(probabilities) if self.by_median else mode(probabilities)


def scale_of(spec: ModelSpec) -> Scale:
    """The scale of a model. Settings are read as plain values: this is asked for each text."""
    order = tuple(spec.settings.get("order") or ())
    decode = spec.settings.get("decode") or ("median" if order else "mode")
    names = order or GRADES
    return Scale(names, len(spec.labels) < len(names), decode == "median")
