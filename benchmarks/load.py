"""Load on a server: 95% short texts and 5% long ones, from clients that wait (closed) or do not (open).

    python benchmarks/load.py ours DIR SHORT.csv LONG.csv --clients 32 --seconds 20
    python benchmarks/load.py infinity DIR SHORT.csv LONG.csv --rate 35 --seconds 20

Starts the server, warms it up, runs the load and prints requests a second, latencies in milliseconds, how
often each status came, the most memory that the server and its children used, and what part of one core the
load itself took. Open: requests arrive at random (Poisson), whatever became of the earlier ones; a latency
counts from the moment of arrival. The client is a few lines of asyncio, because the usual libraries take a
good part of a core.
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
WARM_SECONDS = 3.0
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
        return [sys.executable, "-m", "bertolt", "serve", folder, "--read-only", *port]
    if server == "plain":
        return [sys.executable, "benchmarks/peers/plain_app.py", folder, *port]
    words = "--engine torch --device cpu --no-bettertransformer --no-model-warmup --served-model-name model"
    options = [*words.split(), "--host", "127.0.0.1", "--log-level", "warning"]
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


class Connections:
    """Connections that are kept alive, to one server.

    Args:
        port: of this machine.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, path: str, body: bytes) -> int:
        """Sends a request and reads its answer.

        Returns:
            The status.
        """
        reader, writer = self._take() or await asyncio.open_connection("127.0.0.1", self._port)
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        try:
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            answer = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(answer.partition(b"content-length:")[2].split(None, 1)[0]))
        except BaseException:
            writer.close()
            raise
        if b"connection: close" in answer:
            writer.close()
        else:
            self._idle.append((reader, writer))
        return int(answer.split(None, 2)[1])

    def close(self) -> None:
        """Closes those that are idle."""
        for _, writer in self._idle:
            writer.close()

    def _take(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return None


async def load(options: argparse.Namespace, seconds: float, figures: Figures) -> None:
    """Runs the load for some seconds, and waits for the last answer."""
    drawn, arrivals = random.Random(options.seed), random.Random(options.seed + 1)
    short, long = texts(options.short), texts(options.long)
    connections = Connections(options.port)
    begun = time.perf_counter()

    async def ask(arrival: float) -> None:
        text = drawn.choice(long if drawn.random() < LONG_SHARE else short)
        path, body = question(options.server, options.folder, text)
        try:
            async with asyncio.timeout(120):
                status = str(await connections.post(path, json.dumps(body).encode()))
        except (OSError, EOFError) as error:  # a timeout is an OSError
            status = type(error).__name__
        figures.statuses[status] += 1
        if status == "200":
            figures.latencies.append(time.perf_counter() - arrival)

    async def client_loop() -> None:
        while (now := time.perf_counter()) < begun + seconds:
            await ask(now)

    async with asyncio.TaskGroup() as group:
        if options.rate is None:
            for _ in range(options.clients):
                group.create_task(client_loop())
        else:
            arrival = begun + arrivals.expovariate(options.rate)
            while arrival < begun + seconds:
                await asyncio.sleep(arrival - time.perf_counter())
                group.create_task(ask(arrival))
                arrival += arrivals.expovariate(options.rate)
    connections.close()


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
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--source", help="folder of the package's source, for another revision of ours")
    options = parser.parse_args()
    with socket.create_server(("127.0.0.1", 0)) as free:
        options.port = free.getsockname()[1]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"}
    if options.source is not None:
        environment["PYTHONPATH"] = str(Path(options.source).resolve())
    # What a server prints goes to standard error, for the figures are all of standard output.
    with subprocess.Popen(
        command(options.server, options.folder, options.port), env=environment, stdout=sys.stderr
    ) as process:
        try:
            wait_until_ready(options.server, options.port, process)
            print(f"{options.server}: warming up, then {options.seconds:g} s of load", file=sys.stderr)
            asyncio.run(load(options, WARM_SECONDS, Figures()))
            figures = Figures()
            started, used_before = time.perf_counter(), time.process_time()
            asyncio.run(load(options, options.seconds, figures))
            spent, own = time.perf_counter() - started, time.process_time() - used_before
            used = megabytes(process.pid)
        finally:
            process.terminate()
            process.wait(60)
    ordered = sorted(figures.latencies)
    if not ordered:
        raise SystemExit(f"no answer was 200: {dict(figures.statuses)}")
    shares = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
    print(json.dumps({
        "requests_per_second": round(len(ordered) / spent, 2),
        "requests": figures.statuses.total(),
        **{name: round(1000 * ordered[int(share * (len(ordered) - 1))], 1) for name, share in shares.items()},
        "statuses": dict(figures.statuses),
        "megabytes": round(used, 1),
        "load_cores": round(own / spent, 3),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
