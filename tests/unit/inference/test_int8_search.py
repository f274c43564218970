"""The order of the search, with ways that are only names."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bertolt.errors import RefusedError
from bertolt.inference.gate import Judged
from bertolt.inference.int8 import Way
from bertolt.inference.int8_search import Bench, Search
from bertolt.metrics.statistic import mean

ROWS = 1000
PRODUCTS = [f"p{number}" for number in range(12)]


@dataclass
class World:
    """What each way would do: flips, none of which changes how many rows are right, and seconds.

    A file holds the name of its way and the products in fp32.
    """

    flips: dict[str, int]
    seconds: dict[str, float] = field(default_factory=dict)
    sensitive: str = "p7"
    seen: list[str] = field(default_factory=list)

    def way(self, name: str) -> Way:
        def make(source: Path, target: Path, kept: Collection[str]) -> None:
            target.write_text(f"{name}|{','.join(kept)}", encoding="utf-8")

        return Way(name, make)

    def judge(self, file: Path) -> Judged:
        name, _, kept = file.read_text(encoding="utf-8").partition("|")
        self.seen.append(name)
        flips = 0 if self.sensitive in kept.split(",") else self.flips.get(name, 0)
        answers = ["b"] * flips + ["a"] * (ROWS - flips)
        return Judged(answers, "accuracy", mean([1.0] * 900 + [0.0] * 100), self.seconds.get(name, 1.0))

    def distance(self, file: Path) -> float:
        return 0.1 if self.sensitive in file.read_text(encoding="utf-8") else 0.5

    def search(self, folder: Path) -> Search:
        source = folder / "fp32.onnx"
        source.write_text("fp32", encoding="utf-8")
        return Search(source, folder, Bench(self.judge, self.distance, lambda name: None))

    def run(self, folder: Path) -> tuple[str, str, list[tuple[str, bool]]]:
        """The name that is chosen, what is written, and what was tried."""
        search, target = self.search(folder), folder / "model.onnx"
        further = [self.way(name) for name in ("channel", "rows", "static")]
        chosen = search.run(self.way("plain"), lambda: further, PRODUCTS, target)
        assert not (folder / "candidate.onnx").exists()
        written = target.read_text(encoding="utf-8")
        return chosen.name, written, [(each.name, each.passed) for each in search.tried]


def test_a_plain_way_that_passes_ends_the_search(tmp_path: Path) -> None:
    world = World(flips={"plain": 20})
    chosen, written, tried = world.run(tmp_path)
    assert (chosen, written) == ("plain", "plain|")
    assert tried == [("fp32", True), ("plain", True)]
    assert world.seen == ["fp32", "plain"]


def test_of_those_that_pass_the_fastest_is_taken(tmp_path: Path) -> None:
    world = World(flips={"plain": 21, "static": 50}, seconds={"channel": 2.0, "rows": 0.5, "static": 0.1})
    chosen, written, tried = world.run(tmp_path)
    assert (chosen, written) == ("rows", "rows|")
    assert tried == [
        ("fp32", True), ("plain", False), ("channel", True), ("rows", True), ("static", False),
    ]  # fmt: skip


def test_the_most_sensitive_products_stay_in_fp32_where_it_takes_that(tmp_path: Path) -> None:
    world = World(flips={"plain": 30, "channel": 30, "rows": 30, "static": 30})
    chosen, written, tried = world.run(tmp_path)
    assert chosen == "channel, 1 of 12 products in fp32"
    assert written == "channel|p7"
    assert tried[-1] == (chosen, True)


def test_products_in_fp32_may_still_be_slower_than_another_way(tmp_path: Path) -> None:
    world = World(flips={"plain": 30, "channel": 30}, seconds={"channel": 2.0, "rows": 1.0, "static": 1.5})
    chosen, _, tried = world.run(tmp_path)
    assert chosen == "rows"
    assert len(tried) == 6


def test_none_that_passes_is_a_refusal(tmp_path: Path) -> None:
    names = ("plain", "channel", "rows", "static")
    world = World(flips=dict.fromkeys(names, 30) | {"rows": 25}, sensitive="none of them")
    with pytest.raises(RefusedError, match=r"2\.5% with 'rows'.*of 7 ways, on 1,000 rows"):
        world.run(tmp_path)
    assert not (tmp_path / "model.onnx").exists()
