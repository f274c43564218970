"""``/v1/models/{name}/table``: a csv file in, its rows with results out, computed in the background."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from bertolt.errors import InputError
from bertolt.serving.generations import generation_of
from bertolt.serving.predict_routes import RESPONSES
from bertolt.serving.predicting import model_of
from bertolt.serving.tables import Order, TableJob, Tables, read_sheet

table_router = APIRouter(tags=["tables"])

_CSV: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string"}, "example": "text\nA gorgeous, witty film.\n"}},
    }
}
_REFUSALS: dict[int | str, dict[str, Any]] = {status: RESPONSES[status] for status in (404, 413, 422, 429)}


def _tables(request: Request) -> Tables:
    tables: Tables = request.app.state.tables
    return tables


def _job(request: Request, name: str, job: str) -> TableJob:
    return _tables(request).get(model_of(request, name), job)


@table_router.post(
    "/v1/models/{name}/table",
    summary="Predict a table",
    status_code=202,
    openapi_extra=_CSV,
    responses=_REFUSALS,
)
async def send_table(request: Request, name: str) -> dict[str, Any]:
    """Takes a csv file with a header line as the body, and begins to predict its rows.

    Answers with the name of the job. The file stays in the memory of the server, and is forgotten after a
    while.
    """
    served = model_of(request, name)
    tables = _tables(request)
    tables.check_room()
    sheet = await asyncio.to_thread(read_sheet, served, await request.body(), request.app.state.settings)
    return {"job": tables.add(served, sheet, generation_of(request)).id}


@table_router.get("/v1/models/{name}/table/{job}", summary="Show a table", responses={404: RESPONSES[404]})
async def show_table(
    request: Request,
    name: str,
    job: str,
    order: Order = "unsure",
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> dict[str, Any]:
    """How far it is, and once it is done some rows: the least sure first, the surest, or in order."""
    return _job(request, name, job).page(order, offset, limit)


@table_router.get(
    "/v1/models/{name}/table/{job}/result.csv",
    summary="Download a table",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}, 404: RESPONSES[404], 422: RESPONSES[422]},
)
async def table_file(request: Request, name: str, job: str, spreadsheet_safe: bool = True) -> Response:
    """The whole table with the results behind its columns, in the file's order, once it is done.

    A text that a spreadsheet program would run as a formula has an apostrophe before it, unless
    ``spreadsheet_safe`` is false.
    """
    found = _job(request, name, job)
    if found.state != "done":
        raise InputError("a table that is done", f"one that is {found.state}", "ask again when it is")
    content = await asyncio.to_thread(partial(found.csv, safe_for_spreadsheets=spreadsheet_safe))
    headers = {
        "Content-Disposition": 'attachment; filename="result.csv"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


@table_router.delete(
    "/v1/models/{name}/table/{job}",
    summary="Forget a table",
    status_code=204,
    response_class=Response,
    responses={404: RESPONSES[404]},
)
async def drop_table(request: Request, name: str, job: str) -> Response:
    """Stops it, if it is not done, and forgets it."""
    _tables(request).drop(_job(request, name, job).id)
    return Response(status_code=204)
