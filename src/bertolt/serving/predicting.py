"""From a request's inputs to results: what every route that predicts shares."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from bertolt.serving.generations import generation_of
from bertolt.serving.inputs import new_rows
from bertolt.serving.refusals import NoModelError
from bertolt.serving.served import Served

Answer = TypeVar("Answer")


class PredictBody(BaseModel):
    """What is to be predicted."""

    model_config = ConfigDict(extra="forbid")

    inputs: Any = Field(description="a text, an object of the task's fields, or a list of them")
    options: dict[str, Any] = Field(
        default_factory=dict, description="abstain_below, and settings of the task such as top_k"
    )


class ClientGoneError(Exception):
    """Nobody waits for the answer any more."""


def model_of(request: Request, name: str) -> Served:
    """The model of a path.

    Raises:
        NoModelError: it is not served.
    """
    served = generation_of(request).served
    if name not in served:
        raise NoModelError(f"a model out of {', '.join(served)}", repr(name)[:100], "see GET /v1/models")
    return served[name]


async def predict(request: Request, served: Served, inputs: Any, options: Mapping[str, Any]) -> list[str]:
    """The results of the inputs, in order, each as JSON text.

    Args:
        request: whose client may go away, upon which what was not begun is not computed.
        served: the model.
        inputs: one input or a list of them, in JSON's types.
        options: ``abstain_below``, and settings of the task.

    Raises:
        InputError: an input or an option that cannot be used.
        Refusal: too much, too late, or no worker.
    """
    rows = new_rows(served, inputs, options, request.app.state.settings)
    return await unless_gone(request, generation_of(request).dispatcher.answer(rows))


async def unless_gone(request: Request, work: Coroutine[Any, Any, Answer]) -> Answer:
    """Does the work, and cancels it as soon as the client has gone away.

    Raises:
        ClientGoneError: nobody waits any more.
    """
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait((working, watching), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientGoneError
    finally:
        for task in (working, watching):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait((task,))


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
