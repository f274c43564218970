"""The measurement: every program loads, warms up, and then takes its turns with the others."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from bertolt.errors import FolderError
from bertolt.evaluation.bench.measured import Bench, Record, Work, summarise
from bertolt.evaluation.bench.operations import Shape, operations
from bertolt.evaluation.bench.peers import Entrant
from bertolt.evaluation.bench.process import Process, SilentError
from bertolt.progress import Progress

#: Inputs that each program predicts before its clock runs.
WARM_UP = 64
#: The length, in tokens, of an input that is predicted alone: a sentence.
LATENCY_TOKENS = 30
LATENCY_TEXTS = 40


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
    shape: Shape


@dataclass(slots=True)
class _Turn:
    """A program that takes part, with what it gave so far."""

    process: Process
    record: Record


def measure(entrants: Sequence[Entrant], inputs: Sequence[Any], plan: Plan, progress: Progress) -> Bench:
    """Measures programs on the same inputs in interleaved rounds, so that a slow minute slows all.

    A program that dies or answers with an error is left out from there on, and named with its reason.

    Args:
        entrants: the first is the reference, one of ours.
        inputs: strings, or objects of the task's columns.
        plan: how.
        progress: advanced by one for each program that loaded and for each turn.

    Raises:
        FolderError: the reference cannot be measured.
    """
    records = [Record(entrant) for entrant in entrants]
    with ExitStack() as stack:
        turns: list[_Turn] = []
        for record in records:
            _load(stack, turns, record, inputs, plan)
            _check_reference(records[0])
            progress.advance(1, record.entrant.name)
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
                progress.advance(1, turn.record.entrant.name)
    rows = [length for each in lengths for length in each]
    tokens = statistics.median(sum(lengths[index]) for index in alone)
    work = Work(len(inputs), sum(rows), operations(plan.shape, rows), len(alone), tokens)
    return summarise(records, work, rates, plan.threads)


def _load(stack: ExitStack, turns: list[_Turn], record: Record, inputs: Sequence[Any], plan: Plan) -> None:
    entrant = record.entrant
    try:
        process = stack.enter_context(Process(entrant.command, entrant.folder, entrant.environment))
        answer = process.ask(
            "load",
            folder=str(entrant.model),
            mode=entrant.mode,
            threads=plan.threads,
            max_length=plan.max_length,
        )
        process.ask("predict", inputs=list(inputs[:WARM_UP]))
        process.ask("latency", inputs=list(inputs[:2]))
    except SilentError as error:
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
            raise SilentError(f"{len(answer['labels'])} labels for {len(inputs)} inputs")
        milliseconds = turn.process.ask("latency", inputs=list(alone))["milliseconds"]
    except SilentError as error:
        record.problem = str(error)
        return False
    record.seconds.append(answer["seconds"])
    record.labels, record.megabytes = answer["labels"], answer["megabytes"]
    record.milliseconds += milliseconds
    return True


def _check_reference(record: Record) -> None:
    if record.problem is not None:
        raise FolderError(
            "a model folder that predicts",
            f"{record.entrant.name} {record.problem}",
            "try it first: bertolt predict DIR TEXT",
        )


def nearest(lengths: Sequence[Sequence[int]], wanted: int, most: int) -> list[int]:
    """The inputs whose tokens are nearest to ``wanted``, at most ``most``, in their order."""
    order = sorted(range(len(lengths)), key=lambda index: (abs(sum(lengths[index]) - wanted), index))
    return sorted(order[:most])
