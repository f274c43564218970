"""``GET /v1/models``: what is served."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from bertolt.serving.generations import Generations, generation_of
from bertolt.serving.predict_routes import RESPONSES
from bertolt.serving.predicting import model_of
from bertolt.serving.refusals import NoKeysError

model_router = APIRouter(tags=["models"])


@model_router.get("/v1/models", summary="List the models")
async def list_models(request: Request) -> dict[str, Any]:
    """Every model with its task, the kind of its results, its fields and its labels; read_only: whether
    the server takes no corrections.
    """
    models = [served.summary() for served in generation_of(request).served.values()]
    return {"models": models, "read_only": request.app.state.corrections is None}


@model_router.get("/v1/models/{name}", summary="Show a model", responses={404: RESPONSES[404]})
async def show_model(request: Request, name: str) -> dict[str, Any]:
    """A model's card (markdown) and the whole of its bertolt.json, metrics with intervals included."""
    served = model_of(request, name)
    return {"name": served.name, "card": served.card, "record": served.record.model_dump(mode="json")}


@model_router.post(
    "/v1/models/{name}/reload",
    summary="Read a model's folder anew",
    responses={
        **{status: RESPONSES[status] for status in (401, 404, 429)},
        403: {"description": "The server asks for no keys.", "content": RESPONSES[404]["content"]},
        503: {"description": "The folder cannot be loaded.", "content": RESPONSES[404]["content"]},
    },
)
async def reload_model(request: Request, name: str) -> dict[str, Any]:
    """Serves the model that is in the folder now; requests that were accepted are answered by the old one.

    Only on a server that asks for keys. ``changed`` is false where the folder is the same as before.
    """
    served = model_of(request, name)
    if not request.app.state.keyed:
        raise NoKeysError(
            "a server that asks for keys, for a reload over HTTP",
            "one that is open to all",
            "start it with --keys FILE, or send its process SIGHUP",
        )
    generations: Generations = request.app.state.generations
    changed = await generations.reload([served.name])
    found = generations.current.served[served.name]
    return {"name": found.name, "fingerprint": found.fingerprint[:12], "changed": bool(changed)}
