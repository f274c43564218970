"""``/v1/models/{name}/corrections``: what a result should have been."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from bertolt.errors import InputError
from bertolt.serving.bodies import count_characters, read_body
from bertolt.serving.correction_values import check_correction
from bertolt.serving.corrections import Corrections, Origin
from bertolt.serving.inputs import candidate_characters, new_rows
from bertolt.serving.predict_routes import RESPONSES
from bertolt.serving.predicting import model_of
from bertolt.serving.refusals import ReadOnlyError, TooLargeError
from bertolt.serving.served import Served
from bertolt.serving.settings import ServeSettings
from bertolt.tasks.reading import input_example

corrections_router = APIRouter(tags=["corrections"])

#: Characters of any result in JSON, beside those that grow with the input and with the labels' names.
RESULT_CHARACTERS = 20_000
#: Characters in a result for one character of the input or of a label: a word of one letter with its tag, its
#: place and its probability takes about 90, and a second time as many where it is an entity.
CHARACTERS_OF_ONE = 100


class CorrectionBody(BaseModel):
    """A correction."""

    model_config = ConfigDict(extra="forbid")

    input: Any = Field(description="as it was predicted: a text, or an object of the task's fields")
    prediction: Any = Field(description="what the model said: its result")
    correction: Any = Field(
        description="what it should have said: a label, the list of the labels that hold, the tags of all "
        "words, an answer (empty: there is none), the whole text, or the name of a grade"
    )


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": CorrectionBody.model_json_schema(),
                "examples": {
                    "a label": {
                        "value": {
                            "input": "A gorgeous, witty film.",
                            "prediction": {"label": "negative", "score": 0.6},
                            "correction": "positive",
                        }
                    }
                },
            }
        },
    }
}
_STATUSES = (400, 401, 404, 408, 413, 422, 429)
_ERROR = RESPONSES[404]["content"]


@corrections_router.post(
    "/v1/models/{name}/corrections",
    status_code=201,
    summary="Save a correction",
    openapi_extra=_BODY,
    responses={
        **{status: RESPONSES[status] for status in _STATUSES},
        403: {"description": "The server takes no corrections.", "content": _ERROR},
        503: {"description": "The file of corrections is locked, damaged or not ours.", "content": _ERROR},
        507: {
            "description": "The file, or the client's share of it, is full.",
            "content": _ERROR,
        },
    },
)
async def save_correction(request: Request, name: str) -> dict[str, Any]:
    """Saves what a result should have been; once it is answered, it is on the disk."""
    served = model_of(request, name)
    store: Corrections | None = request.app.state.corrections
    if store is None:
        raise ReadOnlyError(
            "a server that takes corrections", "one that was started read-only", "ask whoever runs it"
        )
    limits: ServeSettings = request.app.state.settings
    body = await read_body(request, CorrectionBody)
    new_rows(served, [body.input], {}, limits)  # refuses what no prediction could be of
    spec = served.record.spec
    if (size := count_characters(body.correction)) > limits.input_characters:
        raise TooLargeError(
            f"at most {limits.input_characters:,} characters in a correction", f"{size:,}", "shorten it"
        )
    check_correction(served.task, spec, served.kind, body.input, body.correction)
    check_prediction(served, body.input, body.prediction, limits)
    origin = Origin(served.name, served.record.data, served.task.name)
    address = "" if request.client is None else request.client.host
    save = partial(store.save, served.home, origin, body.model_dump(), address)
    return {"saved": await store.in_thread(save, limits.wait_seconds)}


@corrections_router.get(
    "/v1/models/{name}/corrections",
    summary="Count the corrections",
    responses={404: RESPONSES[404], 503: RESPONSES[503]},
)
async def count_corrections(request: Request, name: str) -> dict[str, Any]:
    """How many corrections of a model are saved, and whether the server takes more."""
    served = model_of(request, name)
    store: Corrections | None = request.app.state.corrections
    if store is None:  # what was saved before
        store = Corrections()
        count = await asyncio.to_thread(store.count, served.home, served.name)
        return {"count": count, "read_only": True}
    count = await store.in_thread(
        partial(store.count, served.home, served.name), request.app.state.settings.wait_seconds
    )
    return {"count": count, "read_only": False}


def check_prediction(served: Served, given: Any, prediction: Any, limits: ServeSettings) -> None:
    """Holds what a client says that the model said against the form and the size of a result.

    Args:
        served: the model.
        given: the input.
        prediction: an object with members of the model's result, or None.
        limits: of the server.

    Raises:
        InputError: another form.
        TooLargeError: larger than a result on this input can be.
    """
    if prediction is None:
        return
    if not isinstance(prediction, dict):
        raise InputError(
            "the result of the input as the prediction, or null", type(prediction).__name__, "copy the result"
        )
    known = served.result_fields
    if strange := next((name for name in prediction if name not in known), None):
        raise InputError(
            f"a prediction with only the fields {', '.join(known)}", repr(strange)[:100], "copy the result"
        )
    written = sum(map(len, served.record.spec.labels)) + count_characters(given)
    most = RESULT_CHARACTERS + CHARACTERS_OF_ONE * written
    if served.kind == "candidates":
        example = input_example(served.task, given, served.settings)
        most += 2 * candidate_characters(served.task.texts(example)[0], served.settings)
    most = min(most, limits.body_bytes)
    if (size := len(json.dumps(prediction, ensure_ascii=False))) > most:
        raise TooLargeError(
            f"a prediction of at most {most:,} characters, as long as a result on this input can be",
            f"{size:,}",
            "copy the result",
        )
