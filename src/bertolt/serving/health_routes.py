"""``/live``, ``/ready`` and ``/metrics``: what balancers and monitors ask."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response

from bertolt.errors import BertoltError
from bertolt.serving.generations import Generation, generation_of
from bertolt.serving.predict_routes import RESPONSES
from bertolt.serving.refusals import UnavailableError
from bertolt.serving.rows import NewRow
from bertolt.serving.served import Served
from bertolt.tasks.task import input_columns

health_router = APIRouter(tags=["health"])

#: One token for most tasks, and for fill-mask the word that is missing.
PROBE = "[MASK]"


@health_router.get("/live", summary="Whether the process answers")
async def live() -> dict[str, str]:
    """Answers as long as the server runs, whether or not it can predict."""
    return {"status": "live"}


@health_router.get("/ready", summary="Whether it predicts", responses={503: RESPONSES[503]})
async def ready(request: Request) -> dict[str, str]:
    """Predicts a token with every model, before all that waits. Those who ask at once share one answer."""
    state = request.app.state
    if state.probing is None or state.probing.done():
        state.probing = asyncio.create_task(_probe(generation_of(request), state.settings.ready_seconds))
    found: BertoltError | None = await asyncio.shield(state.probing)
    if found is not None:  # whatever it is, the balancer reads 503
        raise UnavailableError(found.expected, found.found, found.do)
    return {"status": "ready"}


async def _probe(generation: Generation, seconds: float) -> BertoltError | None:
    dispatcher = generation.dispatcher
    try:
        if not dispatcher.running:
            raise UnavailableError("a worker that computes", "one that is being started", "ask again later")
        async with asyncio.timeout(seconds):
            await dispatcher.answer([_row(served) for served in generation.served.values()], urgent=True)
    except TimeoutError:
        return UnavailableError(f"a prediction in {seconds:g} seconds", "none", "ask again later")
    except BertoltError as error:
        return error
    return None


def _row(served: Served) -> NewRow:
    text = {column.name: PROBE for column in input_columns(served.task) if column.required}
    return NewRow(served.name, "predict", {"input": text, "settings": {}, "abstain_below": None}, 0)


@health_router.get("/metrics", summary="Counters for Prometheus", response_class=Response)
async def metrics(request: Request) -> Response:
    """The queue, the batches, the latencies and the refusals."""
    return Response(request.app.state.meters.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
