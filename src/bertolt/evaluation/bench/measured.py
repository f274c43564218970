"""What was measured, and the arithmetic on it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bertolt.evaluation.bench.peers import Entrant


@dataclass(frozen=True, slots=True)
class Work:
    """What every program did, in one pass over the data.

    Args:
        texts: how many inputs.
        tokens: those that the reference reads, special ones included, padding not.
        operations: of the encoder's matrix products.
        latency_texts: inputs that were also predicted one by one.
        latency_tokens: the median of their tokens.
    """

    texts: int
    tokens: int
    operations: float
    latency_texts: int
    latency_tokens: float


@dataclass(slots=True)
class Record:
    """What one program gave.

    Args:
        entrant: the program.
        versions: of what computes, by name.
        load_seconds: from the folder to the first prediction.
        seconds: of each pass over the data.
        milliseconds: of each input that was predicted alone.
        megabytes: the most memory that its process held, in 10^6 bytes.
        labels: its answers, in the data's order.
        problem: why it was not measured to the end, or None.
    """

    entrant: Entrant
    versions: dict[str, str] = field(default_factory=dict)
    load_seconds: float = 0.0
    seconds: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    megabytes: float = 0.0
    labels: list[str] = field(default_factory=list)
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """The figures of one program.

    Args:
        name: of the program.
        texts_per_second, tokens_per_second: medians of the passes, tokenisation included.
        share: of the rate of matrix products that was measured in the same run, 0..1. Products of 8-bit
            integers are faster than those of float32, so that a model of them may pass 1.
        ratio: the first program's texts a second over this one's.
        p50_ms, p99_ms: of an input alone, milliseconds.
        megabytes, load_seconds, versions: see ``Record``.
        agree: inputs with the same answer as the first program's.
        seconds: of each pass.
    """

    name: str
    texts_per_second: float
    tokens_per_second: float
    share: float
    ratio: float
    p50_ms: float
    p99_ms: float
    megabytes: float
    load_seconds: float
    agree: int
    versions: dict[str, str]
    seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Bench:
    """A whole measurement.

    Args:
        work: what was done.
        gflops: the rate of float32 matrix products, 10^9 operations a second, the median of the rounds.
        threads, rounds: as given.
        lines: the programs that were measured, the reference first.
        problems: those that were not, with the reason.
    """

    work: Work
    gflops: float
    threads: int
    rounds: int
    lines: tuple[Line, ...]
    problems: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """As ``--json`` and ``bench.json`` have it."""
        return {
            "texts": self.work.texts,
            "tokens": self.work.tokens,
            "gflop": self.work.operations / 1e9,
            "matrix_gflops": self.gflops,
            "latency_texts": self.work.latency_texts,
            "latency_tokens": self.work.latency_tokens,
            "threads": self.threads,
            "rounds": self.rounds,
            "programs": [
                {name: getattr(line, name) for name in Line.__dataclass_fields__} for line in self.lines
            ],
            "problems": [{"name": name, "problem": why} for name, why in self.problems.items()],
        }


def summarise(records: Sequence[Record], work: Work, rates: Sequence[float], threads: int) -> Bench:
    """The figures of all programs.

    Args:
        records: the reference first, which must have been measured.
        work: what each did in one pass.
        rates: of matrix products, 10^9 operations a second, one a round.
        threads: of each program.
    """
    gflops = statistics.median(rates)
    reference = records[0]
    best = statistics.median(reference.seconds)
    lines = []
    for record in records:
        if record.problem is not None:
            continue
        seconds = statistics.median(record.seconds)
        pairs = zip(record.labels, reference.labels, strict=True)
        lines.append(
            Line(
                name=record.entrant.name,
                texts_per_second=work.texts / seconds,
                tokens_per_second=work.tokens / seconds,
                share=work.operations / seconds / (gflops * 1e9),
                ratio=seconds / best,
                p50_ms=percentile(record.milliseconds, 50),
                p99_ms=percentile(record.milliseconds, 99),
                megabytes=record.megabytes,
                load_seconds=record.load_seconds,
                agree=sum(theirs == ours for theirs, ours in pairs),
                versions=record.versions,
                seconds=tuple(record.seconds),
            )
        )
    problems = {each.entrant.name: each.problem for each in records if each.problem is not None}
    return Bench(work, gflops, threads, len(rates), tuple(lines), problems)


def percentile(values: Sequence[float], share: float) -> float:
    """The value under which ``share`` percent of them lie, interpolated linearly between neighbours."""
    return float(np.percentile(np.asarray(values), share))
