"""How the server and its worker talk: JSON behind its length, over a pipe. JSON, because it runs no code."""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any, BinaryIO

_SIZE = struct.Struct(">Q")


def pack(document: Any) -> bytes:
    """A document as a frame. Lone surrogates become escapes, so that every text arrives as it was."""
    body = json.dumps(document).encode("ascii")
    return _SIZE.pack(len(body)) + body


def read(stream: BinaryIO) -> Any:
    """The next document.

    Raises:
        EOFError: the other side is gone.
    """
    return json.loads(_exactly(stream, _SIZE.unpack(_exactly(stream, _SIZE.size))[0]))


def _exactly(stream: BinaryIO, size: int) -> bytes:
    found = stream.read(size)
    if len(found) < size:
        raise EOFError
    return found


async def receive(stream: asyncio.StreamReader) -> Any:
    """As ``read``, for the server's side.

    Raises:
        asyncio.IncompleteReadError: the other side is gone.
    """
    (size,) = _SIZE.unpack(await stream.readexactly(_SIZE.size))
    return json.loads(await stream.readexactly(size))
