"""How pictures look, and how one becomes part of a page."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, ORANGE, GREY, LIGHT, FAINT = "#1f5f99", "#c2571a", "#5b6470", "#a9b8c8", "#d9dde2"

# Any, as matplotlib's stubs want each key as a literal.
_RULES: Any = {
    "axes.edgecolor": GREY,
    "axes.labelcolor": "#222831",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "figure.dpi": 100,
    "font.size": 10,
    "legend.frameon": False,
    "svg.fonttype": "path",  # looks the same on every machine
    "svg.hashsalt": "bertolt",  # equal data, equal file
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": "#222831",
    "ytick.labelcolor": "#222831",
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure with its words.

    Args:
        title: above it.
        figure: what is drawn.
        alt: what a person who cannot see it must know.
        meaning: how to read it, in a sentence or two.
    """

    title: str
    figure: Figure
    alt: str
    meaning: str

    def svg(self) -> bytes:
        """The figure as SVG; equal figures give equal bytes."""
        stream = io.BytesIO()
        with rc_context(_RULES):
            self.figure.savefig(stream, format="svg", metadata={"Date": None}, bbox_inches="tight")
        return stream.getvalue()

    def data_uri(self) -> str:
        """The SVG as an address that needs no other file."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg()).decode()


@contextmanager
def canvas(
    width: float = 6.4, height: float = 3.6, *, columns: int = 1, rows: int = 1
) -> Iterator[tuple[Figure, list[Axes]]]:
    """An empty figure in the style of the reports, with its axes from left to right; inches.

    Axes one above the other, with ``rows``, share what runs from left to right. No window and no global
    state of matplotlib is touched.
    """
    with rc_context(_RULES):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure, list(figure.subplots(rows, columns, sharex=rows > 1, squeeze=False).flat)


def shorten(text: str, most: int = 18) -> str:
    """A label that fits an axis. A dollar sign is no formula."""
    cut = text if len(text) <= most else text[: most - 1].rstrip() + "…"
    return "".join(mark if mark.isprintable() else " " for mark in cut).replace("$", r"\$")
