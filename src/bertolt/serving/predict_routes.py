"""``POST /v1/models/{name}/predict``."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from bertolt.serving.bodies import read_body
from bertolt.serving.predicting import PredictBody, model_of, predict

predict_router = APIRouter(tags=["predict"])

_EXAMPLES = {
    "one text": {"value": {"inputs": "A gorgeous, witty film."}},
    "several texts": {"value": {"inputs": ["A gorgeous, witty film.", "The plot is thin."]}},
    "unsure below 0.8": {"value": {"inputs": "It is a film.", "options": {"abstain_below": 0.8}}},
    "a question": {
        "value": {
            "inputs": {"question": "Who sings?", "context": "Anna sings and Paul plays."},
            "options": {"top_k": 2},
        }
    },
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": PredictBody.model_json_schema(), "examples": _EXAMPLES}},
    }
}
_ERROR: dict[str, Any] = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {name: {"type": "string"} for name in ("expected", "found", "do")},
            "required": ["expected", "found", "do"],
        }
    },
    "required": ["error"],
}
_RESULTS: dict[str, Any] = {
    "type": "object",
    "properties": {"results": {"type": "array", "items": {"type": "object"}}},
    "required": ["results"],
}
_MEANINGS = {
    400: "The body is not JSON.",
    401: "A key is needed.",
    403: "A page of another origin asks, which cors_origins does not name.",
    404: "There is no such model.",
    408: "The request took too long to arrive.",
    413: "The body, the list or an input is too large.",
    422: "An input or an option cannot be used.",
    429: "Too much is waiting; see the header Retry-After.",
    500: "The model failed on an input.",
    503: "The request waited too long, or the worker is being replaced.",
}
#: What every route that predicts may answer.
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": meaning, "content": {"application/json": {"schema": _ERROR}}}
    for status, meaning in _MEANINGS.items()
}


@predict_router.post(
    "/v1/models/{name}/predict",
    summary="Predict",
    openapi_extra=_BODY,
    responses={
        200: {
            "description": "A result for each input, in order.",
            "content": {"application/json": {"schema": _RESULTS}},
        },
        **RESPONSES,
    },
)
async def predict_route(request: Request, name: str) -> Response:
    """Predicts one input or a list of them; a list of one result for one input."""
    served = model_of(request, name)
    body = await read_body(request, PredictBody)
    results = await predict(request, served, body.inputs, body.options)
    return Response('{"results": [' + ", ".join(results) + "]}", media_type="application/json")
