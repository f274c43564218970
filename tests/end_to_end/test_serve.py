"""``bertolt serve`` as a process: it listens, answers, replaces its worker, and ends in good order."""

from __future__ import annotations

import os
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from process import children, gone, refused, run, serve, wait_until

TEXT = "the film was gorgeous and moving ."


def test_it_answers_as_predict_does_and_ends_with_sigterm(model: Path, tmp_path: Path) -> None:
    with serve(model, cwd=tmp_path) as (process, address):
        answer = httpx.post(f"{address}/v1/models/{model.name}/predict", json={"inputs": TEXT}, timeout=60)
        assert answer.status_code == 200
        printed = run("predict", model, TEXT, "--threads", "1", "--json", cwd=tmp_path).document["results"]
        (found,) = answer.json()["results"]
        assert found["label"] == printed[0]["label"]
        assert found["scores"] == pytest.approx(printed[0]["scores"], abs=1e-5)
        (worker,) = children(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert gone(worker)
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()


def test_sigterm_finishes_what_was_accepted(model: Path, tmp_path: Path) -> None:
    with serve(model, cwd=tmp_path) as (process, address), ThreadPoolExecutor(1) as pool:
        url = f"{address}/v1/models/{model.name}/predict"
        (worker,) = children(process)
        os.kill(worker, signal.SIGSTOP)  # so that the request is surely accepted and not answered
        accepted = pool.submit(httpx.post, url, json={"inputs": [TEXT] * 50}, timeout=60)
        wait_until(lambda: "bertolt_queue_inputs 50.0" in httpx.get(f"{address}/metrics").text)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        with pytest.raises(httpx.TransportError):
            httpx.post(url, json={"inputs": TEXT}, timeout=5)
        os.kill(worker, signal.SIGCONT)
        assert len(accepted.result().json()["results"]) == 50
        assert process.wait(20) == 0


def test_a_killed_server_leaves_no_worker(model: Path, tmp_path: Path) -> None:
    with serve(model, cwd=tmp_path) as (process, _):
        (worker,) = children(process)
        process.kill()
        process.wait()
        wait_until(lambda: gone(worker))


def test_what_cannot_be_served_is_refused(model: Path, tmp_path: Path) -> None:
    refused(["serve", "missing", "--port", "0"], "no folder", cwd=tmp_path)
    twin = tmp_path / "other" / model.name
    shutil.copytree(model, twin)
    refused(["serve", model, twin], "different names", "twice", cwd=tmp_path)
    limits = tmp_path / "limits.toml"
    limits.write_text("queue_rows = 10\n", encoding="utf-8")
    refused(["serve", model, "--settings", limits], "request_rows is above queue_rows", cwd=tmp_path)
    keys = tmp_path / "keys"
    keys.write_text("short\n", encoding="utf-8")
    refused(["serve", model, "--keys", keys], "keys of at least 16", cwd=tmp_path)
    refused(
        ["serve", model, "--port", "0", "--threads", "0"], "at least 1 thread", cwd=tmp_path
    )  # the worker


def test_an_address_that_is_taken_is_refused(model: Path, tmp_path: Path) -> None:
    with serve(model, cwd=tmp_path) as (_, address):
        refused(["serve", model, "--port", address.rpartition(":")[2]], "a free address", cwd=tmp_path)
