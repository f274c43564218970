"""``/v1/models/{name}/corrections``: what a result should have been."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from bertolt.serving.bodies import read_body
from bertolt.serving.correction_values import check_correction
from bertolt.serving.corrections import Corrections, Origin
from bertolt.serving.predict_routes import RESPONSES
from bertolt.serving.predicting import model_of, new_rows
from bertolt.serving.refusals import ReadOnlyError

corrections_router = APIRouter(tags=["corrections"])


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
        507: {"description": "The file of corrections is full.", "content": _ERROR},
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
    body = await read_body(request, CorrectionBody)
    new_rows(served, [body.input], {}, request.app.state.settings)  # refuses what no prediction could be of
    spec = served.record.spec
    check_correction(served.task, spec, served.kind, body.input, body.correction)
    origin = Origin(served.name, served.record.data, served.task.name)
    saved = await run_in_threadpool(store.save, served.folder, origin, body.model_dump())
    return {"saved": saved}


@corrections_router.get(
    "/v1/models/{name}/corrections",
    summary="Count the corrections",
    responses={404: RESPONSES[404]},
)
async def count_corrections(request: Request, name: str) -> dict[str, Any]:
    """How many corrections of a model are saved, and whether the server takes more."""
    served = model_of(request, name)
    store: Corrections | None = request.app.state.corrections
    there = store or Corrections()
    count = await run_in_threadpool(there.count, served.folder, served.name)
    return {"count": count, "read_only": store is None}
