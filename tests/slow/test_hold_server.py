"""Attacks on the server as a process under load: nothing is lost, nothing is mixed, and nobody gets in."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from benchmarks.serving_fuzz import fuzz

from bertolt.serving.corrections import read_corrections
from process import children, refused, serve, wait_until
from tiny_models import train_tiny

pytestmark = pytest.mark.slow

NAME = "text-classification"
PREDICT = f"/v1/models/{NAME}/predict"
CORRECTIONS = f"/v1/models/{NAME}/corrections"
KEY = "0123456789abcdef"
OLD = {"negative", "positive"}
NEW = {"bad", "good"}

#: What ``/live`` may take while others attack: it was 1.2 to 5.4 seconds. The bar of 100 ms is for a quiet
#: machine; benchmarks/serving_fuzz.py measures it.
LIVE_MS = 500


@pytest.fixture(scope="module")
def trained(tiny_folder: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_tiny(NAME, tmp_path_factory.mktemp("trained"), tiny_folder)


@pytest.fixture
def model(trained: Path, tmp_path: Path) -> Path:
    """A folder that may be replaced."""
    return Path(shutil.copytree(trained, tmp_path / NAME))


def other_labels(folder: Path, target: Path) -> Path:
    """The same model with other names for its labels."""
    shutil.copytree(folder, target)
    for name in ("bertolt.json", "config.json"):
        text = (target / name).read_text(encoding="utf-8")
        text = text.replace('"negative"', '"bad"').replace('"positive"', '"good"')
        (target / name).write_text(text, encoding="utf-8")
    return target


def exchange(folder: Path, new: Path) -> None:
    """Puts a folder in the place of another one."""
    folder.rename(folder.with_name("before"))
    new.rename(folder)
    (folder.with_name("before")).rename(new)


@contextmanager
def clients(address: str, count: int, headers: dict[str, str]) -> Iterator[list[tuple[int, Any]]]:
    """Clients that predict three texts at a time until the end of the block; statuses with sets of labels."""
    end = threading.Event()
    seen: list[tuple[int, Any]] = []

    def ask() -> None:
        with httpx.Client(base_url=address, timeout=60, headers=headers) as client:
            while not end.is_set():
                answer = client.post(PREDICT, json={"inputs": ["a film", "the plot", "dull"]})
                found = answer.json()
                if answer.status_code == 200:
                    seen.append((200, frozenset(frozenset(each["scores"]) for each in found["results"])))
                else:
                    seen.append((answer.status_code, found["error"]["found"]))

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    yield seen
    end.set()
    for thread in threads:
        thread.join()


def live_times(address: str, seconds: float) -> list[float]:
    """How long ``/live`` takes, in milliseconds, asked again and again."""
    found = []
    end = time.monotonic() + seconds
    with httpx.Client(base_url=address, timeout=60) as client:
        while time.monotonic() < end:
            started = time.perf_counter()
            assert client.get("/live").status_code == 200
            found.append(1000 * (time.perf_counter() - started))
            time.sleep(0.01)
    return sorted(found)


def p99(times: list[float]) -> float:
    return times[int(0.99 * (len(times) - 1))]


def test_reloads_under_load_lose_and_mix_nothing(model: Path, tmp_path: Path) -> None:
    new = other_labels(model, tmp_path / "new")
    keys = tmp_path / "keys"
    keys.write_text(KEY + "\n")
    headers = {"Authorization": f"Bearer {KEY}"}
    with serve(model, "--keys", keys, cwd=tmp_path) as (process, address):
        listed = httpx.get(f"{address}/v1/models", headers=headers).json()["models"][0]
        with clients(address, 8, headers) as seen:
            for turn in range(4):
                exchange(model, new)
                if turn % 2:
                    process.send_signal(signal.SIGHUP)
                else:
                    url = f"{address}/v1/models/{NAME}/reload"
                    assert httpx.post(url, headers=headers, timeout=60).json()["changed"] is True
                expected = OLD if turn % 2 else NEW

                def labels(expected: set[str] = expected) -> bool:
                    models = httpx.get(f"{address}/v1/models", headers=headers).json()["models"]
                    return set(models[0]["labels"]) == expected

                wait_until(labels)
                time.sleep(0.5)
        assert {status for status, _ in seen} == {200}
        assert {labels for _, labels in seen} == {frozenset([frozenset(OLD)]), frozenset([frozenset(NEW)])}
        assert len(seen) > 100
        last = httpx.get(f"{address}/v1/models", headers=headers).json()["models"][0]
        assert last == listed  # the first model is back
        wait_until(lambda: len(children(process)) == 1)  # the old workers have ended


def test_a_replaced_folder_is_refused_when_the_worker_is_lost_until_it_is_read_anew(
    model: Path, tmp_path: Path
) -> None:
    new = other_labels(model, tmp_path / "new")
    with serve(model, cwd=tmp_path) as (process, address):
        exchange(model, new)
        assert httpx.post(address + PREDICT, json={"inputs": "a film"}, timeout=60).status_code == 200
        (worker,) = children(process)
        os.kill(worker, signal.SIGKILL)
        seen: Counter[int] = Counter()

        def reason() -> str:
            answer = httpx.post(address + PREDICT, json={"inputs": "a film"}, timeout=60)
            seen[answer.status_code] += 1
            return "" if answer.status_code == 200 else str(answer.json()["error"]["found"])

        wait_until(lambda: "replaced" in reason())
        assert set(seen) == {503}
        assert httpx.get(f"{address}/ready", timeout=60).status_code == 503
        assert set(httpx.get(f"{address}/v1/models").json()["models"][0]["labels"]) == OLD
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: httpx.get(f"{address}/ready", timeout=60).status_code == 200)
        answer = httpx.post(address + PREDICT, json={"inputs": "a film"}, timeout=60).json()
        assert set(answer["results"][0]["scores"]) == NEW


def test_weights_that_are_overwritten_in_place_never_answer(model: Path, tmp_path: Path) -> None:
    """The worker has mapped the file into its memory."""
    weights = model / "model.safetensors"
    whole = weights.read_bytes()
    with serve(model, cwd=tmp_path) as (_, address), httpx.Client(base_url=address, timeout=60) as client:
        right = client.post(PREDICT, json={"inputs": "a film"}).json()
        with weights.open("r+b") as stream:
            stream.seek(len(whole) // 2)
            stream.write(bytes(len(whole) - len(whole) // 2))
        for _ in range(20):
            answer = client.post(PREDICT, json={"inputs": "a film"})
            assert answer.status_code == 503 or answer.json() == right
        wait_until(lambda: "replaced" in client.post(PREDICT, json={"inputs": "a film"}).text)
        weights.write_bytes(whole)


def test_acknowledged_corrections_outlive_moves_deletions_and_a_kill(model: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.sqlite"
    acknowledged: list[str] = []
    lost = 0
    kept: list[str] = []
    with serve(model, "--corrections", file, cwd=tmp_path) as (process, address):
        for number in range(24):
            text = f"film {number}"
            body = {"input": text, "prediction": None, "correction": "positive"}
            answer = httpx.post(address + CORRECTIONS, json=body, timeout=60)
            assert answer.status_code == 201, answer.text
            acknowledged.append(text)
            if number == 7:
                file.rename(tmp_path / "moved.sqlite")
            if number == 15:
                kept += [each.input for each in read_corrections(file, NAME)]
                file.write_bytes(b"")
        process.kill()
        process.wait()
    kept += [each.input for each in read_corrections(tmp_path / "moved.sqlite", NAME)]
    kept += [each.input for each in read_corrections(file, NAME)]
    lost = len(set(acknowledged) - set(kept))
    assert lost == 0


def test_a_locked_file_of_corrections_means_503_in_time(model: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.sqlite"
    limits = tmp_path / "limits.toml"
    limits.write_text("wait_seconds = 4\n")
    body = {"input": "a film", "prediction": None, "correction": "positive"}
    words = (model, "--corrections", file, "--settings", limits)
    with serve(*words, cwd=tmp_path) as (_, address):
        assert httpx.post(address + CORRECTIONS, json=body).status_code == 201
        seen: list[tuple[int, float]] = []

        def send() -> None:
            started = time.monotonic()
            answer = httpx.post(address + CORRECTIONS, json=body, timeout=60)
            seen.append((answer.status_code, time.monotonic() - started))
            assert answer.headers.get("Retry-After") is not None

        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            threads = [threading.Thread(target=send) for _ in range(20)]
            for thread in threads:
                thread.start()
            times = live_times(address, 2)
            for thread in threads:
                thread.join()
            other.execute("ROLLBACK")
        assert {status for status, _ in seen} == {503}
        assert max(seconds for _, seconds in seen) < 4 + 1
        assert p99(times) < LIVE_MS
        assert httpx.post(address + CORRECTIONS, json=body).status_code == 201


def flood(address: str, sent: bytes, end: threading.Event) -> None:
    """Sends bytes on a connection again and again, and throws away what comes."""
    host, _, port = address.removeprefix("http://").partition(":")
    while not end.is_set():
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.settimeout(5)
            reader = threading.Thread(target=drain, args=(connection,))
            reader.start()
            try:
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            reader.join(5)


def drain(connection: socket.socket) -> None:
    try:
        while connection.recv(65_536):
            pass
    except OSError:
        pass


HEAD = f"POST {PREDICT} HTTP/1.1\r\nHost: localhost\r\n".encode()
TINY = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 300_000 + b"0\r\n\r\n"
PIPELINED = b"GET /v1/models/x HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20_000


@pytest.mark.parametrize("sent", [TINY, PIPELINED], ids=["tiny chunks", "pipelined"])
@pytest.mark.parametrize("keys", [False, True], ids=["open", "keys"])
def test_floods_on_four_connections_do_not_hold_up_others(
    model: Path, tmp_path: Path, sent: bytes, keys: bool
) -> None:
    (tmp_path / "keys").write_text(KEY + "\n")
    words = (model, "--keys", tmp_path / "keys") if keys else (model,)
    with serve(*words, cwd=tmp_path) as (_, address):
        end = threading.Event()
        threads = [threading.Thread(target=flood, args=(address, sent, end)) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            times = live_times(address, 6)
        finally:
            end.set()
            for thread in threads:
                thread.join()
        assert p99(times) < LIVE_MS, times[-5:]


def test_large_predictions_do_not_fill_the_memory(model: Path, tmp_path: Path) -> None:
    with serve(model, "--corrections", tmp_path / "all.sqlite", cwd=tmp_path) as (process, address):

        def megabytes() -> float:
            lines = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8").splitlines()
            return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

        good = {"input": "a film", "prediction": {"label": "negative"}, "correction": "positive"}
        assert httpx.post(address + CORRECTIONS, json=good).status_code == 201
        before = megabytes()
        large = {**good, "prediction": {"scores": {"x" * 1000 + str(number): 0.5 for number in range(1700)}}}
        statuses = Counter(
            httpx.post(address + CORRECTIONS, content=json.dumps(large), timeout=60).status_code
            for _ in range(20)
        )
        for _ in range(5):
            assert httpx.get(address + CORRECTIONS, timeout=60).json()["count"] == 1
        assert set(statuses) <= {413, 429}
        assert megabytes() < before + 50


def test_unusable_files_of_corrections_are_refused_at_the_start(model: Path, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("no database, but as long as the header of one " * 20)
    for name in ("folder", "none/all.sqlite", "text"):
        refused(["serve", model, "--corrections", name, "--port", "0"], name.split("/")[0], cwd=tmp_path)


def test_requests_at_random_break_no_promise(
    tiny_folder: Callable[[str], Path], tmp_path: Path, model: Path
) -> None:
    tags = train_tiny("token-classification", tmp_path, tiny_folder)
    figures = fuzz([model, tags], requests=1_500, seed=7)
    assert figures["failures"] == []
    assert (figures["tracebacks"], figures["server_errors"], figures["exit_code"]) == (0, 0, 0)
    assert figures["megabytes_end"] < figures["megabytes_start"] + 100, figures
