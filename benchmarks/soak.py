"""A server under mixed load for a long time: memory and file descriptors must stay flat.

    python benchmarks/soak.py DIR [--minutes 20]

Clients send short and long texts, lists, nonsense and bodies that are too large, and some go away before
they are answered. The first fifth warms up; what is used then is compared with the end.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

SENTENCE = "the film was gorgeous and the plot was moving from start to end . "


def soak(folders: Sequence[Path], *, seconds: float, clients: int) -> dict[str, Any]:
    """Runs the load.

    Returns:
        Requests, how often each status came, and megabytes and open files after warming up and at the end
        (medians of several readings), server and worker together.
    """
    words = [sys.executable, "-m", "bertolt", "serve", *map(str, folders), "--port", "0", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            address, name = ready["address"], ready["models"][0]["name"]
            statuses: Counter[str] = Counter()
            end = time.monotonic() + seconds
            threads = [
                threading.Thread(
                    target=_client, args=(f"{address}/v1/models/{name}/predict", end, seed, statuses)
                )
                for seed in range(clients)
            ]
            for thread in threads:
                thread.start()
            readings = []
            while time.monotonic() < end:
                time.sleep(seconds / 60)
                readings.append(_usage(process.pid))
            for thread in threads:
                thread.join()
        finally:
            process.terminate()
            process.wait(60)
    start, finish = readings[len(readings) // 5 : len(readings) // 5 + 6], readings[-6:]
    return {
        "requests": statuses.total(),
        "statuses": dict(statuses),
        "megabytes_start": statistics.median(each[0] for each in start),
        "megabytes_end": statistics.median(each[0] for each in finish),
        "files_start": statistics.median(each[1] for each in start),
        "files_end": statistics.median(each[1] for each in finish),
    }


def _client(url: str, end: float, seed: int, statuses: Counter[str]) -> None:
    chance = random.Random(seed)
    with httpx.Client(timeout=60) as client:
        while time.monotonic() < end:
            kind = chance.random()
            body = _body(kind, chance)
            try:
                # A client with a very short patience is one that goes away.
                answer = client.post(url, content=body, timeout=0.005 if kind > 0.95 else 60)
                statuses[str(answer.status_code)] += 1
            except httpx.TransportError:
                statuses["gone"] += 1


def _body(kind: float, chance: random.Random) -> bytes:
    if kind < 0.8:
        return json.dumps({"inputs": SENTENCE * chance.randint(1, 3)}).encode()
    if kind < 0.88:
        return json.dumps({"inputs": [SENTENCE * chance.randint(1, 40) for _ in range(8)]}).encode()
    if kind < 0.92:
        return json.dumps({"inputs": chance.choice([3, None, [], "a" * 200_000])}).encode()
    if kind < 0.95:
        return b" " * 3_000_000
    return json.dumps({"inputs": SENTENCE * 30}).encode()


def _usage(pid: int) -> tuple[float, int]:
    """Megabytes and open files of a process and its children."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    megabytes, files = 0.0, 0
    for number in (pid, *map(int, text.split())):
        lines = Path(f"/proc/{number}/status").read_text(encoding="utf-8").splitlines()
        megabytes += next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
        files += len(os.listdir(f"/proc/{number}/fd"))
    return megabytes, files


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--clients", type=int, default=16)
    arguments = parser.parse_args()
    report = soak(arguments.folders, seconds=60 * arguments.minutes, clients=arguments.clients)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
