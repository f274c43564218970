"""The models that are served, with all that belongs to them, and how they are replaced by new ones.

A generation is the models of one moment with their worker, their queue and their galleries. A request
belongs to one generation from its first byte to its answer. A reload builds a new generation beside the old
one and puts it in its place at once; the old one answers what it has accepted, then its worker ends.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bertolt.errors import BertoltError
from bertolt.serving.dispatch import Dispatcher
from bertolt.serving.gallery import Galleries
from bertolt.serving.meters import Meters
from bertolt.serving.refusals import OverloadedError, UnavailableError
from bertolt.serving.served import Served
from bertolt.serving.settings import ServeSettings
from bertolt.serving.worker import Worker

#: Says in every answer which models gave it, so that the page notices new ones.
HEADER = "X-Bertolt-Models"
#: Old generations that may still be answering when the next reload begins; each holds a worker.
MOST_OLD = 2

_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Generation:
    """The models of one moment.

    Args:
        served: the models by name.
        dispatcher: answers rows with their results.
        galleries: their examples.
    """

    served: Mapping[str, Served]
    dispatcher: Dispatcher
    galleries: Galleries
    version: str = field(init=False)
    _users: int = 0
    _unused: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        names = "".join(f"{name} {each.fingerprint}\n" for name, each in self.served.items())
        self.version = hashlib.sha256(names.encode()).hexdigest()[:12]
        self._unused.set()

    @contextmanager
    def used(self) -> Iterator[Generation]:
        """Keeps its worker running until the end of the block."""
        self._users += 1
        self._unused.clear()
        try:
            yield self
        finally:
            self._users -= 1
            if self._users == 0:
                self._unused.set()

    async def retire(self) -> None:
        """Waits until nobody uses it, and ends its worker."""
        await self._unused.wait()
        await self.dispatcher.stop()


class Generations:
    """The current generation, and those that still answer what they have accepted.

    Args:
        served: the models that the server starts with.
        settings: the limits.
        meters: what ``/metrics`` shows.
        new_worker: given the models, makes a worker that is not started yet.
        reopen: reads a model anew, by the name that it was given at the start.
    """

    def __init__(
        self,
        served: Mapping[str, Served],
        settings: ServeSettings,
        meters: Meters,
        new_worker: Callable[[Mapping[str, Served]], Worker],
        reopen: Callable[[str], Served],
    ) -> None:
        self._settings = settings
        self._meters = meters
        self._new_worker = new_worker
        self._reopen = reopen
        self._reloading = asyncio.Lock()
        self._old: dict[asyncio.Task[None], Generation] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.current = self._generation(served)

    def _generation(self, served: Mapping[str, Served]) -> Generation:
        dispatcher = Dispatcher(self._settings, lambda: self._new_worker(served), self._meters)
        return Generation(served, dispatcher, Galleries(served))

    async def start(self) -> None:
        """Starts the first worker.

        Raises:
            InputError: see ``Dispatcher.start``.
        """
        await self.current.dispatcher.start()

    async def stop(self) -> None:
        """Ends all workers; whoever still waits is refused."""
        for task in (*self._old, *self._tasks):
            task.cancel()
        await asyncio.gather(*self._old, *self._tasks, return_exceptions=True)
        for each in (*self._old.values(), self.current):
            await each.dispatcher.stop()

    async def reload(self, names: Sequence[str] = ()) -> tuple[str, ...]:
        """Reads model folders anew and, if any has changed, serves the new models instead of the old ones.

        All of them are replaced at once, or none: labels, card, examples and weights change together. The
        old and the new worker are both in memory for a moment.

        Args:
            names: of the models; empty: all.

        Returns:
            The names of the models that have changed.

        Raises:
            OverloadedError: another reload is running, or old models still answer.
            UnavailableError: a folder cannot be read or loaded. The old models go on.
        """
        if self._reloading.locked() or len(self._old) >= MOST_OLD:
            raise OverloadedError(
                "a server that is done with the reload before",
                "one that is still reloading, or whose old models still answer",
                "ask again later",
                retry_seconds=self._settings.retry_seconds,
            )
        async with self._reloading:
            try:
                return await self._replace(names)
            except BertoltError as error:
                _log.error("the models were not reloaded, the old ones go on: %s", error)
                raise UnavailableError(
                    error.expected, f"{error.found}; the old models go on", error.do
                ) from error

    def reload_later(self) -> None:
        """Reloads all models in the background. What goes wrong is only logged."""

        async def reload() -> None:
            try:
                await self.reload()
            except OverloadedError as error:
                _log.error("the models were not reloaded: %s", error)
            except UnavailableError:
                pass  # logged by reload

        task = asyncio.get_running_loop().create_task(reload())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _replace(self, names: Sequence[str]) -> tuple[str, ...]:
        old = self.current
        opened = {
            name: await asyncio.to_thread(self._reopen, old.served[name].given)
            for name in names or old.served
        }
        changed = tuple(
            name
            for name, each in opened.items()
            if each.fingerprint != old.served[name].fingerprint or name in old.dispatcher.refused
        )
        if not changed:
            _log.warning("no model folder has changed: nothing is reloaded")
            return ()
        new = self._generation({**old.served, **{name: opened[name] for name in changed}})
        try:
            await new.dispatcher.start()
        except BaseException:
            await new.dispatcher.stop()
            raise
        self.current = new
        task = asyncio.create_task(old.retire())
        self._old[task] = old
        task.add_done_callback(self._old.pop)
        for name in changed:
            _log.warning("the model %s was reloaded: %s", name, new.served[name].fingerprint[:12])
        return changed


class OneGeneration:
    """Middleware: a request belongs to the generation that is current when it has arrived.

    Args:
        app: the routes.
        generations: which is current.
    """

    def __init__(self, app: ASGIApp, generations: Generations) -> None:
        self._app = app
        self._generations = generations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with self._generations.current.used() as generation:

            async def signed(message: Message) -> None:
                if message["type"] == "http.response.start":
                    MutableHeaders(scope=message)[HEADER] = generation.version
                await send(message)

            scope.setdefault("state", {})["generation"] = generation
            await self._app(scope, receive, signed)


def generation_of(request: Request) -> Generation:
    """The generation that a request belongs to."""
    found: Generation = request.state.generation
    return found
