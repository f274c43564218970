"""``POST /v1/models/{name}/explain``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from bertolt.serving.bodies import read_body
from bertolt.serving.generations import generation_of
from bertolt.serving.inputs import new_rows
from bertolt.serving.predict_routes import RESPONSES
from bertolt.serving.predicting import model_of, unless_gone

explain_router = APIRouter(tags=["explain"])


class ExplainBody(BaseModel):
    """What is to be explained."""

    model_config = ConfigDict(extra="forbid", strict=True)

    input: Any = Field(description="a text, or an object of the task's fields")
    target: str | None = Field(
        default=None, description="the label or tag that is explained; by default the model's own"
    )
    word: int | None = Field(
        default=None, ge=0, description="the number of the word whose tag is explained, from 0"
    )


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": ExplainBody.model_json_schema(),
                "examples": {"a text": {"value": {"input": "A gorgeous, witty film.", "target": "positive"}}},
            }
        },
    }
}


@explain_router.post(
    "/v1/models/{name}/explain",
    summary="Say which words moved a result",
    openapi_extra=_BODY,
    responses={
        200: {
            "description": "The target, its quantity and value, the words with their scores, what was not "
            "read, and the result.",
            "content": {"application/json": {"schema": {"type": "object"}}},
        },
        **RESPONSES,
    },
)
async def explain_route(request: Request, name: str) -> Response:
    """Explains the result of one input; places are characters of the input's field."""
    served = model_of(request, name)
    body = await read_body(request, ExplainBody)
    (row,) = new_rows(served, [body.input], {}, request.app.state.settings)
    payload = {"input": body.input, "target": body.target, "word": body.word}
    dispatcher = generation_of(request).dispatcher
    (found,) = await unless_gone(request, dispatcher.answer([replace(row, verb="explain", payload=payload)]))
    return Response(found, media_type="application/json")
