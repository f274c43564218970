"""The figures of a measurement, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from bertolt.evaluation.bench.backend import BackendSpec
from bertolt.evaluation.bench.measure import Measurement, Workload, percentile, summarise

WORK = Workload(texts=4, tokens=100, operations=2e9, latency_texts=2, latency_tokens=30)


def record(name: str, seconds: list[float], labels: list[str], problem: str | None = None) -> Measurement:
    backend = BackendSpec(name, Path("model"), "fp32", ("python",), Path(), {})
    return Measurement(backend, {"torch": "2"}, 0.5, seconds, [1.0, 3.0], 80.0, labels, problem)


def test_rates_share_ratio_and_agreement() -> None:
    records = [
        record("bertolt model", [2.0, 1.0, 9.0], ["a", "b", "a", "b"]),
        record("peer", [4.0, 5.0, 3.0], ["a", "b", "b", "b"]),
        record("dead", [], [], "ended"),
    ]
    found = summarise(records, WORK, [40.0, 10.0, 4.0], threads=2)
    ours, peer = found.lines
    assert (ours.texts_per_second, ours.tokens_per_second) == (2.0, 50.0)  # the median pass takes 2 s
    assert ours.share == pytest.approx(0.1)  # 2e9 operations in 2 s, where 10e9 a second are possible
    assert (ours.ratio, ours.agree) == (1.0, 4)
    assert peer.ratio == 2.0
    assert peer.agree == 3
    assert (peer.p50_ms, found.rounds, found.gflops) == (2.0, 3, 10.0)
    assert found.problems == {"dead": "ended"}


def test_the_document_has_every_figure() -> None:
    found = summarise([record("bertolt model", [2.0], ["a"] * 4)], WORK, [10.0], threads=1).to_dict()
    assert found["gflop"] == 2.0
    assert found["matrix_gflops"] == 10.0
    (program,) = found["programs"]
    assert program["name"] == "bertolt model"
    assert program["megabytes"] == 80.0
    assert program["seconds"] == (2.0,)
    assert found["problems"] == []


@pytest.mark.parametrize(("share", "value"), [(0, 1.0), (50, 3.0), (75, 4.0), (99, 4.96), (100, 5.0)])
def test_percentiles_lie_between_their_neighbours(share: float, value: float) -> None:
    assert percentile([5.0, 1.0, 3.0, 2.0, 4.0], share) == pytest.approx(value)
