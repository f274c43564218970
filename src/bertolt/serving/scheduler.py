"""Who is computed next, and with whom: a pure queue that knows neither HTTP nor clocks nor networks.

Requests are cut into rows, rows (once tokenised) into pieces: what the network reads at a time, such as the
windows of a long text. The policy is weighted fair queueing with equal weights (Demers, Keshav and Shenker
1989; Parekh and Gallager 1993), a token being the unit of work: every request owns a share of the tokens
computed, and the piece that would be finished first if all requests were served token by token at once is
computed next. Then a request of c tokens beside n others is computed at the latest after about n * c tokens
and one batch, however long the others are; and a long request always has its share, so it cannot starve
either. The rest of a batch are pieces of the same model that are nearest in length, as long as the padding
stays small.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bertolt.serving.refusals import OverloadedError
from bertolt.serving.rows import Batch, Job, NewRow, Row
from bertolt.serving.settings import ServeSettings

#: The part of a batch that may be padding. Lower: fewer rows share a batch; higher: more work for nothing.
PADDING = 0.2
#: About how many characters make a token. Only the order of tokenising rests on it.
TOKEN_CHARACTERS = 4
#: Characters that are tokenised between two batches, so that a flood of texts does not hold up computing.
READ_CHARACTERS = 200_000


class Scheduler:
    """The queue.

    Args:
        settings: its limits.

    Attributes:
        rows, characters: accepted and not yet answered.
        dropped: numbers of rows that the worker may forget.
    """

    def __init__(self, settings: ServeSettings) -> None:
        self._settings = settings
        self._unread: dict[int, Row] = {}
        self._waiting: dict[int, Row] = {}
        self._jobs: set[Job] = set()
        self._virtual = 0.0
        self._next = 0
        self.rows = 0
        self.characters = 0
        self.dropped: list[int] = []

    def accept(self, rows: Sequence[NewRow], *, deadline: float, urgent: bool = False) -> Job:
        """Takes a request in, or refuses it whole.

        Raises:
            OverloadedError: with it, there would be too many rows or characters.
        """
        characters = sum(row.characters for row in rows)
        if not urgent:
            self._check_room(len(rows), characters)
            self.rows += len(rows)
            self.characters += characters
        job = Job(deadline, urgent, results=[None] * len(rows), left=len(rows), tag=self._virtual)
        tag = self._virtual
        for index, row in enumerate(rows):
            self._next += 1
            tag += row.characters / TOKEN_CHARACTERS
            held = Row(self._next, job, index, row.model, row.verb, row.payload, row.characters, tag=tag)
            job.rows.append(held)
            self._unread[held.number] = held
        self._jobs.add(job)
        return job

    def _check_room(self, rows: int, characters: int) -> None:
        for name, there, more, most in (
            ("inputs", self.rows, rows, self._settings.queue_rows),
            ("characters", self.characters, characters, self._settings.queue_characters),
        ):
            if there + more > most:
                raise OverloadedError(
                    f"at most {most:,} {name} waiting for an answer",
                    f"{there:,} waiting and {more:,} more in this request",
                    "wait as long as Retry-After says, and send it again",
                    retry_seconds=self._settings.retry_seconds,
                )

    def take_unread(self) -> list[Row]:
        """Rows to be tokenised next: the urgent, then in the order of the policy, by an estimate."""
        taken: list[Row] = []
        characters = 0
        for row in sorted(self._unread.values(), key=lambda row: (not row.job.urgent, row.tag, row.number)):
            by_itself = row.suspect or (bool(taken) and taken[0].suspect)
            if taken and (by_itself or characters + row.characters > READ_CHARACTERS):
                break
            taken.append(row)
            characters += row.characters
        for row in taken:
            del self._unread[row.number]
        return taken

    def add_read(self, row: Row, lengths: Sequence[int]) -> None:
        """A row has been tokenised.

        Args:
            row: as it was taken.
            lengths: tokens of each piece; at least one.
        """
        if row.job.over:
            self.dropped.append(row.number)
            return
        row.lengths = lengths
        row.begun = 0
        row.tag = row.job.tag + lengths[0]
        row.job.tag += sum(lengths)
        self._waiting[row.number] = row

    def next_batch(self) -> Batch | None:
        """What is to be computed now, or None where nothing waits."""
        if not self._waiting:
            return None
        head = min(self._waiting.values(), key=lambda row: (not row.job.urgent, row.tag, row.number))
        width = head.lengths[head.begun]
        parts = [self._take(head, 1)]
        count, tokens = 1, width
        if not head.alone:
            for row in self._companions(head, width):
                for length in row.lengths[row.begun :]:
                    wider = max(width, length)
                    padded = wider * (count + 1)
                    if padded > self._settings.batch_tokens or tokens + length < (1 - PADDING) * padded:
                        break
                    width, count, tokens = wider, count + 1, tokens + length
                    parts.append(self._take(row, 1))
        active = len({id(row.job) for row in self._waiting.values()} | {id(row.job) for row, *_ in parts})
        self._virtual += tokens / active
        return Batch(_merged(parts), width * count)

    def _companions(self, head: Row, width: int) -> list[Row]:
        there = (row for row in self._waiting.values() if row.model == head.model)
        return sorted(
            (row for row in there if not row.alone),
            key=lambda row: (abs(row.lengths[row.begun] - width), row.tag, row.number),
        )

    def _take(self, row: Row, count: int) -> tuple[Row, int, int]:
        start = row.begun
        row.begun += count
        if row.begun == len(row.lengths):
            del self._waiting[row.number]
        else:
            row.tag += row.lengths[row.begun]
        return row, start, row.begun

    def answer(self, row: Row, result: Any) -> bool:
        """A row has its result.

        Returns:
            Whether its request is answered with it.
        """
        job = row.job
        if job.over:
            return False
        job.results[row.index] = result
        job.left -= 1
        if not job.urgent:
            self.rows -= 1
            self.characters -= row.characters
        if job.left == 0:
            job.over = True
            self._jobs.discard(job)
        return job.over

    def drop(self, job: Job) -> int:
        """A request is over without a result: its client is gone, it waited too long, or a row failed.

        Returns:
            How many of its rows had not been begun.
        """
        if job.over:
            return 0
        job.over = True
        self._jobs.discard(job)
        untouched = 0
        for row in job.rows:
            if job.results[row.index] is not None:
                continue
            untouched += row.begun == 0
            if self._unread.pop(row.number, None) is None:
                self._waiting.pop(row.number, None)
                self.dropped.append(row.number)
            if not job.urgent:
                self.rows -= 1
                self.characters -= row.characters
        return untouched

    def expired(self, now: float) -> list[Job]:
        """Requests of which a part still waits after their deadline. They are not dropped yet."""
        return [
            job
            for job in self._jobs
            # A row that is just being tokenised has no lengths yet, and waits as well.
            if job.deadline <= now
            and any(not row.lengths or row.begun < len(row.lengths) for row in job.rows)
        ]

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All that are not over."""
        return tuple(self._jobs)

    def try_alone(self, rows: Sequence[Row]) -> None:
        """The worker was lost with these rows. One may be the cause, so each is tried once more, alone."""
        for row in rows:
            if not row.job.over:
                row.suspect = True
                self._waiting[row.number] = row

    def start_over(self) -> None:
        """The worker is new and knows nothing: what waits is tokenised once more."""
        rows = sorted(self._waiting.values(), key=lambda row: row.number)
        for row in rows:
            row.lengths, row.begun = (), 0
            row.job.tag = self._virtual
        self._unread = {row.number: row for row in [*rows, *self._unread.values()]}
        self._waiting = {}
        self.dropped = []

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self._unread and not self._waiting


def _merged(parts: Iterable[tuple[Row, int, int]]) -> tuple[tuple[Row, int, int], ...]:
    """Neighbouring pieces of one row as one part."""
    spans: dict[int, tuple[Row, int, int]] = {}
    for row, start, stop in parts:
        spans[row.number] = (row, spans.get(row.number, (row, start, stop))[1], stop)
    return tuple(spans.values())
