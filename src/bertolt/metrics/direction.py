"""Which way a metric is good."""

from __future__ import annotations

#: Of these less is better; of every other metric, more.
LOWER_IS_BETTER = frozenset(
    {"log_loss", "brier", "ece", "mae", "mean_absolute_error", "mse", "hamming_loss", "perplexity"}
)


def sign(metric: str) -> int:
    """1 where more is better, -1 where less is."""
    return -1 if metric in LOWER_IS_BETTER else 1
