"""How fast single-precision matrix products are here, and what that leaves of a training step.

    python benchmarks/sgemm.py [--seconds 0.5] [--threads N]

Measures torch's sgemm at the shapes of MiniLM-L6-H384 (the three products of a linear layer: output,
gradient of the input, gradient of the weight; the two of attention) and at 2048 x 2048 x 2048. It sums the
milliseconds that the matrix products alone of one training step or prediction batch need, twice: at the rate
of each shape (``ms_at_shapes``) and at the best rate seen (``ms_at_peak``), the floor for fp32 on this
library. Results go into memory that is there already, so that no page fault is counted. A product of m x k
by k x n is 2mkn operations; a linear layer's backward pass has two of that size.

The last line of standard output is JSON; a table for people goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

LAYERS, HIDDEN, INTERMEDIATE, HEADS = 6, 384, 1536, 12
# Linear layers of one encoder layer: (inputs, outputs, how many). Query, key, value and output; up; down.
LINEARS = ((HIDDEN, HIDDEN, 4), (HIDDEN, INTERMEDIATE, 1), (INTERMEDIATE, HIDDEN, 1))


@dataclass(frozen=True, slots=True)
class Workload:
    """One batch: so many sequences of so many token slots, forward alone or with the backward pass."""

    name: str
    sequences: int
    length: int
    trains: bool


WORKLOADS = (
    Workload("training_step", sequences=32, length=27, trains=True),  # 864 slots: Rotten Tomatoes in buckets
    Workload("prediction_short", sequences=128, length=32, trains=False),  # 4,096 slots
    Workload("prediction_long", sequences=8, length=512, trains=False),  # 4,096 slots
)


@dataclass(frozen=True, slots=True)
class Product:
    """A measured matrix product and how often a workload needs it."""

    name: str
    operations: int  # of one product
    count: int
    seconds: float  # median of one product

    @property
    def gflops(self) -> float:
        """Its rate, in 10^9 operations a second."""
        return self.operations / self.seconds / 1e9


def median_seconds(product: Callable[[], torch.Tensor], budget: float) -> float:
    """The median time of a call over ``budget`` seconds, after a quarter of it as a warm-up."""
    end = time.perf_counter() + budget / 4
    while time.perf_counter() < end:
        product()
    times: list[float] = []
    end = time.perf_counter() + budget
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        product()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure_linear(
    rows: int, inputs: int, outputs: int, count: int, trains: bool, budget: float
) -> list[Product]:
    """The products of a linear layer over ``rows`` token slots, laid out in memory as torch has them."""
    x, w, gradient = torch.randn(rows, inputs), torch.randn(outputs, inputs), torch.randn(rows, outputs)
    operations = 2 * rows * inputs * outputs
    y, dx, dw = torch.empty_like(gradient), torch.empty_like(x), torch.empty_like(w)
    calls: dict[str, Callable[[], torch.Tensor]] = {"output": lambda: torch.mm(x, w.T, out=y)}
    if trains:
        calls["input gradient"] = lambda: torch.mm(gradient, w, out=dx)
        calls["weight gradient"] = lambda: torch.mm(gradient.T, x, out=dw)
    shape = f"{rows}x{inputs}x{outputs}"
    return [
        Product(f"{shape} {name}", operations, count, median_seconds(call, budget))
        for name, call in calls.items()
    ]


def measure_attention(workload: Workload, budget: float) -> list[Product]:
    """Scores (queries by keys) and mix (scores by values) of the attention; each costs two more backward."""
    groups, length, width = workload.sequences * HEADS, workload.length, HIDDEN // HEADS
    queries, keys = torch.randn(groups, length, width), torch.randn(groups, width, length)
    scores, values = torch.randn(groups, length, length), torch.randn(groups, length, width)
    products, mix = torch.empty_like(scores), torch.empty_like(values)
    operations = 2 * groups * length * length * width
    count = LAYERS * (3 if workload.trains else 1)
    shape = f"{groups} of {length}x{width}x{length}"
    return [
        Product(
            f"{shape} scores",
            operations,
            count,
            median_seconds(lambda: torch.bmm(queries, keys, out=products), budget),
        ),
        Product(
            f"{shape} mix",
            operations,
            count,
            median_seconds(lambda: torch.bmm(scores, values, out=mix), budget),
        ),
    ]


def measure_workload(workload: Workload, budget: float) -> list[Product]:
    """Every matrix product of the encoder in one workload (the pooler and head, under 0.1%, are left out)."""
    rows = workload.sequences * workload.length
    products: list[Product] = []
    for inputs, outputs, each in LINEARS:
        products += measure_linear(rows, inputs, outputs, each * LAYERS, workload.trains, budget)
    return products + measure_attention(workload, budget)


def report_workload(workload: Workload, products: list[Product], peak: float) -> dict[str, float]:
    """Sum a workload's products: 10^9 operations, and milliseconds at the shapes' rates and at the peak.

    Args:
        workload: what was measured.
        products: its products.
        peak: the best rate seen on this machine, in 10^9 operations a second.
    """
    operations = sum(product.operations * product.count for product in products)
    linear = sum(product.operations * product.count for product in products if " of " not in product.name)
    seconds = sum(product.seconds * product.count for product in products)
    print(f"\n{workload.name}: {workload.sequences} sequences of {workload.length}", file=sys.stderr)
    for product in products:
        milliseconds = 1000 * product.seconds * product.count
        print(f"  {product.name:38} {product.gflops:8.1f} GFLOP/s {milliseconds:9.2f} ms", file=sys.stderr)
    return {
        f"{workload.name}_gflop": round(operations / 1e9, 3),
        f"{workload.name}_linear_gflop": round(linear / 1e9, 3),
        f"{workload.name}_ms_at_shapes": round(1000 * seconds, 2),
        f"{workload.name}_ms_at_peak": round(operations / peak / 1e6, 2),
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=0.5, help="how long each product is measured")
    parser.add_argument("--threads", type=int, help="of torch; its own choice by default")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    square = measure_linear(2048, 2048, 2048, 1, False, options.seconds)[0]
    measured = [(workload, measure_workload(workload, options.seconds)) for workload in WORKLOADS]
    linears = [product for _, products in measured for product in products if " of " not in product.name]
    peak = max(product.gflops for product in [square, *linears])
    figures: dict[str, float] = {
        "threads": torch.get_num_threads(),
        "square_gflops": round(square.gflops, 1),
        "peak_gflops": round(peak, 1),
    }
    figures |= {
        f"gflops {product.name}": round(product.gflops, 1) for _, rows in measured for product in rows
    }
    for workload, products in measured:
        figures |= report_workload(workload, products, peak)
    print(f"\n2048 cubed {square.gflops:.1f} GFLOP/s, peak {peak:.1f} GFLOP/s", file=sys.stderr)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
