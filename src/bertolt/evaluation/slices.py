"""How good a model is on a part of the rows: by length and by class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from bertolt.evaluation.evaluate import Evaluation
from bertolt.evaluation.judging import Judgement
from bertolt.metrics.intervals import Estimate, estimate
from bertolt.metrics.statistic import FloatArray, Statistic, mean

#: Tokens at which one group of lengths ends and the next begins.
EDGES = (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
#: A group of lengths with fewer rows joins its neighbour.
FEW_ROWS = 10


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the rows.

    Args:
        by: what the rows of it share.
        name: such as ``"33 to 64 tokens"`` or a label.
        n: its rows.
        figure: the metric on them.
    """

    by: Literal["length", "class"]
    name: str
    n: int
    figure: Estimate

    def to_dict(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        return {"by": self.by, "name": self.name, "n": self.n, **self.figure.to_dict()}


def by_length(
    evaluation: Evaluation, judged: Sequence[Judgement], metric: str, *, seed: int = 0
) -> list[Slice]:
    """The metric on texts of each length, shortest first."""
    members: dict[int, list[int]] = defaultdict(list)
    for index, row in enumerate(judged):
        members[int(np.searchsorted(EDGES, row.tokens))].append(index)
    statistic, total = evaluation.statistics[metric], len(judged)
    return [
        Slice("length", _length_name(first, last), len(rows), _figure(statistic, rows, total, seed))
        for first, last, rows in _merged(members)
    ]


def _merged(members: Mapping[int, list[int]]) -> list[tuple[int, int, list[int]]]:
    """First and last group of each slice, and its rows: groups too small to measure join a neighbour."""
    found: list[tuple[int, int, list[int]]] = []
    for group, rows in sorted(members.items()):
        if found and (len(found[-1][2]) < FEW_ROWS or len(rows) < FEW_ROWS):
            first, _, earlier = found.pop()
            found.append((first, group, earlier + rows))
        else:
            found.append((group, group, rows))
    return found


def _length_name(first: int, last: int) -> str:
    low = EDGES[first - 1] + 1 if first else 0
    return f"over {low - 1:,} tokens" if last == len(EDGES) else f"{low:,} to {EDGES[last]:,} tokens"


def _figure(statistic: Statistic, rows: Sequence[int], total: int, seed: int) -> Estimate:
    places = np.asarray(rows)

    def on_rows(weights: FloatArray) -> FloatArray:
        spread = np.zeros((len(weights), total))
        spread[:, places] = weights
        return statistic(spread)

    return estimate({"figure": on_rows}, len(rows), seed=seed, resamples=500)["figure"]


def by_class(judged: Sequence[Judgement], classes: Sequence[str | None], *, seed: int = 0) -> list[Slice]:
    """The share of each class's rows that are right (its recall), commonest class first.

    Args:
        judged: the rows; each must be right or wrong.
        classes: the class of each; None for rows of none.
        seed: of the bootstrap.
    """
    members: Mapping[str, list[bool]] = _members(judged, classes)
    found = []
    for name, right in sorted(members.items(), key=lambda item: (-len(item[1]), item[0])):
        figure = estimate({"figure": mean(right)}, len(right), seed=seed)["figure"]
        found.append(Slice("class", name, len(right), figure))
    return found


def _members(judged: Sequence[Judgement], classes: Sequence[str | None]) -> dict[str, list[bool]]:
    members: dict[str, list[bool]] = defaultdict(list)
    for row, name in zip(judged, classes, strict=True):
        if name is not None and row.right is not None:
            members[name].append(row.right)
    return members
