"""The guard that keeps every test off the network."""

from __future__ import annotations

import contextlib
import socket
import urllib.request
from pathlib import Path

import pytest

OUTSIDE = ("192.0.2.1", 80)  # TEST-NET-1, RFC 5737: nobody's
BLOCKED = "a test reached for the network: "


@pytest.mark.parametrize("method", ["connect", "connect_ex"])
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_connection_to_another_machine_fails_the_test(method: str, kind: socket.SocketKind) -> None:
    with (
        socket.socket(type=kind) as client,
        pytest.raises(pytest.fail.Exception, match=BLOCKED + "192.0.2.1"),
    ):
        getattr(client, method)(OUTSIDE)


def test_a_datagram_to_another_machine_fails_the_test() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        with pytest.raises(pytest.fail.Exception, match=BLOCKED):
            client.sendto(b"x", OUTSIDE)
        with pytest.raises(pytest.fail.Exception, match=BLOCKED):
            client.sendto(b"x", 0, OUTSIDE)


def test_looking_a_name_up_fails_the_test_even_where_errors_are_handled() -> None:
    with (
        pytest.raises(pytest.fail.Exception, match=BLOCKED + "huggingface.co"),
        contextlib.suppress(Exception),
    ):
        urllib.request.urlopen("https://huggingface.co/bert-base-uncased", timeout=1)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_can_be_reached(host: str) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection((host, server.getsockname()[1]), timeout=5) as client,
    ):
        accepted, _ = server.accept()
        with accepted:
            client.sendall(b"x")
            assert accepted.recv(1) == b"x"


def test_a_unix_socket_can_be_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path may be 107 bytes long at most
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind("socket")
        server.listen()
        client.connect("socket")
        assert client.getpeername() == "socket"
