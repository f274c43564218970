"""Uvicorn around the app: sockets and signals."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any

import uvicorn
from fastapi import FastAPI

from bertolt.errors import SettingError
from bertolt.serving.generations import Generations
from bertolt.serving.protocol import HEADER_BYTES, BoundedProtocol
from bertolt.serving.settings import ServeSettings

#: File descriptors beside those of connections: files of libraries, pipes, the event loop's.
OTHER_FILES = 100


def _has_terminal() -> bool:
    """Whether the process belongs to a terminal that is still there."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


class _Server(uvicorn.Server):
    """Uvicorn that says when it listens, and that counts SIGTERM as the usual end.

    It runs the app's lifespan itself, so that a model that cannot be loaded is raised as its own error.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI, listening: Callable[[], None]) -> None:
        super().__init__(config)
        generations: Generations = app.state.generations
        self._reload = generations.reload_later
        self._with_terminal = False
        self._life = app.router.lifespan_context(app)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self._life.__aenter__()
        await super().startup(sockets)
        if threading.current_thread() is threading.main_thread():  # others get no signals
            self._with_terminal = _has_terminal()
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._hang_up)
        self._listening()

    def _hang_up(self) -> None:
        """Reloads the models; where the signal says that the terminal was closed, ends as usual."""
        if self._with_terminal and not _has_terminal():
            self.handle_exit(signal.SIGTERM, None)
        else:
            self._reload()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        await self._life.__aexit__(None, None, None)

    def handle_exit(self, sig: int, frame: Any) -> None:
        super().handle_exit(sig, frame)
        if sig == signal.SIGTERM:
            self._captured_signals.clear()


def bind(host: str, port: int) -> socket.socket:
    """A socket that does not listen yet.

    Raises:
        SettingError: the address is taken, or not one of this machine.
    """
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise SettingError(
            "an address of this machine in --host", f"{host!r}: {error}", "try 127.0.0.1"
        ) from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise SettingError(
            "a free address",
            f"{host}:{port}: {error.strerror}",
            "choose another --host or --port; 0 takes a free one",
        ) from error
    return bound


def make_server(app: FastAPI, settings: ServeSettings, listening: Callable[[], None]) -> uvicorn.Server:
    """A server whose ``run(sockets=[…])`` serves until SIGTERM or Ctrl-C.

    Then it accepts no more, and finishes what was accepted. ``run`` raises ``InputError`` for a model that
    cannot be loaded.

    Args:
        app: what is served.
        settings: the limits.
        listening: called once it listens.

    Raises:
        SettingError: the system allows fewer open files than the settings do.
    """
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < settings.connections + OTHER_FILES:
        raise SettingError(
            f"{settings.connections + OTHER_FILES:,} open files for {settings.connections:,} connections",
            f"a limit of {most:,}",
            "raise it with `ulimit -n`, or lower the setting connections",
        )
    protocol = type("Protocol", (BoundedProtocol,), {"limits": settings})
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        h11_max_incomplete_event_size=HEADER_BYTES,
    )
    return _Server(config, app, listening)
