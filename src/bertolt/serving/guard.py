"""Receives a request's body within its limits, before any route sees it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bertolt.serving.error_answers import answer_and_close
from bertolt.serving.meters import Meters
from bertolt.serving.refusals import OverloadedError, Refusal, SlowError, TooLargeError
from bertolt.serving.settings import ServeSettings


class ClientLeftError(Exception):
    """The client went away before its request was complete."""


class Guard:
    """Middleware: no body is larger than allowed, slower than allowed, or more than the memory set aside.

    Args:
        app: what it guards.
        settings: the limits.
        meters: notes how long each request took.
    """

    def __init__(self, app: ASGIApp, settings: ServeSettings, meters: Meters) -> None:
        self._app = app
        self._settings = settings
        self._meters = meters
        self._buffered = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._guarded(scope, receive, noted)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            self._meters.latency.labels(route, status).observe(time.monotonic() - started)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()
        try:
            self._check_size(_announced(scope))
            async with asyncio.timeout(self._settings.receive_seconds):
                await self._fill(body, receive)
        except TimeoutError:
            await answer_and_close(_slow(self._settings.receive_seconds), self._meters, receive, send)
        except Refusal as error:
            await answer_and_close(error, self._meters, receive, send)
        except ClientLeftError:
            pass
        else:
            await self._app(scope, _replayed(bytes(body), receive), send)
        finally:
            self._buffered -= len(body)

    async def _fill(self, body: bytearray, receive: Receive) -> None:
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientLeftError
            chunk: bytes = message.get("body", b"")
            body += chunk
            self._buffered += len(chunk)
            self._check_size(len(body))
            if self._buffered > self._settings.buffer_bytes:
                raise OverloadedError(
                    f"at most {self._settings.buffer_bytes:,} bytes of requests in memory",
                    "more",
                    "wait as long as Retry-After says, and send it again",
                    retry_seconds=self._settings.retry_seconds,
                )
            more = message.get("more_body", False)

    def _check_size(self, size: int) -> None:
        if size > self._settings.body_bytes:
            raise TooLargeError(
                f"at most {self._settings.body_bytes:,} bytes in a body",
                f"{size:,} or more",
                "send several requests",
            )


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0


def _slow(seconds: float) -> SlowError:
    return SlowError(
        f"a whole request in {seconds:g} seconds", "a part of one", "send it faster, or a shorter one"
    )


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The body as one message, then whatever comes, such as the client's going away."""
    waiting: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
