"""The search for the fastest way to quantise that costs little enough, on labelled rows."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bertolt.errors import RefusedError
from bertolt.inference.gate import MOST_FLIPPED, MOST_LOSS, Judged, loss, passes
from bertolt.inference.int8 import Way
from bertolt.models.engine_record import Tried

#: Shares of the products that are left in fp32, the most sensitive ones first, where no way passes as it is.
SHARES_KEPT = (1 / 12, 1 / 6, 1 / 3)


@dataclass(frozen=True, slots=True)
class Bench:
    """What a search measures with.

    Args:
        judge: a network's file to what it makes of the labelled rows.
        distance: a network's file to the mean difference of its probabilities from those of fp32.
        work: told the name of a way before it is tried.
    """

    judge: Callable[[Path], Judged]
    distance: Callable[[Path], float]
    work: Callable[[str], None]


@dataclass(slots=True)
class Search:
    """A search over ways to quantise.

    Args:
        source: the network in fp32.
        folder: where candidates are written; they are removed again.
        bench: what measures them.
        seed: of the intervals.

    Attributes:
        tried: every way that was tried, fp32 first, in order.
    """

    source: Path
    folder: Path
    bench: Bench
    seed: int = 0
    tried: list[Tried] = field(default_factory=list)
    _before: Judged | None = None
    _best: Tried | None = None

    def run(
        self, plain: Way, further: Callable[[], Sequence[Way]], products: Sequence[str], target: Path
    ) -> Tried:
        """Tries the plain way; where it costs too much all further ones, and if the first of them costs too
        much as well, that one with the most sensitive products in fp32. The fastest that passes is written.

        Args:
            plain: the first way.
            further: makes the other ones, in their order.
            products: the matrix products of the network.
            target: where the network that was chosen goes.

        Returns:
            The way that was chosen.

        Raises:
            RefusedError: none passes.
        """
        self._before = self.bench.judge(self.source)
        self._note("fp32", self._before)
        self._try(plain, (), plain.name, target)
        if self._best is None:
            ways = further()
            passed = [self._try(way, (), way.name, target) for way in ways]
            if not passed[0]:  # else products in fp32 would only make it slower
                self._keep_sensitive(ways[0], products, target)
        if self._best is None:
            raise _refusal(self.tried[1:])
        return self._best

    def _keep_sensitive(self, way: Way, products: Sequence[str], target: Path) -> None:
        """Leaves ever more products in fp32, until it passes: more of them are only slower."""
        order = self._by_sensitivity(way, products)
        for count in dict.fromkeys(max(1, round(share * len(products))) for share in SHARES_KEPT):
            name = f"{way.name}, {count} of {len(products)} products in fp32"
            if self._try(way, order[:count], name, target):
                return

    def _by_sensitivity(self, way: Way, products: Sequence[str]) -> list[str]:
        """The products by how much nearer to fp32 the network is without quantising just them."""
        distances = []
        for number, product in enumerate(products, start=1):
            self.bench.work(f"product {number} of {len(products)} in fp32")
            distances.append(self._with(way, (product,), self.bench.distance))
        return [products[index] for index in np.argsort(distances, kind="stable")]

    def _try(self, way: Way, kept: Collection[str], name: str, target: Path) -> bool:
        self.bench.work(name)
        file = self.folder / "candidate.onnx"
        way.make(self.source, file, kept)
        found = self._note(name, self.bench.judge(file))
        if found.passed and (self._best is None or found.texts_per_second > self._best.texts_per_second):
            self._best = found
            shutil.move(file, target)
        file.unlink(missing_ok=True)
        return found.passed

    def _with(self, way: Way, kept: Collection[str], measure: Callable[[Path], float]) -> float:
        file = self.folder / "candidate.onnx"
        way.make(self.source, file, kept)
        value = measure(file)
        file.unlink()
        return value

    def _note(self, name: str, after: Judged) -> Tried:
        assert self._before is not None
        found = loss(self._before, after, seed=self.seed)
        speed = found.rows / after.seconds
        tried = Tried(name=name, loss=found, texts_per_second=round(speed, 1), passed=passes(found))
        self.tried.append(tried)
        return tried


def _refusal(tried: Sequence[Tried]) -> RefusedError:
    nearest = min(tried, key=lambda each: each.loss.flips)
    return RefusedError(
        f"a loss of at most {100 * MOST_LOSS:g} points (upper bound of the 95% interval) and at most "
        f"{MOST_FLIPPED:.0%} other answers in 8 bits",
        f"{100 * nearest.loss.high:.1f} points and {nearest.loss.flipped:.1%} with {nearest.name!r}, the "
        f"nearest of {len(tried)} ways, on {nearest.loss.rows:,} rows",
        "export in fp32, or name more rows with --data if the interval is wide",
    )
