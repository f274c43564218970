"""The studies serving-capacity and serving-load: ours beside a plain app and infinity. Run when all is quiet.

    benchmarks/peers/infinity.sh build/infinity
    python -m benchmarks.serving --data-root build/benchmarks

Capacity is what 32 clients that wait get at most. The second study takes its rates from the first one's
medians: 0.8 of infinity's capacity for ours and infinity, and 1.5 of our own for ours. Both together take
about 9 minutes: 18 runs of 15 seconds, each with a server that is started anew.

Another revision beside this one, in turns (the cell closed-before, about 5 minutes):

    git worktree add build/before REVISION
    python -m benchmarks.serving --data-root build/benchmarks --only closed-before
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.study import RESULTS, ROOT, Cell, Variant, run_study

SERVERS = ("ours", "plain", "infinity")
SECONDS = 15
#: The source of another revision: git worktree add build/before REVISION.
BEFORE = "build/before/src"


def variant(server: str, *options: str) -> Variant:
    """One server under load."""
    files = "$DATA/model $DATA/short.csv $DATA/long.csv"
    words = ("python benchmarks/load.py", server, files, f"--seconds {SECONDS}", "--seed $SEED", *options)
    return Variant(server, " ".join(words))


def capacity_cells() -> list[Cell]:
    """Closed loads; the servers take turns."""
    return [Cell("closed", tuple(map(variant, SERVERS)), repeats=3)]


def revision_cells() -> list[Cell]:
    """Closed loads on the revision in ``build/before`` and on this one, in turns."""
    before, now = variant("ours", f"--source {BEFORE}"), variant("ours", "--source src")
    names = (Variant("before", before.command), Variant("now", now.command))
    return [Cell("closed-before", names, repeats=3)]


def load_cells(results: Path) -> list[Cell]:
    """Open loads at the rates that the capacities give."""
    lines = (results / "serving-capacity.jsonl").read_text(encoding="utf-8").splitlines()
    (line,) = [each for each in map(json.loads, lines) if each["cell"] == "closed"]
    found = {name: each["figures"]["requests_per_second"] for name, each in line["variants"].items()}
    common, over = f"--rate {0.8 * found['infinity']:.1f}", f"--rate {1.5 * found['ours']:.1f}"
    return [
        Cell("common-load", (variant("ours", common), variant("infinity", common)), repeats=3),
        Cell("over-capacity", (variant("ours", over),), repeats=3),
    ]


def main(words: list[str]) -> int:
    """Runs both studies, the second one once the first one is done."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--results", type=Path, default=RESULTS)
    results: Path = parser.parse_known_args(words)[0].results
    revisions = revision_cells() if (ROOT / BEFORE).is_dir() else []
    code = run_study("serving-capacity", [*capacity_cells(), *revisions], words)
    if revisions and revisions[0].name in words:
        return code
    if code == 0 and (results / "serving-capacity.jsonl").exists():
        code = run_study("serving-load", load_cells(results), words)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
