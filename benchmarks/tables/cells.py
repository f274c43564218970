"""The lines of the studies, and the words in which tables show their figures."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"

Line = dict[str, Any]
Cells = dict[str, Line]
#: ``value``, ``low`` and ``high``: a figure with its 95% interval.
Figure = dict[str, Any]


def cells(study: str, results: Path = RESULTS) -> Cells:
    """The lines of a study by cell; empty where it has not been run."""
    file = results / f"{study}.jsonl"
    if not file.is_file():
        return {}
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return {line["cell"]: line for line in lines}


def figures(cell: Line, variant: str) -> dict[str, Any]:
    """The figures of one variant: medians of its runs."""
    found: dict[str, Any] = cell["variants"][variant]["figures"]
    return found


def seeds_of(study: Cells, name: str) -> list[Line]:
    """The cells of NAME-seed-0, NAME-seed-1, … in that order."""
    found = [line for cell, line in study.items() if cell.rpartition("-seed-")[0] == name]
    return sorted(found, key=lambda line: int(line["cell"].rpartition("-")[2]))


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Markdown, with a blank line behind it; nothing of a table without rows."""
    if not rows:
        return []
    lines = [head, tuple("---" for _ in head), *rows]
    return [*(f"| {' | '.join(line)} |" for line in lines), ""]


def shown(found: Figure, form: str = ".3f") -> str:
    """A figure with its interval, such as ``0.847 (0.823 to 0.867)``."""
    return f"{found['value']:{form}} ({found['low']:{form}} to {found['high']:{form}})"


def points(found: Figure) -> str:
    """A difference of shares in points, such as ``+3.5 (+1.6 to +5.4)``."""
    return shown({name: 100 * found[name] for name in ("value", "low", "high")}, "+.1f")


def spread(values: Sequence[float], form: str = ".3f") -> str:
    """A mean with the lowest and the highest value."""
    return f"{statistics.mean(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def ratio(ours: float, theirs: float) -> tuple[str, str, str]:
    """Two rates and how many times the first is the second."""
    return f"{ours:,.1f}", f"{theirs:,.1f}", f"{ours / theirs:.2f}"
