"""From a request's inputs to results: what every route that predicts shares."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from bertolt.errors import InputError
from bertolt.inference.abstain import check_abstain
from bertolt.serving.bodies import count_characters
from bertolt.serving.dispatch import Dispatcher
from bertolt.serving.refusals import NoModelError, TooLargeError
from bertolt.serving.rows import NewRow
from bertolt.serving.served import Served
from bertolt.serving.settings import ServeSettings
from bertolt.tasks.reading import input_example
from bertolt.tasks.task import TaskSettings, typed_settings

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
    served: Mapping[str, Served] = request.app.state.served
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
    dispatcher: Dispatcher = request.app.state.dispatcher
    return await unless_gone(request, dispatcher.answer(rows))


def new_rows(served: Served, inputs: Any, options: Mapping[str, Any], limits: ServeSettings) -> list[NewRow]:
    """Checks inputs and options without tokenising anything, and makes rows of them.

    Raises:
        InputError: an input or an option that cannot be used.
        TooLargeError: too many inputs, or too long a one.
    """
    given = inputs if isinstance(inputs, list) else [inputs]
    if not given:
        raise InputError("at least one input", "an empty list", "leave the request out")
    if len(given) > limits.request_rows:
        raise TooLargeError(
            f"at most {limits.request_rows:,} inputs in a request", f"{len(given):,}", "send several requests"
        )
    size = len(json.dumps(options))
    if size > limits.option_characters:
        raise TooLargeError(
            f"at most {limits.option_characters:,} characters of options", f"{size:,}", "name fewer values"
        )
    chosen = dict(options)
    below = chosen.pop("abstain_below", None)
    if below is not None:
        if isinstance(below, bool) or not isinstance(below, int | float):
            raise InputError("a number in abstain_below", type(below).__name__, "give for example 0.8")
        check_abstain(served.record.spec, below)
    settings = typed_settings(served.task, {**served.record.spec.settings, **chosen})
    rows: list[NewRow] = []
    candidates = 0
    for index, value in enumerate(given):
        where = f" (input {index + 1} of {len(given)})" if len(given) > 1 else ""
        example = _example(served, value, settings, limits, where)
        if served.kind == "candidates":
            candidates += candidate_characters(served.task.texts(example)[0], settings)
        payload = {"input": value, "settings": chosen, "abstain_below": below}
        rows.append(NewRow(served.name, "predict", payload, count_characters(value)))
    if candidates > limits.result_characters:
        raise TooLargeError(
            f"at most {limits.result_characters:,} characters of candidates for a request",
            f"{candidates:,}: missing words x top_k x length of each input",
            "lower top_k, leave fewer words out, or send several requests",
        )
    return rows


def _example(served: Served, value: Any, settings: TaskSettings, limits: ServeSettings, where: str) -> Any:
    """One input that can be used, typed."""
    characters = count_characters(value)
    if characters > limits.input_characters:
        raise TooLargeError(
            f"at most {limits.input_characters:,} characters in an input",
            f"{characters:,}{where}",
            "cut it into several inputs",
        )
    try:
        return input_example(served.task, value, settings)
    except InputError as error:
        raise InputError(error.expected, error.found + where, error.do) from error


def candidate_characters(text: str, settings: TaskSettings) -> int:
    """The characters of the texts that fill-mask answers with, at most."""
    each = max(getattr(settings, "top_k", 0), len(getattr(settings, "targets", ())))
    return text.lower().count("mask") * each * len(text)


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
