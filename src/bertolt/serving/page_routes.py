"""The page at ``/``: static files of this package, under a strict content security policy."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Request, Response

from bertolt.serving.refusals import NoModelError

page_router = APIRouter(include_in_schema=False)

#: No script and no style but the files', nothing from another host, and no frame around the page.
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",  # asked after each time, by its tag, so that an update shows at once
}
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    type: str
    tag: str


@page_router.get("/")
async def index(request: Request) -> Response:
    """The page."""
    return _answer(request, "index.html")


@page_router.get("/page/{path:path}")
async def page_file(request: Request, path: str) -> Response:
    """A file of the page."""
    return _answer(request, path)


def _answer(request: Request, path: str) -> Response:
    file = page_files().get(path)
    if file is None:
        raise NoModelError("a file of the page", repr(path)[:100], "open / in a browser")
    headers = {**HEADERS, "ETag": file.tag}
    if request.headers.get("if-none-match") == file.tag:
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.type, headers=headers)


@cache
def page_files() -> Mapping[str, _File]:
    """Every file of the page by its path. Only these are answered, so that no path reaches another file."""
    found: dict[str, _File] = {}

    def collect(folder: Traversable, prefix: str) -> None:
        for each in folder.iterdir():
            if each.is_dir():
                collect(each, f"{prefix}{each.name}/")
            elif (suffix := "." + each.name.rpartition(".")[2]) in _TYPES:
                content = each.read_bytes()
                tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
                found[prefix + each.name] = _File(content, _TYPES[suffix], tag)

    collect(files("bertolt.serving") / "page", "")
    return found
