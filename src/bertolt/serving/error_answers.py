"""Every failure as ``{"error": {"expected", "found", "do"}}``, with the status that fits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Send

from bertolt.errors import BertoltError, DiskError, FolderError, InputError
from bertolt.serving.meters import Meters
from bertolt.serving.predicting import ClientGoneError
from bertolt.serving.refusals import Refusal

#: Nobody reads it; the number is the one that nginx logs for it.
CLIENT_GONE = 499
#: How long what a refused client still sends is thrown away, so that it reads the answer before the end.
LINGER_SECONDS = 1.0


def error_answer(error: BertoltError, meters: Meters) -> Response:
    """The answer for an error of ours: a refusal's status, 422 for bad input, 500 for a fault of ours."""
    status, reason, headers = 500, "failed", {}
    if isinstance(error, Refusal):
        status, reason, headers = error.status, error.reason, dict(error.headers)
    elif isinstance(error, InputError) and not isinstance(error, DiskError | FolderError):
        status, reason = 422, "input"
    meters.refused.labels(reason).inc()
    return _answer(status, error.to_dict(), headers)


async def answer_and_close(error: Refusal, meters: Meters, receive: Receive, send: Send) -> None:
    """Sends an error, reads on for a moment, and closes the connection.

    It reads on because a connection that is closed upon unread data would lose the answer; and it closes
    because whoever is refused could otherwise go on sending a body that nobody wants.
    """
    answer = error_answer(error, meters)
    answer.headers["Connection"] = "close"
    await send({"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": True})
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            message: Message = {"type": "http.request", "more_body": True}
            while message["type"] == "http.request" and message.get("more_body", False):
                message = await receive()
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def add_error_answers(app: FastAPI) -> None:
    """Registers the answers for all that a route can raise."""

    def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, BertoltError)
        return error_answer(error, request.app.state.meters)

    def gone(request: Request, error: Exception) -> Response:
        return Response(status_code=CLIENT_GONE)

    app.add_exception_handler(BertoltError, ours)
    app.add_exception_handler(ClientGoneError, gone)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _bug)


def _answer(status: int, parts: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Response:
    # Escaped, because a message may quote a lone surrogate, which UTF-8 cannot hold.
    body = json.dumps({"error": dict(parts)})
    return Response(body, status_code=status, headers=headers, media_type="application/json")


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    found = f"{request.method} {request.url.path[:100]}"
    do = "see /openapi.json for the routes"
    parts = {"expected": "a route of this server", "found": found, "do": do}
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "another method")
        parts = {"expected": f"the method {allowed}", "found": found, "do": do}
    return _answer(error.status_code, parts, error.headers)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    parts = {"expected": f"{where}: {first['msg'].lower()}", "found": "another value"}
    return _answer(422, {**parts, "do": "see /openapi.json for the form"})


def _bug(request: Request, error: Exception) -> Response:
    parts = {"expected": "an answer", "found": "a mistake in the server", "do": "see the server's log"}
    return _answer(500, parts)
