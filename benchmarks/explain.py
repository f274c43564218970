"""The study explain-agreement: few steps of integrated gradients beside the reference, and their speed.

python -m benchmarks.explain --data-root build/benchmarks
"""

from __future__ import annotations

import sys

from benchmarks.study import Cell, Variant, run_study

AGREEMENT = (
    "python benchmarks/ours/explain_agreement.py $DATA/model $DATA/rotten-tomatoes/validation.csv --points"
)
CELLS = [
    *(Cell(f"points-{points}", (Variant("fast", f"{AGREEMENT} {points}"),)) for points in (1, 4, 6, 8)),
    Cell("latency-60", (Variant("fast", "python benchmarks/ours/explain_latency.py $DATA/model"),)),
]

if __name__ == "__main__":
    sys.exit(run_study("explain-agreement", CELLS))
