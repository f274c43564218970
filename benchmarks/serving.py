"""The studies serving-capacity and serving-load: ours beside a plain app and infinity. Run when all is quiet.

    benchmarks/peers/infinity.sh build/infinity
    python -m benchmarks.serving capacity --data-root build/benchmarks
    python -m benchmarks.serving load --data-root build/benchmarks

Capacity is what 32 clients that wait get at most. The second study takes its rates from the first one's
medians: 0.8 of infinity's capacity for ours and infinity, and 1.5 of our own for ours.
"""

from __future__ import annotations

import json
import sys

from benchmarks.study import RESULTS, Cell, Variant, run_study

SERVERS = ("ours", "plain", "infinity")


def variant(server: str, *options: str) -> Variant:
    """One server under load."""
    files = "$DATA/model $DATA/short.csv $DATA/long.csv"
    words = ("python benchmarks/load.py", server, files, "--seconds 60", "--seed $SEED", *options)
    return Variant(server, " ".join(words))


def capacities() -> dict[str, float]:
    """Requests a second of each server, out of the first study's results."""
    lines = (RESULTS / "serving-capacity.jsonl").read_text(encoding="utf-8").splitlines()
    (line,) = [each for each in map(json.loads, lines) if each["cell"] == "closed"]
    return {name: each["figures"]["requests_per_second"] for name, each in line["variants"].items()}


def load_cells() -> list[Cell]:
    """Open loads at the rates that the capacities give."""
    found = capacities()
    common, over = f"--rate {0.8 * found['infinity']:.1f}", f"--rate {1.5 * found['ours']:.1f}"
    return [
        Cell("common-load", (variant("ours", common), variant("infinity", common)), repeats=3),
        Cell("over-capacity", (variant("ours", over),), repeats=3),
    ]


CAPACITY = [Cell("closed", tuple(map(variant, SERVERS)), repeats=3)]

if __name__ == "__main__":
    match sys.argv[1:]:
        case ["capacity", *words]:
            sys.exit(run_study("serving-capacity", CAPACITY, words))
        case ["load", *words]:
            sys.exit(run_study("serving-load", load_cells(), words))
        case _:
            sys.exit("say capacity or load first")
