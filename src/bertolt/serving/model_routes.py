"""``GET /v1/models``: what is served."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from bertolt.serving.predict_routes import RESPONSES
from bertolt.serving.predicting import model_of

model_router = APIRouter(tags=["models"])


@model_router.get("/v1/models", summary="List the models")
async def list_models(request: Request) -> dict[str, Any]:
    """Every model with its task, the kind of its results, its fields and its labels; read_only: whether
    the server takes no corrections.
    """
    models = [served.summary() for served in request.app.state.served.values()]
    return {"models": models, "read_only": request.app.state.corrections is None}


@model_router.get("/v1/models/{name}", summary="Show a model", responses={404: RESPONSES[404]})
async def show_model(request: Request, name: str) -> dict[str, Any]:
    """A model's card (markdown) and the whole of its bertolt.json, metrics with intervals included."""
    served = model_of(request, name)
    return {"name": served.name, "card": served.card(), "record": served.record.model_dump(mode="json")}
