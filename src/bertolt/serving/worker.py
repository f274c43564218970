"""The server's half of the worker: starts the process, asks it one thing at a time, ends it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from bertolt.errors import InputError
from bertolt.serving.frames import pack, receive
from bertolt.serving.served import Served

COMMAND = (sys.executable, "-P", "-m", "bertolt.serving.child")


class WorkerError(Exception):
    """The worker is gone, or did not answer in time."""


class Worker(Protocol):
    """Whatever answers the messages of ``Computing.answer``."""

    async def start(self) -> Mapping[str, Mapping[str, str]]:
        """Loads the models.

        Returns:
            The errors of the models whose folder is damaged or has changed, by name, in three parts.

        Raises:
            InputError: no model can be loaded in this way, such as with this number of threads.
            WorkerError: it ended, or took too long.
        """

    async def ask(self, message: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """One message and its answer.

        Raises:
            WorkerError: it ended, or took longer than ``seconds``.
        """

    async def stop(self) -> None:
        """Ends it, whatever it does; a worker that was stopped is not started again."""


class ChildWorker:
    """A process of its own.

    Args:
        models: those that it loads, by name.
        order: the rest of its first frame; see ``child.load_pipelines``.
        start_seconds: how long it may take to load.
        command: what runs it.
    """

    def __init__(
        self,
        models: Mapping[str, Served],
        order: Mapping[str, Any],
        *,
        start_seconds: float,
        command: Sequence[str] = COMMAND,
    ) -> None:
        folders = {
            name: {"folder": str(each.folder), "fingerprint": each.fingerprint}
            for name, each in models.items()
        }
        self._order = {**order, "models": folders}
        self._start_seconds = start_seconds
        self._command = command
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> Mapping[str, Mapping[str, str]]:
        """See ``Worker.start``."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # signals of the terminal are for the server
        )
        answer = await self.ask(self._order, self._start_seconds)
        if answer["error"] is not None:
            await self.stop()
            raise InputError(**answer["error"])
        refused: dict[str, dict[str, str]] = answer["refused"]
        return refused

    async def ask(self, message: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """See ``Worker.ask``."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise WorkerError("it is not running")
        try:
            async with asyncio.timeout(seconds):
                process.stdin.write(pack(message))
                await process.stdin.drain()
                answer: dict[str, Any] = await receive(process.stdout)
                return answer
        except TimeoutError as error:
            raise WorkerError(f"no answer in {seconds:g} seconds") from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise WorkerError("it ended") from error
        except ValueError as error:
            raise WorkerError("an answer that is no JSON") from error

    async def stop(self) -> None:
        """See ``Worker.stop``. It computes for others or is stuck; either way there is nothing to save."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()
