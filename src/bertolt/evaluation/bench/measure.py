"""The measurement: each program loads, warms up, and then takes turns with the others."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bertolt.errors import FolderError
from bertolt.evaluation.bench.backend import BackendProcess, BackendSpec, NoResponse
from bertolt.evaluation.bench.flops import EncoderShape, operations
from bertolt.progress import Progress

#: Inputs that each program predicts before its clock runs.
WARM_UP = 64
#: The length, in tokens, of an input that is predicted alone: a sentence.
LATENCY_TOKENS = 30
LATENCY_TEXTS = 40


@dataclass(frozen=True, slots=True)
class Workload:
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
class Measurement:
    """What one program gave.

    Args:
        backend: the program.
        versions: of what computes, by name.
        load_seconds: from the folder to the first prediction.
        seconds: of each pass over the data.
        milliseconds: of each input that was predicted alone.
        megabytes: the most memory that its process held, in 10^6 bytes.
        labels: its answers, in the data's order.
        problem: why it was not measured to the end, or None.
    """

    backend: BackendSpec
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
        megabytes, load_seconds, versions: see ``Measurement``.
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

    work: Workload
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


@dataclass(frozen=True, slots=True)
class Plan:
    """How is measured.

    Args:
        rounds: turns of each program.
        threads: of each program.
        max_length: tokens of a row, special ones included.
        shape: of the network.
    """

    rounds: int
    threads: int
    max_length: int
    shape: EncoderShape


@dataclass(slots=True)
class _Turn:
    """A program that takes part, with what it gave so far."""

    process: BackendProcess
    record: Measurement


def measure(backends: Sequence[BackendSpec], inputs: Sequence[Any], plan: Plan, progress: Progress) -> Bench:
    """Measures programs on the same inputs in interleaved rounds, so that a slow minute slows all.

    A program that dies or answers with an error is left out from there on, and named with its reason.

    Args:
        backends: the first is the reference, one of ours.
        inputs: strings, or objects of the task's columns.
        plan: how.
        progress: advanced by one for each program that loaded and for each turn.

    Raises:
        FolderError: the reference cannot be measured.
    """
    records = [Measurement(backend) for backend in backends]
    with ExitStack() as stack:
        turns: list[_Turn] = []
        for record in records:
            _load(stack, turns, record, inputs, plan)
            _check_reference(records[0])
            progress.advance(1, record.backend.name)
        reference = turns[0].process
        lengths = reference.ask("lengths", inputs=list(inputs))["lengths"]
        alone = nearest(lengths, LATENCY_TOKENS, LATENCY_TEXTS)
        rates: list[float] = []
        for _ in range(plan.rounds):
            shape = [plan.shape.hidden, plan.shape.intermediate]
            rates.append(reference.ask("rate", inputs=shape)["gflops"])
            for turn in list(turns):
                if not _take(turn, inputs, [inputs[index] for index in alone]):
                    turns.remove(turn)
                _check_reference(records[0])
                progress.advance(1, turn.record.backend.name)
    rows = [length for each in lengths for length in each]
    tokens = statistics.median(sum(lengths[index]) for index in alone)
    work = Workload(len(inputs), sum(rows), operations(plan.shape, rows), len(alone), tokens)
    return summarise(records, work, rates, plan.threads)


def _load(
    stack: ExitStack, turns: list[_Turn], record: Measurement, inputs: Sequence[Any], plan: Plan
) -> None:
    backend = record.backend
    try:
        process = stack.enter_context(BackendProcess(backend.command, backend.folder, backend.environment))
        answer = process.ask(
            "load",
            folder=str(backend.model),
            mode=backend.mode,
            threads=plan.threads,
            max_length=plan.max_length,
        )
        process.ask("predict", inputs=list(inputs[:WARM_UP]))
        process.ask("latency", inputs=list(inputs[:2]))
    except NoResponse as error:
        record.problem = str(error)
        return
    record.load_seconds, record.versions = answer["seconds"], answer["versions"]
    turns.append(_Turn(process, record))


def _take(turn: _Turn, inputs: Sequence[Any], alone: Sequence[Any]) -> bool:
    """One turn; whether the program lived through it."""
    record = turn.record
    try:
        answer = turn.process.ask("predict", inputs=list(inputs))
        if len(answer["labels"]) != len(inputs):
            raise NoResponse(f"{len(answer['labels'])} labels for {len(inputs)} inputs")
        milliseconds = turn.process.ask("latency", inputs=list(alone))["milliseconds"]
    except NoResponse as error:
        record.problem = str(error)
        return False
    record.seconds.append(answer["seconds"])
    record.labels, record.megabytes = answer["labels"], answer["megabytes"]
    record.milliseconds += milliseconds
    return True


def _check_reference(record: Measurement) -> None:
    if record.problem is not None:
        raise FolderError(
            "a model folder that predicts",
            f"{record.backend.name} {record.problem}",
            "try it first: bertolt predict DIR TEXT",
        )


def nearest(lengths: Sequence[Sequence[int]], wanted: int, most: int) -> list[int]:
    """The inputs whose tokens are nearest to ``wanted``, at most ``most``, in their order."""
    order = sorted(range(len(lengths)), key=lambda index: (abs(sum(lengths[index]) - wanted), index))
    return sorted(order[:most])


def summarise(records: Sequence[Measurement], work: Workload, rates: Sequence[float], threads: int) -> Bench:
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
                name=record.backend.name,
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
    problems = {each.backend.name: each.problem for each in records if each.problem is not None}
    return Bench(work, gflops, threads, len(rates), tuple(lines), problems)


def percentile(values: Sequence[float], share: float) -> float:
    """The value under which ``share`` percent of them lie, interpolated linearly between neighbours."""
    return float(np.percentile(np.asarray(values), share))
