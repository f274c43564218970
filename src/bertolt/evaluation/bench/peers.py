"""Which programs are measured: model folders of ours, and the peers that stand in a folder.

A peer is a folder with a ``peer.json``: ``{"command": ["venv/bin/python", "peer.py"], "modes": ["fp32"]}``.
The command runs in that folder, its first word looked up there; each mode is a line of its own.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bertolt.errors import FolderError

FILE = "peer.json"


@dataclass(frozen=True, slots=True)
class Entrant:
    """One program in one mode.

    Args:
        name: what it is called.
        model: the folder that it loads.
        mode: what it is told when it loads.
        command: how it is started.
        folder: where.
        environment: its variables.
    """

    name: str
    model: Path
    mode: str
    command: tuple[str, ...]
    folder: Path
    environment: dict[str, str]


class _PeerFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    command: tuple[str, ...] = Field(min_length=1)
    modes: tuple[str, ...] = Field(min_length=1)


def ours(folders: Sequence[Path], threads: int) -> list[Entrant]:
    """Model folders of ours, the reference first. Folders of one name keep their whole path."""
    names = [folder.resolve().name for folder in folders]
    waiting = {"OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "passive")}  # as the command line sets it
    return [
        Entrant(
            name=f"bertolt {name if names.count(name) == 1 else folder}",
            model=folder.resolve(),
            mode="cpu",
            command=(sys.executable, "-m", "bertolt.evaluation.bench.worker"),
            folder=Path.cwd(),
            environment=_environment(threads, waiting),
        )
        for folder, name in zip(folders, names, strict=True)
    ]


def peers(folder: Path, model: Path, threads: int) -> list[Entrant]:
    """The peers in a folder, by name, each mode one.

    Raises:
        FolderError: there is none, or a ``peer.json`` that cannot be read.
    """
    files = sorted(folder.glob(f"*/{FILE}"))
    if not files:
        raise FolderError(
            f"a folder of peers, each a folder with a {FILE}",
            f"none in {str(folder)!r}",
            "make some with benchmarks/peers/make.sh, or leave --peers out",
        )
    found = []
    for file in files:
        try:
            read = _PeerFile.model_validate_json(file.read_bytes())
        except ValidationError as error:
            first = error.errors()[0]
            raise FolderError(
                'a peer.json with {"command": […], "modes": […]}',
                f"{first['msg'].lower()} in {str(file)!r}",
                "correct it, or take the peer's folder away",
            ) from error
        home = file.parent.resolve()
        program = home / read.command[0]
        command = (str(program) if program.exists() else read.command[0], *read.command[1:])
        for mode in read.modes:
            name = f"{home.name} {mode}"
            found.append(Entrant(name, model.resolve(), mode, command, home, _environment(threads, {})))
    return found


def read_config(model: Path) -> dict[str, object]:
    """The ``config.json`` of a model folder, as it stands there.

    Raises:
        FolderError: it is missing, or no JSON.
    """
    try:
        found = json.loads((model / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FolderError(
            "a model folder with a config.json", f"none that can be read in {str(model)!r}", "name another"
        ) from error
    return dict(found)


def _environment(threads: int, more: dict[str, str]) -> dict[str, str]:
    """Threads and no network. How threads wait is a program's own matter: a peer runs as it comes."""
    inherited = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    offline = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}
    return {**inherited, **offline, "OMP_NUM_THREADS": str(threads), **more}
