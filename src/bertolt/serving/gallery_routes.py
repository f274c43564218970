"""``GET /v1/models/{name}/examples`` and ``…/pictures``: how the model does on its validation examples."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from bertolt.serving.gallery import Gallery
from bertolt.serving.generations import generation_of
from bertolt.serving.predict_routes import RESPONSES
from bertolt.serving.predicting import model_of
from bertolt.serving.refusals import NoModelError

gallery_router = APIRouter(tags=["models"])

#: A picture that is opened by itself is a picture and nothing else. Its style stands inside it.
_PICTURE_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}


def _gallery(request: Request, name: str) -> Gallery:
    served = model_of(request, name)
    generation = generation_of(request)
    gallery = generation.galleries.of(served.name)
    gallery.start(generation, request.app.state.settings)
    return gallery


@gallery_router.get(
    "/v1/models/{name}/examples", summary="Show validation examples", responses={404: RESPONSES[404]}
)
async def examples(
    request: Request,
    name: str,
    only: Literal["all", "right", "wrong"] = "all",
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> dict[str, Any]:
    """Kept validation examples with what is right and what the model says.

    They are predicted when they are first asked for; until ``state`` is ``done``, ask again.
    """
    return _gallery(request, name).page(only, offset)


@gallery_router.get(
    "/v1/models/{name}/pictures", summary="List the pictures", responses={404: RESPONSES[404]}
)
async def pictures(request: Request, name: str) -> dict[str, Any]:
    """The pictures that apply to the model's results, with their words, once ``state`` is ``done``."""
    gallery = _gallery(request, name)
    listed = [
        {"name": each.name, "title": each.title, "alt": each.alt, "meaning": each.meaning}
        for each in gallery.drawn
    ]
    return {**gallery.progress(), "pictures": listed}


@gallery_router.get(
    "/v1/models/{name}/pictures/{picture}.svg",
    summary="Show a picture",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}, 404: RESPONSES[404]},
)
async def picture(request: Request, name: str, picture: str) -> Response:
    """A picture, as SVG: ``confusion`` or ``reliability``."""
    gallery = _gallery(request, name)
    found = next((each for each in gallery.drawn if each.name == picture), None)
    if found is None:
        there = ", ".join(each.name for each in gallery.drawn) or f"none, as the work is {gallery.state}"
        raise NoModelError(
            f"a picture out of: {there}", repr(picture)[:100], f"see GET /v1/models/{name}/pictures"
        )
    return Response(found.svg, media_type="image/svg+xml", headers=_PICTURE_HEADERS)
