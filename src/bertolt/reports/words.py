"""Figures in words."""

from __future__ import annotations

from bertolt.evaluation.abstention import Abstention


def metric_words(metric: str) -> str:
    """A metric's name as it is read."""
    return metric.replace("_", " ")


def abstention_sentence(found: Abstention) -> str:
    """What "unsure" buys, for people."""
    if not found.coverage.value:
        return f"Unsure below {found.below:g}: no text is answered."
    return (
        f"Unsure below {found.below:g}: {found.coverage.value:.1%} of the texts are answered "
        f"({found.coverage.low:.1%} to {found.coverage.high:.1%}), and of those {found.accuracy.value:.1%} "
        f"are right ({found.accuracy.low:.1%} to {found.accuracy.high:.1%}); of all texts "
        f"{found.accuracy_all.value:.1%} would be."
    )
