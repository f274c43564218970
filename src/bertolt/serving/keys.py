"""Optional API keys: ``Authorization: Bearer KEY``, against the lines of a file."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from bertolt.errors import DiskError, SettingError
from bertolt.serving.error_answers import answer_and_close
from bertolt.serving.meters import Meters
from bertolt.serving.refusals import UnauthorizedError

#: A key of 16 random characters cannot be guessed over a network.
KEY_CHARACTERS = 16
#: Open to all: what a balancer asks, and the page's own files, which ask for a key themselves.
OPEN_PATHS = ("/", "/live", "/ready", "/favicon.ico")
OPEN_FOLDERS = ("/page/",)


def read_keys(file: Path | str) -> tuple[str, ...]:
    """The keys of a file, one a line; empty lines and those that begin with ``#`` are left out.

    Raises:
        DiskError: the file cannot be read.
        SettingError: no key, or one that is short or not plain.
    """
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DiskError("a file of keys", f"{error}"[:200], "check --keys") from error
    keys = tuple(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))
    if not keys:
        raise SettingError(f"keys in {str(file)!r}, one a line", "none", "add one, or leave --keys out")
    for number, key in enumerate(keys, start=1):
        if len(key) < KEY_CHARACTERS or not key.isascii() or not key.isprintable() or " " in key:
            raise SettingError(
                f"keys of at least {KEY_CHARACTERS} plain characters without blanks",
                f"another as key {number} in {str(file)!r}",
                "make one with: openssl rand -hex 24",
            )
    return keys


class Keys:
    """Middleware: lets through what carries one of the keys. Keys are compared in constant time.

    Args:
        app: what it protects.
        keys: those that are known.
        meters: counts what is turned away.
    """

    def __init__(self, app: ASGIApp, keys: Sequence[str], meters: Meters) -> None:
        self._app = app
        self._digests = [_digest(key.encode()) for key in keys]
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_open(scope["path"]) or self._known(scope):
            await self._app(scope, receive, send)
            return
        error = UnauthorizedError(
            "a key in the header Authorization: Bearer KEY", "none that is known", "ask who runs the server"
        )
        await answer_and_close(error, self._meters, receive, send)

    def _known(self, scope: Scope) -> bool:
        headers = [value for name, value in scope["headers"] if name == b"authorization"]
        kind, _, key = (headers[0] if len(headers) == 1 else b"").partition(b" ")
        given = _digest(key.strip())
        matches = [hmac.compare_digest(given, digest) for digest in self._digests]  # all of them, always
        return kind.lower() == b"bearer" and any(matches)


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDERS)
