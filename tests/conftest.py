"""What all tests share: a clean environment, no network, tiny backbones and a data set."""

from __future__ import annotations

import csv
import ipaddress
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Sets the environment before any test module imports a library that reads it."""
    home = tempfile.TemporaryDirectory(prefix="bertolt-tests-")
    config.add_cleanup(home.cleanup)
    for name in [name for name in os.environ if name.startswith(("HF_", "HUGGING", "TRANSFORMERS_"))]:
        del os.environ[name]
    for name in ("COLUMNS", "FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS"):  # they change what rich prints
        os.environ.pop(name, None)
    os.environ |= {"HF_HOME": home.name, "HF_HUB_OFFLINE": "1", "NO_COLOR": "1"}


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Fails a test that reaches for anything but this machine.

    ``pytest.fail`` raises no ``Exception``, so code that survives a missing network is found out too.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        look_up = socket.getaddrinfo

        def local_look_up(host: str | bytes | None, *args: Any, **options: Any) -> Any:
            _refuse_remote(host)
            return look_up(host, *args, **options)

        patch.setattr(socket, "getaddrinfo", local_look_up)
        yield


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: socket.socket, *args: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _refuse_remote(args[-1][0])  # the address comes last: (host, port, ...)
        return method(self, *args)

    return call


def _refuse_remote(host: str | bytes | None) -> None:
    name = host.decode() if isinstance(host, bytes) else host or "localhost"
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
        local = address.is_loopback or address.is_unspecified
    except ValueError:
        local = name == "localhost"
    if not local:
        pytest.fail(f"a test reached for the network: {name}")


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Given a family that ``tiny.write_backbone`` knows, the folder of a tiny random backbone.

    The folders are shared by all tests: copy one before changing it.
    """
    made: dict[str, Path] = {}

    def folder(family: str) -> Path:
        from tiny import write_backbone  # brings torch along, which many tests do without

        if family not in made:
            path = tmp_path_factory.mktemp("backbones") / family
            write_backbone(path, family)
            made[family] = path
        return made[family]

    return folder


@pytest.fixture(scope="session")
def sentiment_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 240 sentences that words tell apart: columns text, label; 120 positive, 120 negative."""
    from tiny import sentiment_rows

    path = tmp_path_factory.mktemp("data") / "sentiment.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *sentiment_rows()])
    return path
