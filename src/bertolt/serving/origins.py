"""Which sites' pages may call the server, and under which names it may be called.

A page of another site could send a request, such as a correction, to a server on its reader's own machine or
network. Browsers name the page's site in the header ``Origin`` of every such request. A site may also point
its own name at the reader's machine (DNS rebinding); then its page is of the same origin as the server, and
only the header ``Host`` tells them apart.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from bertolt.serving.error_answers import answer_and_close
from bertolt.serving.meters import Meters
from bertolt.serving.refusals import ForeignHostError, ForeignOriginError, Refusal
from bertolt.serving.settings import ServeSettings

#: Methods that change nothing; a preflight is answered by the list of allowed origins itself.
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
#: Values of Sec-Fetch-Site (W3C, Fetch Metadata Request Headers, section 2.3) for pages of another origin.
FOREIGN_SITES = ("cross-site", "same-site")

_PORTS = {"http": 80, "https": 443}
#: A name or an IPv4 address, or an IPv6 address in brackets; then perhaps a port.
_NETLOC = re.compile(r"(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class Place:
    """The host and the port of a URL; the port is None where none is written."""

    host: str
    port: int | None


class Origins:
    """Middleware: turns away what pages of other origins send, and unknown names of the server.

    Args:
        app: what it protects.
        settings: ``cors_origins`` are the origins whose pages may call, ``*`` being all of them; with
            ``allowed_hosts`` other names are refused on every connection, not only on those of this machine.
        hosts: names by which the server may be called, beside addresses and ``localhost``.
        meters: counts what is turned away.
    """

    def __init__(
        self, app: ASGIApp, *, settings: ServeSettings, hosts: Collection[str], meters: Meters
    ) -> None:
        self._app = app
        self._allowed = settings.cors_origins
        self._hosts = {host.lower().rstrip(".") for host in hosts}
        self._strict = bool(settings.allowed_hosts)
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = None
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            if (self._strict or _on_loopback(scope)) and not self._knows(headers):
                error = _foreign_host(headers)
            elif scope["method"] not in SAFE_METHODS and not self._may_send(headers):
                error = _foreign_origin(headers)
        if error is None:
            await self._app(scope, receive, send)
        else:
            await answer_and_close(error, self._meters, receive, send)

    def _knows(self, headers: Headers) -> bool:
        """Whether the header Host is an address, localhost, or one of the names."""
        given = headers.getlist("host")
        if not given:  # HTTP/1.0; every browser sends one
            return True
        place = parse_place(given[0]) if len(given) == 1 else None
        if place is None:
            return False
        host = place.host.rstrip(".")
        return host == "localhost" or host in self._hosts or _is_address(host)

    def _may_send(self, headers: Headers) -> bool:
        """Whether a request that may change something comes from a page of this server, or from no page."""
        if "*" in self._allowed:
            return True
        origins = headers.getlist("origin")
        if not origins:
            return headers.get("sec-fetch-site") not in FOREIGN_SITES
        if len(origins) > 1:
            return False
        return origins[0] in self._allowed or _same_place(origins[0], headers.get("host", ""))


def parse_place(netloc: str) -> Place | None:
    """A host and perhaps a port, as in the header Host. None: something else."""
    found = _NETLOC.fullmatch(netloc.strip().lower())
    if found is None:
        return None
    return Place(found["host"], None if found["port"] is None else int(found["port"]))


def _same_place(origin: str, host: str) -> bool:
    """Whether an origin has the host and the port of the header Host.

    The scheme is not compared: behind a proxy the browser speaks https and the server http.
    """
    scheme, _, netloc = origin.partition("://")
    usual = _PORTS.get(scheme.lower())
    one, other = parse_place(netloc), parse_place(host)
    if usual is None or one is None or other is None:
        return False
    return (one.host, one.port or usual) == (other.host, other.port or usual)


def _on_loopback(scope: Scope) -> bool:
    """Whether the connection came in at an address that only this machine can reach."""
    try:
        return ipaddress.ip_address((scope.get("server") or ("",))[0]).is_loopback
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _foreign_host(headers: Headers) -> Refusal:
    return ForeignHostError(
        "a header Host with an address, localhost, or a name that --host or --allowed-host gives",
        repr(", ".join(headers.getlist("host")))[:100],
        "start the server with --allowed-host NAME, if it is to be called by this name",
    )


def _foreign_origin(headers: Headers) -> Refusal:
    return ForeignOriginError(
        "a request from a page of this server, or of an allowed origin",
        f"one from a page of {headers.get('origin', 'another origin')}"[:100],
        "add its origin to cors_origins; behind a proxy, let the proxy send on the header Host",
    )
