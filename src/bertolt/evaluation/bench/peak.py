"""The rate of matrix products on this machine: what no network of such products can be faster than."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor

from bertolt.models.fast_linear import multiply, onednn_wins

#: Rows of a product: a prediction batch's tokens, and a quarter of them.
ROWS = (1024, 4096)
SECONDS = 0.15


def matrix_rate(*, hidden: int, intermediate: int, seconds: float = SECONDS) -> float:
    """The best rate of float32 products at a network's shapes, in 10^9 operations a second.

    A product of m x k by k x n is 2mkn operations. Every product is tried with each library that torch
    brings along, so that the limit is the machine's and not one library's.

    Args:
        hidden, intermediate: of the network.
        seconds: how long each product is measured.
    """
    shapes = ((hidden, hidden), (hidden, intermediate), (intermediate, hidden))
    best = 0.0
    with torch.inference_mode():
        for rows in ROWS:
            for inputs, outputs in shapes:
                x, weight = torch.randn(rows, inputs), torch.randn(outputs, inputs)
                for product in products(x, weight):
                    best = max(best, 2 * rows * inputs * outputs / _seconds(product, seconds))
    return best / 1e9


def products(x: Tensor, weight: Tensor) -> list[Callable[[], Tensor]]:
    """The ways to multiply: torch's own into memory that is there already, and oneDNN's where it is used."""
    out = torch.empty(len(x), len(weight))
    ways: list[Callable[[], Tensor]] = [lambda: torch.mm(x, weight.T, out=out)]
    if onednn_wins():
        ways.append(lambda: multiply(x, weight, None))
    return ways


def _seconds(product: Callable[[], Tensor], budget: float) -> float:
    """The shortest time of a call: whatever disturbs one only makes it longer."""
    product()
    best = float("inf")
    end = time.perf_counter() + budget
    while time.perf_counter() < end:
        start = time.perf_counter()
        product()
        best = min(best, time.perf_counter() - start)
    return best
