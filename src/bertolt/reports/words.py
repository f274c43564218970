"""Figures in words."""

from __future__ import annotations

from bertolt.evaluation.abstention import Abstention
from bertolt.metrics.intervals import Estimate
from bertolt.metrics.selective import LEAST_COVERAGE


def metric_words(metric: str) -> str:
    """A metric's name as it is read."""
    return metric.replace("_", " ")


def abstention_sentence(found: Abstention) -> str:
    """What "unsure" buys, for people."""
    if not found.coverage.value:
        return f"Unsure below {found.below:g}: no text is answered."
    return (
        f"Unsure below {found.below:g}: {found.coverage.value:.1%} of the texts are answered"
        f"{_interval(found.coverage)}, and of those {found.accuracy.value:.1%} are right"
        f"{_interval(found.accuracy)}; of all texts {found.accuracy_all.value:.1%} would be."
    )


def _interval(found: Estimate) -> str:
    return f" ({found.low:.1%} to {found.high:.1%})" if found.has_interval else ""


def claims_sentence(claims: tuple[str, str], found: tuple[float, float] | None) -> str:
    """At which coverage two grades are right three times in four, for people.

    Args:
        claims: the grades' names.
        found: the coverage, and the probability from which they are given; None where there is none.
    """
    what = f"The grades {claims[0]} and {claims[1]} are right three times in four"
    if found is None:
        return f"{what} at no coverage above {LEAST_COVERAGE:.0%}."
    return f"{what} for {found[0]:.1%} of the texts: where their probability is at least {found[1]:.3f}."
