"""A server whose worker stands still or dies, as a process: it makes another and answers again."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from process import children, gone, serve, wait_until
from tiny_models import train_tiny


@pytest.mark.slow
def test_a_stuck_or_dead_worker_is_replaced(tiny_folder: Callable[[str], Path], tmp_path: Path) -> None:
    model = train_tiny("text-classification", tmp_path, tiny_folder)
    limits = tmp_path / "limits.toml"
    limits.write_text("wedge_seconds = 2\nready_seconds = 1\n", encoding="utf-8")
    with serve(model, "--settings", limits, cwd=tmp_path) as (process, address):

        def ready() -> bool:
            return httpx.get(f"{address}/ready", timeout=60).status_code == 200

        assert ready()
        for sign in (signal.SIGSTOP, signal.SIGKILL):
            (worker,) = children(process)
            os.kill(worker, sign)
            assert not ready()
            assert httpx.get(f"{address}/live").status_code == 200
            wait_until(ready)
            assert gone(worker)
        url = f"{address}/v1/models/{model.name}/predict"
        assert httpx.post(url, json={"inputs": "the film was gorgeous ."}, timeout=60).status_code == 200
