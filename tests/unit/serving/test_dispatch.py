"""Between requests and worker: waiting, leaving, failing, being replaced, with a worker made of nothing."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from bertolt.errors import InputError
from bertolt.serving.dispatch import Dispatcher
from bertolt.serving.meters import Meters
from bertolt.serving.refusals import ModelFailedError, OverloadedError, UnavailableError, WaitedError
from bertolt.serving.rows import NewRow
from bertolt.serving.settings import ServeSettings
from bertolt.serving.worker import WorkerError


@dataclass
class FakeWorker:
    """Every text has as many tokens as characters; its result is itself. Some words make it misbehave."""

    run: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    starts: int = 0
    refused: Mapping[str, Any] = field(default_factory=dict)
    stopped: bool = False

    def __post_init__(self) -> None:
        self.open.set()
        self.texts: dict[int, str] = {}

    async def start(self) -> Mapping[str, Any]:
        self.starts += 1
        return self.refused

    async def stop(self) -> None:
        self.stopped = True

    async def ask(self, message: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        read = [self._read(number, payload["input"]) for number, _, _, payload in message["read"]]
        texts = [self.texts[number] for number, _, _ in message["run"]]
        self.run += texts
        if "stuck" in texts:
            await asyncio.sleep(seconds)
            raise WorkerError(f"no answer in {seconds:g} seconds")
        if message["run"]:
            await self.open.wait()
        return {"read": read, "ran": [self._ran(number) for number, _, _ in message["run"]]}

    def _read(self, number: int, text: str) -> list[Any]:
        self.texts[number] = text
        self.read.append(text)
        if text == "wrong":
            return [number, None, {"kind": "input", "expected": "right", "found": "wrong", "do": "mend"}]
        return [number, [len(text)], None]

    def _ran(self, number: int) -> list[Any]:
        if self.texts[number] == "bad":
            return [number, None, {"kind": "failure", "expected": "e", "found": "f", "do": "d"}]
        return [number, json.dumps(self.texts[number]), None]


class Bench:
    """A dispatcher on a clock that a test sets."""

    def __init__(self, **limits: Any) -> None:
        self.workers: list[FakeWorker] = []
        self.now = 0.0
        self.meters = Meters()
        self.dispatcher = Dispatcher(
            ServeSettings(**limits), self._new_worker, self.meters, clock=lambda: self.now
        )

    def _new_worker(self) -> FakeWorker:
        self.workers.append(FakeWorker())
        return self.workers[-1]

    async def __aenter__(self) -> Bench:
        await self.dispatcher.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.dispatcher.stop()

    def ask(self, *texts: str) -> asyncio.Task[list[str]]:
        rows = [
            NewRow("a", "predict", {"input": text, "settings": {}, "abstain_below": None}, len(text))
            for text in texts
        ]
        return asyncio.create_task(self.dispatcher.answer(rows))

    def count(self, name: str) -> float:
        lines = self.meters.text().decode().splitlines()
        return next(float(line.split()[-1]) for line in lines if line.startswith(f"bertolt_{name} "))


async def settle() -> None:
    """Lets everything run that can."""
    for _ in range(50):
        await asyncio.sleep(0)


def test_results_come_in_order() -> None:
    async def scene() -> None:
        async with Bench() as bench:
            assert await bench.ask("a", "longer", "b") == ['"a"', '"longer"', '"b"']
            assert bench.count("inputs_computed_total") == 3

    asyncio.run(scene())


def test_nothing_waits_for_company_when_the_machine_is_idle() -> None:
    async def scene() -> None:
        async with Bench() as bench:
            task = bench.ask("alone")
            await settle()  # no time passes
            assert task.done()

    asyncio.run(scene())


def test_what_arrives_while_a_batch_computes_shares_the_next() -> None:
    async def scene() -> None:
        async with Bench() as bench:
            (worker,) = bench.workers
            worker.open.clear()
            tasks = [bench.ask("first")]
            await settle()
            tasks += [bench.ask("x" * 20), bench.ask("y" * 21)]
            await settle()
            assert worker.run == ["first"]
            worker.open.set()
            await asyncio.gather(*tasks)
            assert bench.count("batch_inputs_count") == 2

    asyncio.run(scene())


def test_over_the_limit_nothing_is_tokenised_and_later_requests_are_fine() -> None:
    async def scene() -> None:
        async with Bench(queue_rows=2, request_rows=2) as bench:
            (worker,) = bench.workers
            worker.open.clear()
            full = bench.ask("a", "b")
            await settle()
            with pytest.raises(OverloadedError):
                await bench.ask("refused")
            assert "refused" not in worker.read
            worker.open.set()
            await full
            assert await bench.ask("later") == ['"later"']

    asyncio.run(scene())


def test_who_waited_too_long_is_told_and_never_computed() -> None:
    async def scene() -> None:
        async with Bench(wait_seconds=10) as bench:
            (worker,) = bench.workers
            worker.open.clear()
            first = bench.ask("first")
            await settle()
            late = bench.ask("late", "too")
            await settle()
            bench.now = 10.0
            with pytest.raises(WaitedError, match="waited too long"):
                await late  # while the worker still computes
            worker.open.set()
            assert await first == ['"first"']  # was begun in time
            await settle()
            assert worker.run == ["first"]
            assert bench.count("inputs_expired_total") == 2
            assert bench.count("queue_inputs") == 0

    asyncio.run(scene())


def test_whose_client_is_gone_is_never_computed_and_neighbours_are() -> None:
    async def scene() -> None:
        async with Bench() as bench:
            (worker,) = bench.workers
            worker.open.clear()
            tasks = [bench.ask("first")]
            await settle()
            tasks += [bench.ask("gone!"), bench.ask("stays")]
            await settle()
            tasks[1].cancel()
            await settle()
            worker.open.set()
            assert await tasks[0] == ['"first"']
            assert await tasks[2] == ['"stays"']
            assert "gone!" not in worker.run
            assert bench.count("inputs_cancelled_total") == 1
            assert bench.count("queue_inputs") == 0

    asyncio.run(scene())


def test_a_row_fails_alone() -> None:
    async def scene() -> None:
        async with Bench() as bench:
            tasks = [
                bench.ask("one"),
                bench.ask("bad"),
                bench.ask("wrong"),
                bench.ask("a", "bad"),
                bench.ask("two"),
            ]
            found = await asyncio.gather(*tasks, return_exceptions=True)
            assert found[0] == ['"one"']
            assert isinstance(found[1], ModelFailedError)
            assert isinstance(found[2], InputError)
            assert isinstance(found[3], ModelFailedError)
            assert found[3].found == "f (input 2 of 2)"
            assert found[4] == ['"two"']
            assert len(bench.workers) == 1

    asyncio.run(scene())


def test_an_input_that_costs_too_much_is_refused_before_it_is_computed() -> None:
    async def scene() -> None:
        async with Bench(input_tokens=2048) as bench:
            with pytest.raises(InputError, match="costs 2,049"):
                await bench.ask("x" * 2049)
            assert bench.workers[0].run == []

    asyncio.run(scene())


def test_a_stuck_worker_is_replaced_and_what_waits_is_computed(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        async with Bench(wedge_seconds=0.05, ready_seconds=0.01) as bench:
            stuck = bench.ask("stuck")
            await settle()
            assert bench.dispatcher.running
            other = bench.ask("a text of another length")
            with pytest.raises(UnavailableError, match="stuck or ended"):
                await stuck
            assert await other == ['"a text of another length"']
            old, new = bench.workers
            assert old.stopped
            assert not new.stopped
            assert bench.count("workers_replaced_total") == 1
            assert bench.dispatcher.running

    with caplog.at_level(logging.ERROR):
        asyncio.run(scene())
    assert "the worker is replaced" in caplog.text


def test_whoever_shared_a_batch_with_what_stops_the_worker_is_computed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scene() -> None:
        async with Bench(wedge_seconds=0.05, ready_seconds=0.01) as bench:
            bench.workers[0].open.clear()
            tasks = [bench.ask("the first")]
            await settle()
            tasks += [bench.ask("a row"), bench.ask("stuck"), bench.ask("other")]  # all of one length
            await settle()
            bench.workers[0].open.set()
            found = await asyncio.gather(*tasks, return_exceptions=True)
            assert bench.workers[0].run == ["the first", "a row", "stuck", "other"]
            assert [found[0], found[1], found[3]] == [['"the first"'], ['"a row"'], ['"other"']]
            assert isinstance(found[2], UnavailableError)
            assert bench.count("workers_replaced_total") == 2
            assert bench.count("queue_inputs") == 0

    with caplog.at_level(logging.ERROR):
        asyncio.run(scene())


def test_stopping_refuses_whoever_waits() -> None:
    async def scene() -> None:
        async with Bench() as bench:
            bench.workers[0].open.clear()
            tasks = [bench.ask("computed"), bench.ask("waiting and longer")]
            await settle()
        for task in tasks:
            with pytest.raises(UnavailableError, match="ending"):
                await task

    asyncio.run(scene())


def test_a_worker_that_does_not_start_is_an_error_in_three_parts() -> None:
    class Ending(FakeWorker):
        async def start(self) -> None:
            raise WorkerError("it ended")

    async def scene() -> None:
        worker = Ending()
        dispatcher = Dispatcher(ServeSettings(), lambda: worker, Meters())
        with pytest.raises(InputError, match="a worker that loads the models; found it ended"):
            await dispatcher.start()
        assert worker.stopped

    asyncio.run(scene())


def test_stopping_ends_the_worker() -> None:
    async def scene() -> None:
        async with Bench() as bench:
            pass
        assert bench.workers[0].stopped
        assert not bench.dispatcher.running

    asyncio.run(scene())


PARTS = {"expected": "the same folder", "found": "another one", "do": "reload"}


def test_a_model_whose_folder_has_changed_is_refused_and_the_others_go_on() -> None:
    async def scene() -> None:
        bench = Bench(wedge_seconds=0.05, ready_seconds=0.01)
        new_worker = bench._new_worker

        def refusing() -> FakeWorker:
            worker = new_worker()
            worker.refused = {"b": PARTS}
            return worker

        async with bench:
            bench.dispatcher._new_worker = refusing
            rows = [NewRow("b", "predict", {"input": "x", "settings": {}, "abstain_below": None}, 1)]
            lost = asyncio.create_task(bench.dispatcher.answer(rows))
            stuck = bench.ask("stuck")
            waiting = bench.ask("a")
            with pytest.raises(UnavailableError):
                await stuck
            assert await waiting == ['"a"']
            await asyncio.gather(lost, return_exceptions=True)
            with pytest.raises(UnavailableError, match="another one"):
                await bench.dispatcher.answer(rows)
            assert await bench.ask("c") == ['"c"']

    asyncio.run(scene())


def test_a_folder_that_changes_while_the_server_starts_ends_it() -> None:
    async def scene() -> None:
        worker = FakeWorker(refused={"b": PARTS})
        dispatcher = Dispatcher(ServeSettings(), lambda: worker, Meters())
        with pytest.raises(InputError, match="another one"):
            await dispatcher.start()
        assert worker.stopped

    asyncio.run(scene())
