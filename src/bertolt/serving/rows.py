"""What the scheduler holds: requests, their rows, and the batches that it makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False, slots=True)
class Row:
    """One input of a request on its way.

    Args:
        number: its name between the server and its worker.
        job: the request that it belongs to.
        index: its place in the request.
        model: whose it is.
        verb: what is done with it: ``predict``, or a call that is computed alone.
        payload: what the worker reads, in JSON's types.
        characters: of all its texts.
        lengths: tokens of each of its pieces; empty until it is tokenised.
        begun: how many pieces have been handed out.
        tag: virtual time at which the next piece would be finished; before it is tokenised, an estimate.
        suspect: the worker was lost with it and others, so that it is tokenised and computed without company.
    """

    number: int
    job: Job
    index: int
    model: str
    verb: str
    payload: Any
    characters: int
    lengths: Sequence[int] = ()
    begun: int = 0
    tag: float = 0.0
    suspect: bool = False

    @property
    def alone(self) -> bool:
        """Whether nothing shares its batch."""
        return self.suspect or self.verb != "predict" or self.job.urgent


@dataclass(eq=False, slots=True)
class Job:
    """One request.

    Args:
        deadline: seconds of the caller's clock after which it is not computed any more.
        urgent: computed before all others and not counted, as the server's own probe.
        rows: its inputs.
        results: one for each row, as they come.
        left: rows without a result.
        tag: virtual time at which all that was tokenised of it would be finished.
        over: answered, failed, expired or given up by the client.
        caller: whatever the caller keeps with it.
    """

    deadline: float
    urgent: bool = False
    rows: list[Row] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)
    left: int = 0
    tag: float = 0.0
    over: bool = False
    caller: Any = None


@dataclass(frozen=True, slots=True)
class NewRow:
    """An input as a request brings it; members as in ``Row``."""

    model: str
    verb: str
    payload: Any
    characters: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What is computed at once.

    Args:
        parts: rows with the first of their pieces and the one after the last.
        tokens: padding included.
    """

    parts: tuple[tuple[Row, int, int], ...]
    tokens: int
