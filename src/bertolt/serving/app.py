"""The HTTP app: routes around one dispatcher."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from bertolt.serving.correction_routes import corrections_router
from bertolt.serving.corrections import Corrections
from bertolt.serving.error_answers import add_error_answers
from bertolt.serving.explain_routes import explain_router
from bertolt.serving.gallery_routes import gallery_router
from bertolt.serving.generations import Generations, OneGeneration
from bertolt.serving.guard import Guard
from bertolt.serving.health_routes import health_router
from bertolt.serving.hf_routes import hf_router
from bertolt.serving.keys import Keys
from bertolt.serving.meters import Meters
from bertolt.serving.model_routes import model_router
from bertolt.serving.origins import Origins
from bertolt.serving.page_routes import page_router
from bertolt.serving.predict_routes import predict_router
from bertolt.serving.served import Served
from bertolt.serving.settings import ServeSettings
from bertolt.serving.table_routes import table_router
from bertolt.serving.tables import Tables
from bertolt.serving.unread_routes import unread_router
from bertolt.serving.worker import Worker
from bertolt.version import __version__

#: Every router of the server; a further one is imported above and named here.
ROUTERS = (
    predict_router,
    explain_router,
    unread_router,
    corrections_router,
    model_router,
    hf_router,
    health_router,
    gallery_router,
    table_router,
    page_router,
)


def build_app(
    served: Mapping[str, Served],
    settings: ServeSettings,
    new_worker: Callable[[Mapping[str, Served]], Worker],
    *,
    reopen: Callable[[str], Served],
    keys: Sequence[str] = (),
    corrections: Corrections | None = None,
    host: str = "localhost",
) -> FastAPI:
    """The app. Its lifespan starts the worker, which loads the models, and ends it.

    ``app.state`` carries ``generations`` (the models and what computes them), ``settings``, ``meters``,
    ``keyed`` (whether it asks for keys), ``probing``, ``corrections`` and ``tables``. Routes ask
    ``generation_of`` for the models.

    Args:
        served: the models by name.
        settings: the limits.
        new_worker: given the models, makes a worker that is not started yet.
        reopen: reads a model anew, by the name that it was given at the start.
        keys: those that clients must show one of; none: open to all.
        corrections: where they are saved; None: none are taken.
        host: the address or the name that the server listens at.
    """
    meters = Meters()
    generations = Generations(served, settings, meters, new_worker, reopen)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await generations.start()
        try:
            yield
        finally:
            await generations.stop()
            if corrections is not None:
                corrections.close()

    app = FastAPI(
        title="Bertolt",
        summary="Fine-tuned models behind HTTP",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # both load scripts from another host
        redoc_url=None,
    )
    app.state.generations = generations
    app.state.keyed = bool(keys)
    app.state.settings = settings
    app.state.meters = meters
    app.state.probing = None
    app.state.corrections = corrections
    app.state.tables = Tables(settings)
    for router in ROUTERS:
        app.include_router(router)
    add_error_answers(app)
    # The last one added is the outermost: a preflight carries no key, and a body is received only with one.
    app.add_middleware(OneGeneration, generations=generations)
    app.add_middleware(Guard, settings=settings, meters=meters)
    if keys:
        app.add_middleware(Keys, keys=keys, meters=meters)
    names = (*settings.allowed_hosts, host)
    app.add_middleware(Origins, settings=settings, hosts=names, meters=meters)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["Retry-After"],
        )
    return app
