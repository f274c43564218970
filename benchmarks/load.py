"""Load on a server: 95% short texts and 5% long ones, from clients that wait (closed) or do not (open).

    python benchmarks/load.py ours DIR SHORT.csv LONG.csv --clients 32 --seconds 60
    python benchmarks/load.py infinity DIR SHORT.csv LONG.csv --rate 35 --seconds 60

Starts the server, warms it up, runs the load and prints requests a second, latencies in milliseconds, how
often each status came, and the most memory that the server and its children used. Open: requests arrive at
random (Poisson), whatever became of the earlier ones; a latency counts from the moment of arrival.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx

LONG_SHARE = 0.05
INFINITY = os.environ.get("INFINITY", "build/infinity/bin/infinity_emb")


@dataclass
class Figures:
    """What was seen."""

    latencies: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)


def command(server: str, folder: str, number: int) -> list[str]:
    """What starts a server."""
    port = ["--port", str(number)]
    if server == "ours":
        return [sys.executable, "-m", "bertolt", "serve", folder, *port]
    if server == "plain":
        return [sys.executable, "benchmarks/peers/plain_app.py", folder, *port]
    options = [
        "--engine",
        "torch",
        "--device",
        "cpu",
        "--no-bettertransformer",
        "--served-model-name",
        "model",
    ]
    return [INFINITY, "v2", "--model-id", folder, *options, *port]


def question(server: str, folder: str, text: str) -> tuple[str, dict[str, object]]:
    """Path and body of a request."""
    if server == "ours":
        return f"/v1/models/{Path(folder).resolve().name}/predict", {"inputs": text}
    if server == "plain":
        return "/predict", {"inputs": text}
    return "/classify", {"model": "model", "input": [text]}


def texts(file: str) -> list[str]:
    """The column ``text``."""
    with open(file, newline="", encoding="utf-8") as stream:
        return [row["text"] for row in csv.DictReader(stream)]


async def load(options: argparse.Namespace, seconds: float, figures: Figures) -> None:
    """Runs the load for some seconds."""
    chance = random.Random(options.seed)
    short, long = texts(options.short), texts(options.long)
    end = time.perf_counter() + seconds
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{options.port}", timeout=120, limits=limits
    ) as client:

        async def ask() -> None:
            text = chance.choice(long if chance.random() < LONG_SHARE else short)
            path, body = question(options.server, options.folder, text)
            started = time.perf_counter()
            try:
                status = str((await client.post(path, json=body)).status_code)
            except httpx.TransportError as error:
                status = type(error).__name__
            figures.statuses[status] += 1
            if status == "200":
                figures.latencies.append(time.perf_counter() - started)

        async def client_loop() -> None:
            while time.perf_counter() < end:
                await ask()

        if options.rate is None:
            await asyncio.gather(*(client_loop() for _ in range(options.clients)))
            return
        async with asyncio.TaskGroup() as group:
            while time.perf_counter() < end:
                group.create_task(ask())
                await asyncio.sleep(chance.expovariate(options.rate))


def wait_until_ready(server: str, port: int, process: subprocess.Popen[bytes]) -> None:
    """Waits until a server answers."""
    path = "/health" if server == "infinity" else "/ready"
    for _ in range(600):
        if process.poll() is not None:
            raise SystemExit(f"the server ended with {process.returncode}")
        try:
            if httpx.get(f"http://127.0.0.1:{port}{path}", timeout=30).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise SystemExit("the server did not answer in 5 minutes")


def megabytes(pid: int) -> float:
    """The most memory that a process and its children have used."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    found = 0.0
    for number in (pid, *map(int, children)):
        lines = Path(f"/proc/{number}/status").read_text(encoding="utf-8").splitlines()
        found += next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    return found


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(description="Load on a server.")
    parser.add_argument("server", choices=("ours", "plain", "infinity"))
    parser.add_argument("folder")
    parser.add_argument("short")
    parser.add_argument("long")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--rate", type=float, help="requests a second of an open load")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with socket.create_server(("127.0.0.1", 0)) as free:
        options.port = free.getsockname()[1]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    with subprocess.Popen(command(options.server, options.folder, options.port), env=environment) as process:
        try:
            wait_until_ready(options.server, options.port, process)
            asyncio.run(load(options, 5, Figures()))
            figures = Figures()
            started = time.perf_counter()
            asyncio.run(load(options, options.seconds, figures))
            spent = time.perf_counter() - started
            used = megabytes(process.pid)
        finally:
            process.terminate()
            process.wait(60)
    ordered = sorted(figures.latencies)
    shares = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
    print(json.dumps({
        "requests_per_second": round(len(ordered) / spent, 2),
        **{name: round(1000 * ordered[int(share * (len(ordered) - 1))], 1) for name, share in shares.items()},
        "statuses": dict(figures.statuses),
        "megabytes": round(used, 1),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
