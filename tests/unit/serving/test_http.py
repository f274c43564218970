"""The server over real sockets: answers, limits, clients that go away, that dawdle, or that send nonsense."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from bertolt.errors import DiskError, FolderError, InputError
from bertolt.inference.pipeline import Pipeline
from bertolt.serving.computing import Computing
from bertolt.serving.error_answers import error_answer
from bertolt.serving.meters import Meters
from bertolt.serving.origins import Origins
from bertolt.serving.settings import ServeSettings
from contract.rows import ROWS
from http_server import Running, running

MODEL = "text-classification"
PREDICT = f"/v1/models/{MODEL}/predict"
TEXT = "the film was gorgeous and moving ."


@pytest.fixture(scope="module")
def server(sentiment: Path, folder: Callable[[str], Path]) -> Iterator[Running]:
    """A server with the usual limits."""
    with running(sentiment, folder("token-classification")) as found:
        yield found


@pytest.fixture(scope="module")
def client(server: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30) as found:
        yield found


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_one_input_gives_a_list_of_one(client: httpx.Client, sentiment: Path) -> None:
    answer = client.post(PREDICT, json={"inputs": TEXT})
    assert answer.status_code == 200
    expected = Pipeline.from_folder(sentiment, device="cpu")(TEXT).to_dict()
    (found,) = answer.json()["results"]
    assert found.pop("scores") == pytest.approx(expected.pop("scores"), abs=1e-5)
    assert found.pop("score") == pytest.approx(expected.pop("score"), abs=1e-5)
    assert found == expected


def test_options_are_the_pipelines(client: httpx.Client) -> None:
    answer = client.post(PREDICT, json={"inputs": [TEXT], "options": {"abstain_below": 1}})
    assert answer.json()["results"][0]["label"] == "unsure"


def test_the_models_are_listed_and_shown(client: httpx.Client, sentiment: Path) -> None:
    models = client.get("/v1/models").json()["models"]
    assert [each["name"] for each in models] == [MODEL, "token-classification"]
    assert [each["kind"] for each in models] == ["labels", "tags"]
    assert models[0]["labels"] == ["negative", "positive"]
    assert models[0]["fields"] == [{"name": "text", "optional": False}]
    assert models[0]["has_examples"] is True
    shown = client.get(f"/v1/models/{MODEL}").json()
    assert shown["record"] == json.loads((sentiment / "bertolt.json").read_text(encoding="utf-8"))
    assert shown["card"] == (sentiment / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("task", ROWS)
def test_every_task_is_served_and_ready(task: str, folder: Callable[[str], Path]) -> None:
    from bertolt.tasks.registry import get_task
    from bertolt.tasks.task import input_columns

    asked = [column.name for column in input_columns(get_task(task))]
    inputs = [{name: row[name] for name in asked if row.get(name) is not None} for row in ROWS[task].rows]
    with running(folder(task)) as found, httpx.Client(base_url=found.url, timeout=30) as client:
        assert client.get("/v1/models").json()["models"][0]["kind"] == ROWS[task].kind
        assert client.get("/ready").json() == {"status": "ready"}
        answer = client.post(f"/v1/models/{task}/predict", json={"inputs": inputs})
        assert answer.status_code == 200, answer.text
        assert len(answer.json()["results"]) == len(inputs)


def test_results_do_not_depend_on_who_else_asks(server: Running, sentiment: Path) -> None:
    pipeline = Pipeline.from_folder(sentiment, device="cpu")
    texts = [f"the plot was dull {'and boring ' * (number * 7 % 60)}." for number in range(96)]
    expected = [pipeline(text).scores for text in texts]  # type: ignore[attr-defined]

    def ask(text: str) -> dict[str, float]:
        answer = httpx.post(server.url + PREDICT, json={"inputs": text}, timeout=30)
        found: dict[str, float] = answer.json()["results"][0]["scores"]
        return found

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(ask, texts))
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-5)
    assert max(server.worker.batches) > 1  # they did share batches


NONSENSE = {
    "no JSON": (b"{", 400),
    "nothing": (b"", 400),
    "not UTF-8": (b'{"inputs": "\xff"}', 400),
    "NaN": (b'{"inputs": "a", "options": {"abstain_below": NaN}}', 400),
    "a number without end": (b'{"inputs": "a", "options": {"abstain_below": 1e999}}', 400),
    "options without end": (json.dumps({"inputs": "a", "options": {"x": "y" * 10_000}}).encode(), 413),
    "Infinity as an input": (b'{"inputs": [Infinity]}', 400),
    "a number of 5,000 digits": (b'{"inputs": ' + b"1" * 5000 + b"}", 400),
    "4,000 digits": (b'{"inputs": "a", "options": {"abstain_below": ' + b"1" * 4000 + b"}}", 400),
    "400 digits": (b'{"inputs": "a", "options": {"abstain_below": -' + b"9" * 400 + b"}}", 400),
    "2**53": (b'{"inputs": "a", "options": {"abstain_below": 9007199254740992}}', 400),
    "2**53 - 1": (b'{"inputs": "a", "options": {"abstain_below": 9007199254740991}}', 422),
    "1e308": (b'{"inputs": "a", "options": {"abstain_below": 1e308}}', 400),
    "a great number in a list": (b'{"inputs": ["a", {"text": [-1e17]}]}', 400),
    "nesting 10,000 deep": (b'{"inputs": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", 400),
    "nesting 100 deep": (b'{"inputs": ' + b"[" * 100 + b"]" * 100 + b"}", 400),
    "a list": (b"[]", 422),
    "null": (b"null", 422),
    "no inputs": (b"{}", 422),
    "an empty list": (b'{"inputs": []}', 422),
    "a number": (b'{"inputs": 3}', 422),
    "a list of a list": (b'{"inputs": [["a"]]}', 422),
    "null as an input": (b'{"inputs": [null]}', 422),
    "a number in a field": (b'{"inputs": {"text": 1}}', 422),
    "an unknown field of an input": (b'{"inputs": {"text": "a", "path": "/etc/passwd"}}', 422),
    "an unknown field": (b'{"inputs": "a", "model": "other"}', 422),
    "an unknown option": (b'{"inputs": "a", "options": {"folder": "/"}}', 422),
    "options of another type": (b'{"inputs": "a", "options": [1]}', 422),
    "a probability of 2": (b'{"inputs": "a", "options": {"abstain_below": 2}}', 422),
    "a probability that is a word": (b'{"inputs": "a", "options": {"abstain_below": "0.5"}}', 422),
    "a probability that is true": (b'{"inputs": "a", "options": {"abstain_below": true}}', 422),
    "too many inputs": (json.dumps({"inputs": ["a"] * 257}).encode(), 413),
    "a long input": (json.dumps({"inputs": ["a" * 100_001]}).encode(), 413),
    "a million spaces": (json.dumps({"inputs": " " * 1_000_000}).encode(), 413),
    "a lone surrogate": (b'{"inputs": "the \\ud800 film"}', 200),
    "a lone surrogate in a name": (b'{"inputs": {"\\ud800": "a"}}', 422),
    "NUL": (b'{"inputs": "the \\u0000 film"}', 200),
    "an empty text": (b'{"inputs": ""}', 200),
    "spaces": (json.dumps({"inputs": " " * 10_000}).encode(), 200),
    "a name twice": (b'{"inputs": "a", "inputs": "b"}', 200),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_gets_three_parts_or_an_answer(name: str, client: httpx.Client) -> None:
    body, status = NONSENSE[name]
    answer = client.post(PREDICT, content=body)
    assert answer.status_code == status, answer.text
    if status == 200:
        assert len(answer.json()["results"]) == 1
    else:
        assert set(answer.json()["error"]) == {"expected", "found", "do"}
        assert all(answer.json()["error"].values())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", PREDICT, 405),
        ("POST", "/v1/models/other/predict", 404),
        ("GET", "/v1/models/..%2f..%2fetc%2fpasswd", 404),
        ("GET", "/v1/models/../../etc/passwd", 404),
        ("GET", "/v1/models/%00", 404),
        ("POST", "/models/http:%2f%2fexample.org", 404),
        ("GET", "/docs", 404),
    ],
)
def test_no_path_leads_elsewhere(method: str, path: str, status: int, client: httpx.Client) -> None:
    answer = client.request(method, path, json={"inputs": "a"} if method == "POST" else None)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"expected", "found", "do"}


def test_a_fault_of_the_disk_is_not_the_clients() -> None:
    for kind, status in ((DiskError, 500), (FolderError, 500), (InputError, 422)):
        assert error_answer(kind("a file", "none", "look"), Meters()).status_code == status


def test_the_message_names_the_input(client: httpx.Client) -> None:
    answer = client.post(PREDICT, json={"inputs": ["a", 3]})
    assert answer.json()["error"]["found"] == "a value of type int (input 2 of 2)"


def test_over_the_limit_means_429_and_nothing_is_tokenised(sentiment: Path) -> None:
    with (
        running(sentiment, queue_rows=2, request_rows=2) as server,
        httpx.Client(base_url=server.url, timeout=30) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        server.worker.open.clear()
        full = pool.submit(httpx.post, server.url + PREDICT, json={"inputs": ["a", "b"]}, timeout=30)
        wait_until(lambda: server.dispatcher.scheduler.rows == 2)
        for inputs in ("refused", ["refused", "refused"]):
            answer = client.post(PREDICT, json={"inputs": inputs})
            assert answer.status_code == 429
            assert answer.headers["Retry-After"] == "1"
            assert set(answer.json()["error"]) == {"expected", "found", "do"}
        server.worker.open.set()
        assert full.result().status_code == 200
        assert client.post(PREDICT, json={"inputs": "later"}).status_code == 200
        assert "refused" not in server.worker.read
        assert 'bertolt_refusals_total{reason="overloaded"} 2.0' in client.get("/metrics").text


def test_waiting_too_long_means_503_and_never_computed(sentiment: Path) -> None:
    with running(sentiment, wait_seconds=0.2) as server:
        server.worker.open.clear()
        answer = httpx.post(server.url + PREDICT, json={"inputs": "late"}, timeout=30)
        assert answer.status_code == 503
        assert "waited too long" in answer.json()["error"]["found"]
        server.worker.open.set()
        assert httpx.post(server.url + PREDICT, json={"inputs": "next"}, timeout=30).status_code == 200
        assert "late" not in server.worker.run


def connect(server: Running) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def request(body: bytes, *headers: str) -> bytes:
    lines = [f"POST {PREDICT} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def test_whose_client_is_gone_is_never_computed(sentiment: Path) -> None:
    with running(sentiment) as server, ThreadPoolExecutor(1) as pool:
        server.worker.open.clear()
        first = pool.submit(httpx.post, server.url + PREDICT, json={"inputs": "first"}, timeout=30)
        scheduler = server.dispatcher.scheduler
        wait_until(lambda: scheduler.rows == 1)
        with connect(server) as gone:
            gone.sendall(request(b'{"inputs": ["gone", "gone"]}'))
            wait_until(lambda: scheduler.rows == 3)
        wait_until(lambda: scheduler.rows == 1)  # the counts are right at once
        server.worker.open.set()
        assert first.result().status_code == 200
        assert httpx.post(server.url + PREDICT, json={"inputs": "next"}, timeout=30).status_code == 200
        assert server.worker.run == ["first", "next"]
        assert "bertolt_inputs_cancelled_total 2.0" in httpx.get(server.url + "/metrics").text


def receive_all(connection: socket.socket) -> bytes:
    """Whatever comes until the server closes."""
    found = b""
    while chunk := connection.recv(65_536):
        found += chunk
    return found


def test_a_body_over_the_limit_is_refused_before_it_is_sent(server: Running) -> None:
    with connect(server) as connection:
        connection.sendall(
            f"POST {PREDICT} HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 99999999\r\n\r\n".encode()
        )
        found = receive_all(connection)
    assert found.startswith(b"HTTP/1.1 413 ")
    assert b"at most 2,000,000 bytes in a body" in found


def test_a_body_of_unknown_length_is_cut_off_at_the_limit(server: Running) -> None:
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    with connect(server) as connection:
        connection.sendall(
            f"POST {PREDICT} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )
        for _ in range(32):  # 2,097,152 bytes, and no end
            connection.sendall(chunk)
        found = receive_all(connection)
    assert found.startswith(b"HTTP/1.1 413 ")


def test_the_answer_to_a_large_body_reaches_a_usual_client(client: httpx.Client) -> None:
    answer = client.post(PREDICT, content=b" " * 6_000_000)
    assert answer.status_code == 413


def test_many_bodies_cannot_fill_the_memory(sentiment: Path) -> None:
    limits = {"body_bytes": 200_000, "buffer_bytes": 300_000, "receive_seconds": 5}
    with running(sentiment, **limits) as server, connect(server) as first, connect(server) as second:
        head = f"POST {PREDICT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 190000\r\n\r\n".encode()
        first.sendall(head + b" " * 180_000)
        wait_until(lambda: buffered(server) == 180_000)
        second.sendall(head + b" " * 180_000)
        assert receive_all(second).startswith(b"HTTP/1.1 429 ")
        first.sendall(b" " * 10_000)
        assert first.recv(100).startswith(b"HTTP/1.1 400 ")  # spaces are no JSON
        wait_until(lambda: buffered(server) == 0)


def buffered(server: Running) -> int:
    """Bytes that the guard holds."""
    from bertolt.serving.guard import Guard

    layer: Any = server.app.middleware_stack
    while layer is not None and not isinstance(layer, Guard):
        layer = getattr(layer, "app", None) or layer._app
    return layer._buffered if layer is not None else 0  # none before the first request


@pytest.mark.parametrize(
    "start",
    [
        b"",  # half open
        b"POST /v1/models HTTP/1.1\r\nHost: localhost\r\n",  # no end of headers
    ],
)
def test_a_connection_without_a_request_is_closed(start: bytes, sentiment: Path) -> None:
    with running(sentiment, receive_seconds=0.3) as server, connect(server) as connection:
        connection.sendall(start)
        assert closed(connection)


def test_headers_that_drip_are_closed_on_a_used_connection_too(sentiment: Path) -> None:
    with running(sentiment, receive_seconds=0.5) as server, connect(server) as connection:
        body = b'{"inputs": "a"}'
        connection.sendall(request(body))
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")

        def drip() -> None:
            for _ in range(200):
                connection.sendall(b"x")
                time.sleep(0.05)

        with pytest.raises(OSError, match=r"pipe|reset|closed"):
            drip()


def closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(4096) == b""
    except ConnectionResetError:
        return True


def test_a_body_that_drips_gets_408(sentiment: Path) -> None:
    with running(sentiment, receive_seconds=0.3) as server, connect(server) as connection:
        connection.sendall(
            f"POST {PREDICT} HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 100\r\n\r\n{{".encode()
        )
        assert receive_all(connection).startswith(b"HTTP/1.1 408 ")


def test_more_connections_than_allowed_get_429_and_idle_ones_make_room(sentiment: Path) -> None:
    with running(sentiment, connections=2, receive_seconds=0.5) as server:
        with connect(server) as one, connect(server) as two, connect(server) as three:
            three.sendall(
                request(b'{"inputs": "a"}')
            )  # upon which a connection that is closed would be reset
            found = receive_all(three)
            assert found.startswith(b"HTTP/1.1 429 ")
            assert b"Retry-After: 1" in found
            assert set(json.loads(found.partition(b"\r\n\r\n")[2])["error"]) == {"expected", "found", "do"}
            assert closed(one)
            assert closed(two)
        assert httpx.get(server.url + "/live").status_code == 200


def chunked(piece: bytes, count: int) -> bytes:
    """A body of so many chunks."""
    return (f"{len(piece):x}\r\n".encode() + piece + b"\r\n") * count + b"0\r\n\r\n"


CHUNKED = (
    f"POST {PREDICT} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
).encode()


@pytest.mark.parametrize(
    ("piece", "count", "cut_off"),
    [(b" ", 200, False), (b" " * 127, 200, False), (b" ", 2000, True), (b" " * 200, 2000, False)],
)
def test_a_body_of_tiny_pieces_is_cut_off(server: Running, piece: bytes, count: int, cut_off: bool) -> None:
    with connect(server) as connection:
        connection.sendall(CHUNKED + chunked(piece, count))
        found = receive_all(connection)
    assert found.startswith(b"HTTP/1.1 400 ")
    assert (b"pieces of at least 128 bytes" in found) is cut_off  # else the body arrives, and is no JSON


def test_a_body_of_many_slices_arrives_whole(client: httpx.Client) -> None:
    texts = [f"film {number} " * 600 for number in range(200)]
    answer = client.post(PREDICT, json={"inputs": [*texts[:50], "x" * 99000]})
    assert answer.status_code == 200
    assert len(answer.json()["results"]) == 51
    too_long = client.post(PREDICT, json={"inputs": [*texts, "x" * 200000]})
    assert "200,000 (input 201 of 201)" in too_long.json()["error"]["found"]


def test_pipelined_requests_are_answered_in_order(server: Running) -> None:
    ask = b"".join(b"GET /v1/models/%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % number for number in range(700))
    with connect(server) as connection:
        connection.sendall(ask + b"GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        found = receive_all(connection)
    assert re.findall(rb"found\": \"'(\d+)'", found) == [b"%d" % number for number in range(700)]
    assert found.endswith(b'{"status":"live"}')


def test_a_body_that_breaks_off_is_answered_once(server: Running, caplog: pytest.LogCaptureFixture) -> None:
    for path in (PREDICT, "/v1/models/x/predict"):
        head = CHUNKED.replace(PREDICT.encode(), path.encode())
        with connect(server) as connection:
            connection.sendall(head + b"1\r\n{\r\n")
            connection.sendall(b"zz\r\n")
            found = receive_all(connection)
        assert found.count(b"HTTP/1.1") == 1
        assert found.startswith(b"HTTP/1.1 400 ")
    assert "Traceback" not in caplog.text
    assert "Exception" not in caplog.text


def test_a_refused_connection_is_closed_and_says_nothing_twice(
    sentiment: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running(sentiment, keys=("0123456789abcdef",)) as server:
        for rest in (b"zz\r\nno chunk\r\n", chunked(b" ", 2000)):
            with connect(server) as connection:
                connection.sendall(CHUNKED)
                found = connection.recv(4096)
                assert found.startswith(b"HTTP/1.1 401 ")
                assert b"connection: close" in found.lower()
                connection.sendall(rest)
                with contextlib.suppress(ConnectionResetError):
                    assert b"HTTP/1.1" not in receive_all(connection)
        assert httpx.get(server.url + "/live").status_code == 200
    assert "Traceback" not in caplog.text


def test_headers_without_end_are_refused(server: Running) -> None:
    with connect(server) as connection:
        connection.sendall(b"GET /live HTTP/1.1\r\nX: " + b"x" * 100_000)
        assert receive_all(connection).startswith(b"HTTP/1.1 400 ")


def test_a_stuck_worker_turns_ready_to_503_and_is_replaced(sentiment: Path) -> None:
    limits = {"ready_seconds": 0.1, "wedge_seconds": 0.5}
    with running(sentiment, **limits) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        assert client.get("/ready").status_code == 200
        server.worker.open.clear()
        answer = client.get("/ready")
        assert answer.status_code == 503
        assert set(answer.json()["error"]) == {"expected", "found", "do"}
        assert client.get("/live").status_code == 200
        wait_until(lambda: len(server.workers) == 2)
        wait_until(lambda: client.get("/ready").status_code == 200)
        assert "bertolt_workers_replaced_total 1.0" in client.get("/metrics").text


def test_a_model_that_fails_turns_ready_to_503(sentiment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(self: Computing, message: Any) -> Any:
        error = {"kind": "failure", "expected": "a result", "found": "an error", "do": "see the log"}
        rows = [[number, [1], None] for number, *_ in message["read"]]
        return {"read": rows, "ran": [[number, None, error] for number, *_ in message["run"]]}

    monkeypatch.setattr(Computing, "answer", failing)
    with running(sentiment) as server:
        assert httpx.get(server.url + "/ready", timeout=30).status_code == 503


def test_a_client_that_does_not_read_is_cut(sentiment: Path) -> None:
    ask = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with running(sentiment, send_seconds=0.3) as server, connect(server) as connection:
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            connection.sendall(ask * 500_000)  # answers pile up until the server reads no more
        assert httpx.get(server.url + "/live", timeout=30).status_code == 200


def test_readiness_does_not_wait_behind_a_full_queue(sentiment: Path) -> None:
    with running(sentiment) as server, ThreadPoolExecutor(8) as pool:
        server.worker.open.clear()
        waiting = [
            pool.submit(httpx.post, server.url + PREDICT, json={"inputs": ["dull " * 200] * 50}, timeout=60)
            for _ in range(4)
        ]
        wait_until(lambda: server.dispatcher.scheduler.rows == 200)
        server.worker.open.set()
        assert httpx.get(server.url + "/ready", timeout=30).status_code == 200
        assert server.dispatcher.scheduler.rows > 0
        assert [each.result().status_code for each in waiting] == [200] * 4


def test_keys_are_asked_for(sentiment: Path) -> None:
    key = "0123456789abcdef"
    with (
        running(sentiment, keys=(key, "another-key-of-16")) as server,
        httpx.Client(base_url=server.url, timeout=30) as client,
    ):
        for value in (None, key, f"Bearer {key}x", f"Basic {key}", "é"):
            headers = {} if value is None else {"Authorization": value.encode()}
            answer = client.post(PREDICT, json={"inputs": "a"}, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert set(answer.json()["error"]) == {"expected", "found", "do"}
        for path in ("/v1/models", "/metrics", "/openapi.json", "/models/x", "/nowhere"):
            assert client.get(path).status_code == 401
        assert client.get("/live").status_code == client.get("/ready").status_code == 200
        for word in ("Bearer", "bearer"):
            answer = client.post(PREDICT, json={"inputs": "a"}, headers={"Authorization": f"{word} {key}"})
            assert answer.status_code == 200


def test_only_allowed_origins_may_read(sentiment: Path) -> None:
    with (
        running(sentiment, cors_origins=("https://a.example",), keys=("0123456789abcdef",)) as server,
        httpx.Client(base_url=server.url, timeout=30) as client,
    ):
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "Authorization"}
        allowed = client.options(PREDICT, headers={"Origin": "https://a.example", **asked})
        assert allowed.status_code == 200
        assert allowed.headers["Access-Control-Allow-Origin"] == "https://a.example"
        other = client.options(PREDICT, headers={"Origin": "https://b.example", **asked})
        assert "Access-Control-Allow-Origin" not in other.headers


#: Headers of a request to 127.0.0.1:PORT, and whether it may change something.
SENDERS: list[tuple[dict[str, str], bool]] = [
    ({}, True),  # no browser
    ({"Origin": "http://127.0.0.1:PORT"}, True),
    ({"Origin": "https://127.0.0.1:PORT"}, True),  # through a proxy that does TLS
    ({"Origin": "http://LOCALHOST", "Host": "localhost:80"}, True),
    ({"Origin": "https://localhost", "Host": "localhost"}, True),
    ({"Origin": "http://[::1]:PORT", "Host": "[::1]:PORT"}, True),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:PORT"}, True),
    ({"Sec-Fetch-Site": "none"}, True),  # typed by the user
    ({"Sec-Fetch-Site": "cross-site"}, False),
    ({"Sec-Fetch-Site": "same-site"}, False),
    ({"Sec-Fetch-Site": "none", "Origin": "null"}, False),
    ({"Origin": "null"}, False),
    ({"Origin": "http://evil.test"}, False),
    ({"Origin": "http://evil.test:PORT"}, False),
    ({"Origin": "http://127.0.0.1"}, False),  # another port
    ({"Origin": "http://127.0.0.1:1"}, False),
    ({"Origin": "http://localhost:PORT"}, False),  # another name
    ({"Origin": "http://127.0.0.1:PORT.evil.test"}, False),
    ({"Origin": "http://evil.test@127.0.0.1:PORT"}, False),
    ({"Origin": "127.0.0.1:PORT"}, False),
    ({"Origin": "chrome-extension://127.0.0.1:PORT"}, False),
    ({"Origin": ""}, False),
]


@pytest.mark.parametrize(("headers", "allowed"), SENDERS)
def test_only_the_servers_own_pages_may_send(
    client: httpx.Client, server: Running, headers: dict[str, str], allowed: bool
) -> None:
    sent = {name: value.replace("PORT", str(server.port)) for name, value in headers.items()}
    for method in ("POST", "DELETE", "PUT", "PATCH"):
        answer = client.request(method, "/v1/models/none/predict", headers=sent)
        assert (answer.status_code == 403) is not allowed
        assert set(answer.json()["error"]) == {"expected", "found", "do"}
    assert client.get("/v1/models", headers=sent).status_code == 200


def test_pages_of_allowed_origins_may_send(sentiment: Path) -> None:
    def status(origin: str) -> int:
        headers = {"Sec-Fetch-Site": "cross-site", "Origin": origin, "Content-Type": "text/plain"}
        return client.post(PREDICT, json={"inputs": "a"}, headers=headers).status_code

    for allowed, other in (("https://a.example", 403), ("*", 200)):
        with (
            running(sentiment, cors_origins=(allowed,)) as server,
            httpx.Client(base_url=server.url) as client,
        ):
            assert status("https://a.example") == 200
            assert status("https://b.example") == other
            assert status("null") == other


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("127.0.0.1", True),
        ("127.0.0.1:8000", True),
        ("localhost:1", True),
        ("LocalHost.", True),
        ("[::1]:8000", True),
        ("192.168.0.7", True),
        ("evil.test", False),
        ("evil.test:8000", False),
        ("localhost.evil.test", False),
        ("127.0.0.1.evil.test", False),
        ("0x7f.1", False),
        ("localhost@evil.test", False),
        ("", False),
    ],
)
def test_on_this_machine_only_known_names_are_answered(client: httpx.Client, host: str, known: bool) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        answer = client.request(method, "/v1/models", headers={"Host": host})
        assert (answer.status_code == 403) is not known
    assert known or "--allowed-host" in answer.json()["error"]["do"]


def test_names_can_be_allowed(sentiment: Path) -> None:
    with running(sentiment, allowed_hosts=("Models.example.org",)) as server:
        for host, status in (
            ("models.example.org", 200),
            ("models.example.org:80", 200),
            ("example.org", 403),
        ):
            assert httpx.get(server.url + "/v1/models", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("address", "strict", "status"),
    [("127.0.0.1", False, 403), ("::1", False, 403), ("192.168.0.7", False, 200), ("192.168.0.7", True, 403)],
)
def test_from_other_machines_any_name_will_do_unless_names_are_given(
    address: str, strict: bool, status: int
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    sent: list[Any] = []
    settings = ServeSettings(allowed_hosts=("known.test",) if strict else ())
    origins = Origins(app, settings=settings, hosts=("known.test",), meters=Meters())
    for host, expected in ((b"evil.test", status), (b"known.test", 200)):
        sent.clear()
        scope = {"type": "http", "method": "GET", "headers": [(b"host", host)], "server": (address, 8000)}
        asyncio.run(origins(scope, receive, send))
        assert sent[0]["status"] == expected


def test_without_an_allow_list_no_origin_may_read(client: httpx.Client) -> None:
    answer = client.get("/v1/models", headers={"Origin": "https://a.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_candidates_without_end_are_refused(folder: Callable[[str], Path]) -> None:
    with running(folder("fill-mask")) as server:
        body = {"inputs": "[MASK] " * 200, "options": {"top_k": 1000}}
        answer = httpx.post(server.url + "/v1/models/fill-mask/predict", json=body, timeout=30)
        assert answer.status_code == 413
        assert "top_k" in answer.json()["error"]["found"]
        many = {"inputs": ["[MASK] " * 20] * 100, "options": {"top_k": 1000}}  # each alone would do
        named = {"inputs": "[MASK] " * 200, "options": {"targets": ["film"] * 1000}}
        for body in (many, named):
            assert httpx.post(server.url + "/v1/models/fill-mask/predict", json=body).status_code == 413


def test_the_metrics_tell_what_happened(client: httpx.Client) -> None:
    client.post(PREDICT, json={"inputs": TEXT})
    text = client.get("/metrics").text
    for name in ("queue_inputs", "queue_characters", "batch_tokens_bucket", "request_seconds_count"):
        assert f"bertolt_{name}" in text
    assert 'route="/v1/models/{name}/predict",status="200"' in text


def test_the_openapi_document_has_examples(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    operation = document["paths"]["/v1/models/{name}/predict"]["post"]
    assert (
        "inputs" in operation["requestBody"]["content"]["application/json"]["examples"]["one text"]["value"]
    )
    assert {"200", "400", "413", "422", "429", "503"} <= set(operation["responses"])
