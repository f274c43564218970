"""Between the requests and the worker: feeds it from the scheduler, and replaces it where it is stuck."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bertolt.errors import InputError
from bertolt.serving.meters import Meters
from bertolt.serving.refusals import ModelFailedError, Refusal, UnavailableError, WaitedError
from bertolt.serving.rows import Job, NewRow, Row
from bertolt.serving.scheduler import Scheduler
from bertolt.serving.settings import ServeSettings
from bertolt.serving.worker import Worker, WorkerError

#: How often requests that waited too long are looked for.
SWEEP_SECONDS = 0.1
#: Between two tries to start a worker.
RESTART_SECONDS = 1.0

_log = logging.getLogger(__name__)


class Dispatcher:
    """Answers rows with results.

    Args:
        settings: the limits.
        new_worker: makes a worker that is not started yet.
        meters: what ``/metrics`` shows.
        clock: seconds that only grow.

    Attributes:
        running: whether the worker computes.
        refused: the models that it cannot compute, as their folder has changed: the error by name.
    """

    def __init__(
        self,
        settings: ServeSettings,
        new_worker: Callable[[], Worker],
        meters: Meters,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.scheduler = Scheduler(settings)
        self.running = False
        self.refused: Mapping[str, Mapping[str, str]] = {}
        self._settings = settings
        self._new_worker = new_worker
        self._worker = new_worker()
        self._meters = meters
        self._clock = clock
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        meters.watch(self.scheduler)

    async def start(self) -> None:
        """Starts the worker and the loop that feeds it.

        Raises:
            InputError: a model cannot be loaded, or the worker ended or took too long.
        """
        try:
            refused = await self._worker.start()
        except WorkerError as error:
            await self._worker.stop()
            raise InputError(
                "a worker that loads the models", str(error), "see what it printed, or raise start_seconds"
            ) from error
        if refused:
            await self._worker.stop()
            raise InputError(**next(iter(refused.values())))
        self.running = True
        self._tasks = [asyncio.create_task(self._feed()), asyncio.create_task(self._sweep())]

    async def stop(self) -> None:
        """Ends both; whoever still waits is refused."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.running = False
        await self._worker.stop()
        self._meters.unwatch(self.scheduler)
        gone = UnavailableError("a server that runs", "one that is ending", "ask again later")
        for job in self.scheduler.jobs:
            self._fail(job, gone)

    async def answer(self, rows: Sequence[NewRow], *, urgent: bool = False, seconds: float = 0) -> list[str]:
        """The results of a request's rows, each as JSON. Cancelled, what was not begun is never computed.

        Args:
            rows: at least one.
            urgent: before all others and beside the limits; for the server's own questions.
            seconds: how long it may wait; 0: as the settings say.

        Raises:
            OverloadedError, WaitedError, ModelFailedError, UnavailableError: see there.
            InputError: an input that the model's task cannot use.
        """
        for row in rows:
            if row.model in self.refused:
                raise UnavailableError(**self.refused[row.model])
        deadline = self._clock() + (seconds or self._settings.wait_seconds)
        job = self.scheduler.accept(rows, deadline=deadline, urgent=urgent)
        future: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
        job.caller = future
        self._wake.set()
        try:
            return await future
        finally:
            if not job.over:
                self._meters.cancelled.inc(self.scheduler.drop(job))

    async def _feed(self) -> None:
        while True:
            if self.scheduler.idle:
                self._wake.clear()
                await self._wake.wait()
            self._expire()
            try:
                await self._read()
                await self._compute()
            except WorkerError as error:
                _log.error("the worker is replaced: %s", error)
                await self._replace()

    async def _read(self) -> None:
        rows = self.scheduler.take_unread()
        if not rows:
            return
        asked = [[row.number, row.model, row.verb, row.payload] for row in rows]
        answer = await self._ask(rows, {"forget": self._forgotten(), "read": asked, "run": []})
        by_number = {row.number: row for row in rows}
        for number, lengths, error in answer["read"]:
            row = by_number[number]
            if error is None and sum(lengths) > self._settings.input_tokens and row.verb == "predict":
                error = self._too_costly(sum(lengths))
            if error is None:
                self.scheduler.add_read(row, lengths)
            else:
                self.scheduler.dropped.append(number)
                self._fail(row.job, _as_error(error, row))

    def _too_costly(self, tokens: int) -> dict[str, str]:
        return {
            "kind": "input",
            "expected": f"an input that costs at most {self._settings.input_tokens:,} tokens",
            "found": f"one that costs {tokens:,}, all its windows together",
            "do": "cut it into several inputs",
        }

    async def _compute(self) -> None:
        self._expire()
        batch = self.scheduler.next_batch()
        if batch is None:
            return
        parts = [[row.number, first, end] for row, first, end in batch.parts]
        rows = [row for row, _, _ in batch.parts]
        started = self._clock()
        answer = await self._ask(rows, {"forget": self._forgotten(), "read": [], "run": parts})
        self._meters.batch(batch.tokens, len(rows), self._clock() - started)
        by_number = {row.number: row for row in rows}
        for number, result, error in answer["ran"]:
            row = by_number[number]
            self._meters.computed.inc()
            if error is not None:
                self._fail(row.job, _as_error(error, row))
            elif self.scheduler.answer(row, result) and not row.job.caller.done():
                row.job.caller.set_result(row.job.results)

    def _forgotten(self) -> list[int]:
        forgotten, self.scheduler.dropped = self.scheduler.dropped, []
        return forgotten

    async def _ask(self, rows: Sequence[Row], message: dict[str, Any]) -> dict[str, Any]:
        try:
            return await self._worker.ask(message, self._settings.wedge_seconds)
        except WorkerError:
            if len(rows) > 1:
                self.scheduler.try_alone(rows)
                raise
            lost = UnavailableError(
                "a worker that computes", "one that was stuck or ended, and is replaced", "send it again"
            )
            self._fail(rows[0].job, lost)
            raise

    async def _replace(self) -> None:
        self.running = False
        self._meters.replaced.inc()
        while True:
            await self._worker.stop()
            self.scheduler.start_over()
            self._worker = self._new_worker()
            try:
                self.refused = await self._worker.start()
            except (WorkerError, InputError) as error:
                _log.error("a worker could not be started: %s", error)
                await asyncio.sleep(RESTART_SECONDS)
            else:
                break
        for name, parts in self.refused.items():
            _log.error("the model %s is not served: %s", name, UnavailableError(**parts))
        for job in self.scheduler.jobs:
            if (
                model := next((row.model for row in job.rows if row.model in self.refused), None)
            ) is not None:
                self._fail(job, UnavailableError(**self.refused[model]))
        self.running = True

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self._expire()

    def _expire(self) -> None:
        for job in self.scheduler.expired(self._clock()):
            self._meters.expired.inc(
                self._fail(
                    job,
                    WaitedError(
                        "a free moment in time",
                        "that the request waited too long; what was not begun is not computed",
                        "send it again later, or with fewer inputs",
                    ),
                )
            )

    def _fail(self, job: Job, error: Refusal | InputError) -> int:
        untouched = self.scheduler.drop(job)
        if not job.caller.done():
            job.caller.set_exception(error)
        return untouched


def _as_error(error: dict[str, str], row: Row) -> Refusal | InputError:
    parts = {name: error[name] for name in ("expected", "found", "do")}
    if len(row.job.rows) > 1:
        parts["found"] += f" (input {row.index + 1} of {len(row.job.rows)})"
    return InputError(**parts) if error["kind"] == "input" else ModelFailedError(**parts)
