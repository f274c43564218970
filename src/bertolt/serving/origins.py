"""Which sites' pages may call the server: a browser says where a request comes from, and this believes it.

Without an allow-list a page of another site could not read an answer, yet it could send a request, such as a
correction, to a server on the reader's own machine.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from bertolt.serving.error_answers import error_answer
from bertolt.serving.meters import Meters
from bertolt.serving.refusals import ForeignOriginError

#: What changes nothing may come from anywhere; a preflight is answered by the allow-list itself.
HARMLESS = ("GET", "HEAD", "OPTIONS")
#: Values of Sec-Fetch-Site (W3C, Fetch Metadata Request Headers, section 2.3) for pages of another origin.
FOREIGN = ("cross-site", "same-site")


class Origins:
    """Middleware: turns away what pages of other origins send, unless they are on the list.

    Args:
        app: what it protects.
        allowed: the origins whose pages may call; ``*`` is all of them.
        meters: counts what is turned away.
    """

    def __init__(self, app: ASGIApp, allowed: Sequence[str], meters: Meters) -> None:
        self._app = app
        self._allowed = allowed
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in HARMLESS or self._may(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        error = ForeignOriginError(
            "a request from a page of this server, or of an allowed origin",
            "one from a page of another origin",
            "add its origin to cors_origins",
        )
        await error_answer(error, self._meters)(scope, receive, send)

    def _may(self, headers: Headers) -> bool:
        if headers.get("sec-fetch-site") not in FOREIGN or "*" in self._allowed:
            return True
        return headers.get("origin") in self._allowed
