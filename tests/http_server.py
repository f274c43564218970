"""A server for tests: the app in a thread, on a free port, with a worker that tests can hold."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from bertolt.inference.pipeline import Pipeline
from bertolt.serving.app import build_app
from bertolt.serving.computing import Computing
from bertolt.serving.dispatch import Dispatcher
from bertolt.serving.served import Served, open_folder, open_folders
from bertolt.serving.server import bind, make_server
from bertolt.serving.settings import ServeSettings
from bertolt.serving.worker import WorkerError


@dataclass
class InlineWorker:
    """A worker in a thread of this process.

    Args:
        pipelines: the loaded models.
        open: cleared, it computes nothing until it is set again.
        read, run: payloads that were tokenised and computed, in order.
    """

    pipelines: Mapping[str, Pipeline]
    open: threading.Event = field(default_factory=threading.Event)
    read: list[Any] = field(default_factory=list)
    run: list[Any] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.open.set()
        self._computing = Computing(self.pipelines)
        self._payloads: dict[int, Any] = {}
        self._stopped = False

    async def start(self) -> Mapping[str, Any]:
        return {}

    async def stop(self) -> None:
        self._stopped = True

    async def ask(self, message: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        message = json.loads(json.dumps(message))  # as over the pipe
        try:
            async with asyncio.timeout(seconds):
                while not self.open.is_set():
                    await asyncio.sleep(0.002)
        except TimeoutError as error:
            raise WorkerError("stuck") from error
        for number, _, _, payload in message["read"]:
            self._payloads[number] = payload.get("input", payload)
            self.read.append(self._payloads[number])
        self.run += [self._payloads[number] for number, _, _ in message["run"]]
        if message["run"]:
            self.batches.append(len(message["run"]))
        return await asyncio.to_thread(self._computing.answer, message)


@dataclass(frozen=True)
class Running:
    """A server that listens.

    Args:
        url: its address, without a slash at the end.
        port: of this machine.
        app: the app.
        workers: those it has made, the newest last.
        loop: the event loop that it runs in.
    """

    url: str
    port: int
    app: FastAPI
    workers: list[InlineWorker]
    loop: asyncio.AbstractEventLoop

    @property
    def dispatcher(self) -> Dispatcher:
        found: Dispatcher = self.app.state.generations.current.dispatcher
        return found

    def reload(self) -> tuple[str, ...]:
        """Reads all model folders anew, in the server's own event loop."""
        generations = self.app.state.generations
        return asyncio.run_coroutine_threadsafe(generations.reload(), self.loop).result(60)

    @property
    def worker(self) -> InlineWorker:
        return self.workers[-1]


@contextmanager
def running(*folders: Path, keys: tuple[str, ...] = (), **limits: Any) -> Iterator[Running]:
    """Serves model folders until the end of the block."""
    settings = ServeSettings(**limits)
    served = open_folders(folders, partial(open_folder, settings=settings))
    pipelines = {name: Pipeline.from_folder(each.folder, device="cpu") for name, each in served.items()}
    with serving(served, pipelines, settings, keys) as found:
        yield found


@contextmanager
def serving(
    served: Any, pipelines: Mapping[str, Pipeline], settings: ServeSettings, keys: tuple[str, ...] = ()
) -> Iterator[Running]:
    """As ``running``, with models that are loaded already."""
    workers: list[InlineWorker] = []

    def new_worker(models: Mapping[str, Served]) -> InlineWorker:
        # A folder that was read anew is loaded anew.
        loaded = {
            name: pipelines[name]
            if name in served and served[name].fingerprint == each.fingerprint
            else Pipeline.from_folder(each.folder, device="cpu")
            for name, each in models.items()
        }
        workers.append(InlineWorker(loaded))
        return workers[-1]

    app = build_app(served, settings, new_worker, reopen=partial(open_folder, settings=settings), keys=keys)
    listens = threading.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    def listening() -> None:
        loops.append(asyncio.get_running_loop())
        listens.set()

    server = make_server(app, settings, listening)
    bound = bind("127.0.0.1", 0)
    port = bound.getsockname()[1]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        assert listens.wait(30)
        yield Running(f"http://127.0.0.1:{port}", port, app, workers, loops[0])
    finally:
        for worker in workers:
            worker.open.set()
        server.should_exit = True
        thread.join(30)
        bound.close()
