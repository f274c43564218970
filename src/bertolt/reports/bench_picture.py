"""Speed beside peers, as one picture."""

from __future__ import annotations

import numpy as np

from bertolt.evaluation.bench.measure import Bench
from bertolt.reports.style import BLUE, FAINT, LIGHT, Picture, canvas, shorten


def bench_picture(bench: Bench) -> Picture:
    """A bar for each program: its texts a second, its share of the limit, and its latency."""
    lines = bench.lines
    rows = np.arange(len(lines))
    colours = [BLUE if line.name.startswith("bertolt ") else LIGHT for line in lines]
    names = [shorten(line.name, 28) for line in lines]
    with canvas(9.0, 1.2 + 0.36 * len(lines), columns=2) as (figure, (left, right)):
        left.barh(rows, [line.texts_per_second for line in lines], color=colours)
        left.set_yticks(rows, names)
        left.set_title("Texts a second")
        for row, line in enumerate(lines):
            words = f" {line.texts_per_second:,.0f} ({line.share:.0%})"
            left.annotate(words, (line.texts_per_second, row), va="center", fontsize=8)
        left.set_xlim(0, 1.3 * max(line.texts_per_second for line in lines))
        right.hlines(
            rows, [line.p50_ms for line in lines], [line.p99_ms for line in lines], color=LIGHT, linewidth=5
        )
        right.scatter([line.p50_ms for line in lines], rows, color=colours, zorder=3)
        right.set_title("One text alone, milliseconds")
        right.set_yticks(rows, ["" for _ in lines])
        right.set_xlim(left=0)
        for axes in (left, right):
            axes.set_ylim(len(lines) - 0.4, -0.6)
            axes.tick_params(axis="y", length=0)
            axes.grid(axis="x", color=FAINT, linewidth=0.6)
            axes.set_axisbelow(True)
    listed = "; ".join(f"{line.name} {line.texts_per_second:,.0f}" for line in lines)
    return Picture(
        "Speed on this machine",
        figure,
        f"Texts a second: {listed}.",
        f"In brackets the share of {bench.gflops:,.0f} x 10^9 operations a second, the fastest that float32 "
        "matrix products ran here. On the right a dot is the median, the end of its bar the 99th "
        f"percentile, of texts of {bench.work.latency_tokens:g} tokens.",
    )
