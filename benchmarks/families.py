"""The study tasks-families: every family of the table, tiny and random, on every task and verb.

python -m benchmarks.families --data-root .
"""

from __future__ import annotations

import sys

from benchmarks.study import Cell, Variant, run_study

from bertolt.models.families import FAMILIES

CELLS = [
    Cell(kind, (Variant("bertolt", f"python -m benchmarks.ours.family {kind} $OUT"),))
    for kind, family in FAMILIES.items()
    if family.support != "refused"
]

if __name__ == "__main__":
    sys.exit(run_study("tasks-families", CELLS))
