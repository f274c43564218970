"""Many inputs that nobody waits for at a connection: predicted beside the requests, a part at a time.

They queue as any request does. A part is small, so that it takes no more than a request's share of the
worker, and a queue that is full or a worker that is replaced is waited for.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from bertolt.errors import BertoltError, InputError
from bertolt.serving.bodies import count_characters
from bertolt.serving.dispatch import Dispatcher
from bertolt.serving.inputs import new_rows
from bertolt.serving.refusals import ModelFailedError, OverloadedError, TooLargeError, UnavailableError
from bertolt.serving.served import Served
from bertolt.serving.settings import ServeSettings

#: Inputs of a part, and their characters: about a second of two cores.
PART_INPUTS = 32
PART_CHARACTERS = 50_000
#: Nobody waits at a connection, so a part may wait long.
WAIT_SECONDS = 3600.0


def progress_of(state: str, done: int, total: int, error: BertoltError | None) -> dict[str, Any]:
    """Where such work stands, as the page reads it."""
    found: dict[str, Any] = {"state": state, "done": done, "total": total}
    return found if error is None else {**found, "error": error.to_dict()}


class InUse(Protocol):
    """The models that such work belongs to; see ``generations.Generation``."""

    @property
    def dispatcher(self) -> Dispatcher:
        """What computes."""

    def used(self) -> AbstractContextManager[object]:
        """Keeps the worker running until the end of the block."""


async def predict_all(
    dispatcher: Dispatcher, settings: ServeSettings, served: Served, inputs: Sequence[Any]
) -> AsyncIterator[dict[str, Any] | BertoltError]:
    """The result of each input, in order, as plain values; or the error of one that fails, which fails alone.

    Raises:
        Refusal: the server is stopping, or a part waited longer than ``WAIT_SECONDS``.
    """
    most = min(PART_INPUTS, settings.request_rows, settings.queue_rows)
    for part in _parts(inputs, most):
        try:
            for text in await _patient(dispatcher, settings, served, part):
                yield json.loads(text)
        except (InputError, ModelFailedError, TooLargeError):
            for each in part:
                yield await _alone(dispatcher, settings, served, each)


def _parts(inputs: Sequence[Any], most: int) -> Iterator[list[Any]]:
    part: list[Any] = []
    characters = 0
    for each in inputs:
        part.append(each)
        characters += count_characters(each)
        if len(part) >= most or characters >= PART_CHARACTERS:
            yield part
            part, characters = [], 0
    if part:
        yield part


async def _alone(
    dispatcher: Dispatcher, settings: ServeSettings, served: Served, value: Any
) -> dict[str, Any] | BertoltError:
    try:
        found: dict[str, Any] = json.loads((await _patient(dispatcher, settings, served, [value]))[0])
    except (InputError, ModelFailedError, TooLargeError) as error:
        return error
    return found


async def _patient(
    dispatcher: Dispatcher, settings: ServeSettings, served: Served, part: list[Any]
) -> list[str]:
    rows = new_rows(served, part, {}, settings)
    for _ in range(round(WAIT_SECONDS / settings.retry_seconds)):
        try:
            return await dispatcher.answer(rows, seconds=WAIT_SECONDS)
        except (OverloadedError, UnavailableError):
            await asyncio.sleep(settings.retry_seconds)
    return await dispatcher.answer(rows, seconds=WAIT_SECONDS)
