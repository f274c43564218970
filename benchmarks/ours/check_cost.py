"""What the checks of ``bertolt check`` cost on 25,000 reviews.

    python benchmarks/ours/check_cost.py imdb

The last line of standard output is JSON: seconds of the quick checks (which ``train`` runs too) and of the
search for near-duplicates, how many groups it found, and whether it had the time to look at every row.
"""

from __future__ import annotations

import argparse
import json
import sys
import time

from bertolt.data.checks import quick_check
from bertolt.data.duplicates import near_groups
from bertolt.data.sources import open_source
from bertolt.tasks.checking import check_rows
from bertolt.tasks.reading import ColumnChoice, read_labelled
from bertolt.tasks.registry import get_task


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", help="a named data set")
    options = parser.parse_args()
    task = get_task("text-classification")
    source = open_source(options.data, task.layouts)
    rows = []
    for part, table in source.parts.items():
        examples = read_labelled(task, table, task.Settings(), ColumnChoice()).examples
        rows += check_rows(task, part, examples)
    start = time.perf_counter()
    findings = quick_check(rows)
    quick = time.perf_counter() - start
    start = time.perf_counter()
    found = near_groups(rows, seconds=600)
    figures = {
        "rows": len(rows),
        "parts": sorted(source.parts),
        "quick_seconds": round(quick, 3),
        "quick_findings": len(findings),
        "near_duplicate_seconds": round(time.perf_counter() - start, 3),
        "near_duplicate_groups": len(found.groups),
        "searched": found.searched,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
