"""``bertolt bench`` beside other engines, in the same interleaved rounds.

    benchmarks/peers/make.sh build/peers
    python -m benchmarks.bench_peers models/reviews reviews.csv --peers build/peers

A peer is a folder with a ``peer.json``: ``{"command": ["venv/bin/python", "peer.py"], "modes": ["fp32"]}``.
The command runs in that folder, and its first word is looked up there. Each mode is measured as a program of
its own. Prints one JSON document, as ``bertolt bench --json`` does.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bertolt.errors import BertoltError, FolderError
from bertolt.evaluation.bench.backend import BackendSpec, backend_environment
from bertolt.evaluation.bench.folders import bench
from bertolt.models.device import set_threads

FILE = "peer.json"


class _PeerFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    command: tuple[str, ...] = Field(min_length=1)
    modes: tuple[str, ...] = Field(min_length=1)


def peer_backends(folder: Path, model: Path, threads: int) -> list[BackendSpec]:
    """The peers in a folder, sorted by name; one backend for each mode of each peer.

    Raises:
        FolderError: there is no peer, or a ``peer.json`` cannot be read.
    """
    files = sorted(folder.glob(f"*/{FILE}"))
    if not files:
        raise FolderError(
            f"a folder of peers, each a folder with a {FILE}",
            f"none in {str(folder)!r}",
            "make some with benchmarks/peers/make.sh",
        )
    backends = []
    for file in files:
        try:
            peer = _PeerFile.model_validate_json(file.read_bytes())
        except ValidationError as error:
            first = error.errors()[0]
            raise FolderError(
                'a peer.json with {"command": […], "modes": […]}',
                f"{first['msg'].lower()} in {str(file)!r}",
                "correct it, or remove the peer's folder",
            ) from error
        home = file.parent.resolve()
        program = home / peer.command[0]
        command = (str(program) if program.exists() else peer.command[0], *peer.command[1:])
        environment = backend_environment(threads, {})
        backends += [
            BackendSpec(f"{home.name} {mode}", model.resolve(), mode, command, home, environment)
            for mode in peer.modes
        ]
    return backends


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints the result; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", help="model folders, the reference first, and then the data")
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args(arguments)
    *folders, data = options.folders
    models = [Path(folder) for folder in folders]
    try:
        peers = peer_backends(options.peers, models[0], set_threads(options.threads))
        measured = bench(models, data, others=peers, threads=options.threads, rounds=options.rounds)
    except BertoltError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    print(json.dumps(measured.to_dict()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
