"""The operations of an encoder, and the highest rate of matrix products on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from bertolt.errors import FolderError
from bertolt.models.fast_linear import multiply, onednn_wins


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """What of an encoder decides its operations.

    Args:
        layers: encoder layers.
        hidden, intermediate: sizes.
        gated: whether the intermediate layer is a gated one (Shazeer 2020), which has a third matrix.
        windows: for each layer how many tokens to each side attention reads; None: all.
    """

    layers: int
    hidden: int
    intermediate: int
    gated: bool
    windows: tuple[int | None, ...]


def shape_of(config: Mapping[str, Any]) -> EncoderShape:
    """The shape in a ``config.json``.

    Raises:
        FolderError: a family that names its sizes otherwise.
    """

    def size(*names: str) -> int:
        for name in names:
            if isinstance(config.get(name), int):
                return int(config[name])
        raise FolderError(
            f"a config.json with {' or '.join(names)}",
            f"model type {config.get('model_type')!r} without it",
            "leave this folder out: its operations cannot be counted",
        )

    layers = size("num_hidden_layers", "n_layers")
    kinds = config.get("layer_types") or ["full_attention"] * layers
    local = config.get("local_attention")
    return EncoderShape(
        layers=layers,
        hidden=size("hidden_size", "dim"),
        intermediate=size("intermediate_size", "hidden_dim"),
        gated=config.get("model_type") == "modernbert",
        windows=tuple(local // 2 if kind == "sliding_attention" and local else None for kind in kinds),
    )


def operations(shape: EncoderShape, lengths: Iterable[int]) -> float:
    """Operations of the encoder's matrix products over rows of real tokens, padding not counted.

    A layer has four matrices of hidden x hidden (query, key, value, output), and two of hidden x intermediate
    (three where it is gated), each 2 operations an element and token; attention multiplies queries by keys
    and weights by values, 4 x hidden operations a pair of tokens. Embeddings, norms, activations and the
    head, under 1% together, are left out (Kaplan et al. 2020, §2.1, count the same way).

    Args:
        shape: of the network.
        lengths: tokens of each row, special ones included.
    """
    matrices = 4 * shape.hidden**2 + (3 if shape.gated else 2) * shape.hidden * shape.intermediate
    total = 0.0
    for length in lengths:
        pairs = sum(seen_pairs(length, window) for window in shape.windows)
        total += 2 * matrices * shape.layers * length + 4 * shape.hidden * pairs
    return total


def seen_pairs(length: int, window: int | None) -> int:
    """Pairs of tokens in a row that attention joins, ``window`` to each side."""
    if window is None or window >= length - 1:
        return length * length
    # Each token sees 2 * window + 1, less what lies over the row's two ends.
    return length * (2 * window + 1) - window * (window + 1)


#: Rows of a product: a prediction batch's tokens, and a quarter of them.
ROWS = (1024, 4096)
SECONDS = 0.15


def peak_flops(*, hidden: int, intermediate: int, seconds: float = SECONDS) -> float:
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
