"""Sends a server requests at random, and counts what must not happen. The study serving-fuzz.

    python -m benchmarks.serving_fuzz DIR [DIR …] [--requests 10000] [--seed 0] [--record]

It starts ``bertolt serve`` with keys and a file of corrections, and sends bodies, headers, options, keys,
corrections, tables and bytes that are no HTTP, all drawn from the seed. Meanwhile it asks ``/live`` twenty
times a second. It prints how often each status came, tracebacks in the server's log, memory after warming up
and at the end (server and worker), and the latencies of ``/live``; ``--record`` appends them as a line to
``benchmarks/results/serving-fuzz.jsonl``. The exit code is 1 where a promise was broken.
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h11
import httpx
from benchmarks.machine import describe_machine
from benchmarks.study import RESULTS

KEY = "a-key-of-many-characters"
WORDS = (
    "the", "film", "was", "gorgeous", "and", "plot", "dull", "from", "start", "to", "end", "[MASK]", ".", "é",
    "\U0001f600",
)  # fmt: skip
FIELDS = ("text", "text_pair", "question", "context", "words", "label", "id", "unmasked")
OPTIONS = (
    "abstain_below", "top_k", "targets", "overlap", "null_threshold", "max_answer_words",
    "max_question_tokens", "pseudo_log_likelihood", "order", "names", "function_to_apply",
    "aggregation_strategy", "doc_stride", "max_answer_len", "ignore_labels",
)  # fmt: skip
VERBS = ("predict",) * 3 + ("corrections",) * 2 + ("explain", "unread", "table", "reload")
#: What GET is asked for.
TAILS = ("", "/examples?offset=", "/table/x?limit=", "/pictures/x.svg?a=", "/examples?only=")
#: Numbers as they are written: some that JSON or a computer does not have.
NUMBERS = (
    "0", "-0", "1", "-1", "0.5", "-0.0", "1e308", "-1e308", "1e309", "1e-400", "NaN", "Infinity", "-Infinity",
    "9007199254740991", "9007199254740992", "-9223372036854775808", "18446744073709551616",
    "1" * 400, "1" * 4000, "0.1" + "1" * 500, "1E+2", "01", "1.", ".5", "+1", "0x10",
)  # fmt: skip
TEXTS = (
    "",
    " ",
    "\x00",
    "\\ud800",
    "=1+1",
    "../../etc/passwd",
    "http://example.org",
    "<b>",
    "unsure",
    "positive",
)
HEADERS = (
    ("Content-Type", "text/plain"), ("Content-Encoding", "gzip"), ("Expect", "100-continue"),
    ("TE", "trailers"), ("Origin", "null"), ("Origin", "http://evil.test"), ("Host", "evil.test"),
    ("Sec-Fetch-Site", "cross-site"),
    ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Transfer-Encoding", "gzip"),
    ("X-Forwarded-For", "1.2.3.4"),
    ("Accept", "*/*;q=NaN"), ("Range", "bytes=0-18446744073709551616"), ("If-None-Match", "*"),
    ("Cookie", "a" * 3000),
    ("Content-Length", "-1"), ("Content-Length", "99999999999999999999"),
    ("Authorization", "Bearer " + "x" * 5000),
)  # fmt: skip


@dataclass
class Seen:
    """What came back."""

    statuses: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    live: list[float] = field(default_factory=list)


class Draw:
    """Requests from a seed.

    Args:
        seed: of all of them.
        models: names of the models.
    """

    def __init__(self, seed: int, models: Sequence[str]) -> None:
        self.chance = random.Random(seed)
        self._models = models

    def text(self) -> str:
        """A text as it stands in JSON, without quotes."""
        if self.chance.random() < 0.2:
            return json.dumps(self.chance.choice(TEXTS))[1:-1].replace("\\\\u", "\\u")
        count = self.chance.choice((1, 5, 20, 200))
        return json.dumps(" ".join(self.chance.choices(WORDS, k=count)))[1:-1]

    def value(self, depth: int = 0) -> str:
        """Any JSON, or nearly."""
        kind = self.chance.random()
        if depth > 3 or kind < 0.35:
            return f'"{self.text()}"'
        if kind < 0.6:
            return self.chance.choice(NUMBERS)
        if kind < 0.7:
            return self.chance.choice(("null", "true", "false", "[" * 30 + "]" * 30, '{"a":1,"a":2}'))
        many = [self.value(depth + 1) for _ in range(self.chance.randint(0, 4))]
        if kind < 0.85:
            return f"[{', '.join(many)}]"
        return "{" + ", ".join(f'"{self.chance.choice(FIELDS)}": {each}' for each in many) + "}"

    def options(self) -> str:
        """Options, of which some exist."""
        drawn = (self.chance.choice(OPTIONS) for _ in range(self.chance.choice((0, 0, 1, 1, 3))))
        return "{" + ", ".join(f'"{name}": {self.value(2)}' for name in drawn) + "}"

    def input(self) -> str:
        """An input, mostly one that some task can use."""
        return f'"{self.text()}"' if self.chance.random() < 0.9 else self.value()

    def body(self, verb: str) -> bytes:
        """A body for a route."""
        if verb == "corrections":
            right = self.chance.choice(('"positive"', '"negative"', self.value()))
            said = self.chance.choice(("null", '{"label": "negative", "score": 0.5}', self.value()))
            text = f'{{"input": {self.input()}, "prediction": {said}, "correction": {right}}}'
        elif verb in ("explain", "unread"):
            extra = (
                f', "target": {self.value()}, "word": {self.value()}' if self.chance.random() < 0.5 else ""
            )
            text = f'{{"input": {self.input()}{extra}}}'
        elif verb == "table":
            rows = "\n".join(self.text() for _ in range(self.chance.randint(0, 20)))
            text = self.chance.choice(("text\n", "text,label\n", "question,context\n", "")) + rows
        else:
            inputs = [self.input() for _ in range(self.chance.choice((1, 1, 1, 5, 300)))]
            given = inputs[0] if len(inputs) == 1 else f"[{', '.join(inputs)}]"
            name = self.chance.choice(("options", "parameters"))
            text = f'{{"inputs": {given}, "{name}": {self.options()}}}'
        body = text.encode("utf-8", "surrogatepass")
        if self.chance.random() < 0.05:
            place = self.chance.randrange(len(body) + 1)
            body = body[:place] + self.chance.randbytes(3) + body[place + 2 :]
        return body if self.chance.random() > 0.02 else body[: self.chance.randrange(len(body) + 1)]

    def request(self) -> tuple[str, str, dict[str, str], bytes]:
        """Method, path, headers and body."""
        verb = self.chance.choice(
            (
                "predict",
                "predict",
                "predict",
                "corrections",
                "corrections",
                "explain",
                "unread",
                "table",
                "reload",
            )
        )
        strange = self.chance.random() < 0.1
        name = self.chance.choice(("none", "..%2f..", "%00", "a" * 500) if strange else self._models)
        path = f"/v1/models/{name}/{verb}" if self.chance.random() < 0.85 else f"/models/{name}"
        if verb == "reload" and self.chance.random() < 0.9:
            verb, path = "predict", f"/v1/models/{name}/predict"  # a reload costs seconds
        method, body = "POST", self.body(verb)
        if self.chance.random() < 0.15:
            method, body = self.chance.choice(("GET", "DELETE", "PUT", "HEAD", "OPTIONS")), b""
            tail = self.chance.choice(
                ("", "/examples?offset=", "/table/x?limit=", "/pictures/x.svg?a=", "/examples?only=")
            )
            path = f"/v1/models/{name}{tail}{self.chance.choice(NUMBERS) if '=' in tail else ''}"
        headers = {"Authorization": f"Bearer {KEY}"} if self.chance.random() < 0.93 else {}
        if self.chance.random() < 0.15:
            key, value = self.chance.choice(HEADERS)
            headers[key] = value
        return method, path, headers, body

    def nonsense(self) -> bytes:
        """Bytes that are no HTTP, or nearly none."""
        head = f"POST /v1/models/{self._models[0]}/predict HTTP/1.1\r\nHost: localhost\r\n".encode()
        return self.chance.choice(
            (
                self.chance.randbytes(200),
                b"GET / HTTP/9.9\r\n\r\n",
                head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
                head + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 5000 + b"0\r\n\r\n",
                head + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                head + b"X: " + b"x" * 40_000 + b"\r\n\r\n",
                b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n" * 500,
            )
        )


def fuzz(folders: Sequence[Path], *, requests: int, seed: int, clients: int = 4) -> dict[str, Any]:
    """Runs it.

    Returns:
        The figures; ``kept`` says whether all promises were kept.
    """
    with tempfile.TemporaryDirectory() as home, _server(folders, Path(home)) as (process, address, models):
        seen, end = Seen(), threading.Event()
        live = threading.Thread(target=_ask_live, args=(address, end, seen))
        live.start()
        warm = max(200, requests // 5)  # libraries and allocators have then taken what they keep
        _run(address, models, warm, seed + 1, clients, seen)
        time.sleep(1)
        before = _megabytes(process.pid)
        started = time.monotonic()
        _run(address, models, requests, seed, clients, seen)
        seconds = time.monotonic() - started
        time.sleep(1)
        after = _megabytes(process.pid)
        end.set()
        live.join()
        process.terminate()
        code = process.wait(60)
        log = (Path(home) / "log").read_text(encoding="utf-8", errors="replace")
    ordered = sorted(seen.live)
    figures = {
        "requests": requests,
        "seconds": round(seconds, 1),
        "statuses": dict(sorted(seen.statuses.items())),
        "tracebacks": log.count("Traceback (most recent call last)"),
        "server_errors": seen.statuses["500"],
        "megabytes_start": round(before, 1),
        "megabytes_end": round(after, 1),
        "live_p99_ms": round(1000 * ordered[int(0.99 * (len(ordered) - 1))], 1),
        "live_most_ms": round(1000 * ordered[-1], 1),
        "exit_code": code,
        "failures": seen.failures[:20],
    }
    bad = figures["tracebacks"] or figures["server_errors"] or seen.failures or code
    kept = not bad and after < before + 50 and figures["live_p99_ms"] < 100
    return {**figures, "kept": kept, "log": log[-2000:] if figures["tracebacks"] else ""}


@contextmanager
def _server(folders: Sequence[Path], home: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, list[str]]]:
    (home / "keys").write_text(KEY + "\n", encoding="utf-8")
    words = [sys.executable, "-m", "bertolt", "serve", *map(str, folders), "--port", "0", "--json"]
    words += ["--keys", str(home / "keys"), "--corrections", str(home / "corrections.sqlite")]
    with (
        (home / "log").open("wb") as log,
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log) as process,
    ):
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            yield process, ready["address"], [each["name"] for each in ready["models"]]
        finally:
            process.kill()


def _run(address: str, models: list[str], requests: int, seed: int, clients: int, seen: Seen) -> None:
    threads = [
        threading.Thread(
            target=_client, args=(address, Draw(seed * 1000 + number, models), requests // clients, seen)
        )
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _client(address: str, draw: Draw, requests: int, seen: Seen) -> None:
    with httpx.Client(base_url=address, timeout=120) as client:
        for _ in range(requests):
            if draw.chance.random() < 0.03:
                _send_bytes(address, draw.nonsense())
                seen.statuses["bytes"] += 1
                continue
            method, path, headers, body = draw.request()
            try:
                answer = client.request(method, path, headers=headers, content=body)
            except (httpx.TransportError, httpx.InvalidURL, h11.ProtocolError, UnicodeEncodeError) as error:
                seen.statuses[type(error).__name__] += 1
                continue
            seen.statuses[str(answer.status_code)] += 1
            if answer.status_code == 500:
                seen.failures.append(f"{method} {path} {body[:500]!r}: {answer.text[:300]}")


def _send_bytes(address: str, sent: bytes) -> None:
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=15) as connection:
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65_536):
                pass
        except OSError:
            pass


def _ask_live(address: str, end: threading.Event, seen: Seen) -> None:
    with httpx.Client(base_url=address, timeout=60) as client:
        while not end.wait(0.05):
            started = time.perf_counter()
            client.get("/live")
            seen.live.append(time.perf_counter() - started)


def _megabytes(pid: int) -> float:
    """The memory of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    found = 0.0
    for number in (pid, *map(int, children)):
        lines = Path(f"/proc/{number}/status").read_text(encoding="utf-8").splitlines()
        found += next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
    return found


def main() -> int:
    """Runs the program."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--record", action="store_true", help="append a line to the results")
    given = parser.parse_args()
    figures = fuzz(given.folders, requests=given.requests, seed=given.seed, clients=given.clients)
    print(json.dumps(figures, indent=2))
    if given.record:
        names = " ".join(folder.name for folder in given.folders)
        command = f"python -m benchmarks.serving_fuzz {names} --requests {given.requests} --seed {given.seed}"
        line = {"cell": "fuzz", "command": command, "machine": describe_machine(), "figures": figures}
        with (RESULTS / "serving-fuzz.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")
    return 0 if figures["kept"] else 1


if __name__ == "__main__":
    sys.exit(main())
