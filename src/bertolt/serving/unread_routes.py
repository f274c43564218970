"""``POST /v1/models/{name}/unread``: what a model leaves out of an input that is too long for it."""

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

unread_router = APIRouter(tags=["explain"])


class UnreadBody(BaseModel):
    """What is to be looked at."""

    model_config = ConfigDict(extra="forbid", strict=True)

    input: Any = Field(description="a text, or an object of the task's fields")


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": UnreadBody.model_json_schema(),
                "examples": {"a text": {"value": {"input": "A film of three hours …"}}},
            }
        },
    }
}


@unread_router.post(
    "/v1/models/{name}/unread",
    summary="Say what of an input is not read",
    openapi_extra=_BODY,
    responses={
        200: {
            "description": "The stretches that the model leaves out, each with its field, start and end.",
            "content": {"application/json": {"schema": {"type": "object"}}},
        },
        **RESPONSES,
    },
)
async def unread_route(request: Request, name: str) -> Response:
    """Finds what one input loses; places are characters of the input's field. Nothing is predicted."""
    served = model_of(request, name)
    body = await read_body(request, UnreadBody)
    (row,) = new_rows(served, [body.input], {}, request.app.state.settings)
    dispatcher = generation_of(request).dispatcher
    asked = replace(row, verb="unread", payload={"input": body.input})
    (found,) = await unless_gone(request, dispatcher.answer([asked]))
    return Response(found, media_type="application/json")
