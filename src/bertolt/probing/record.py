"""What a probe folder holds: ``bertolt.json``, ``results.json``, the probes, and counts for each text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from safetensors.torch import save_model

from bertolt.errors import FolderError
from bertolt.models.config import first_line
from bertolt.models.folder import RECORD, is_ours
from bertolt.models.swap import finish_swap, write_folder
from bertolt.probing.bank import ProbeBank
from bertolt.probing.results import Frozen, ProbeResults

FORMAT = 1
RESULTS = "results.json"
PROBES = "probes.safetensors"
COUNTS = "counts.safetensors"


class ProbeRecord(Frozen):
    """The whole of ``bertolt.json`` of a probe folder.

    Args:
        format: version of this file's form.
        kind: tells it from a model folder.
        edge_task: what was read out.
        model: that was looked into.
        layers: of the model.
        labels: in the order of the probes' outputs.
        projection: width of the probes.
        spans: of a target.
        seed: of the run.
        data: fingerprints of the parts.
        texts, targets: of each part.
        left_out: targets that were not taken, by reason.
        notes: what was said of the data.
        versions: see ``version.versions``.
        threads: of the processor.
        settings: of the run.
    """

    format: int = FORMAT
    kind: Literal["probe"] = "probe"
    edge_task: str
    model: str
    layers: int
    labels: tuple[str, ...]
    projection: int
    spans: int
    seed: int
    data: dict[str, str]
    texts: dict[str, int]
    targets: dict[str, int]
    left_out: dict[str, int]
    notes: tuple[str, ...]
    versions: dict[str, str]
    threads: int
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ProbeFolder:
    """A probe folder as it is read.

    Args:
        path: of the folder.
        record: what was done.
        results: what was found.
    """

    path: Path
    record: ProbeRecord
    results: ProbeResults


Counts = Mapping[str, NDArray[np.int64]]


def save_probe(
    target: Path, record: ProbeRecord, results: ProbeResults, bank: ProbeBank, counts: Counts
) -> bool:
    """Writes a probe folder whole, or not at all.

    Args:
        target: where to.
        record: see ``ProbeRecord``.
        results: see ``ProbeResults``.
        bank: the probes.
        counts: for each text of the test part, ``hits`` and ``predicted`` of shape (P, n), ``gold`` (n,).

    Returns:
        Whether an older folder of ours was replaced.

    Raises:
        FolderError: something that is not ours stands there.
        DiskError: it could not be written; what stood there before still stands.
    """

    def write(folder: Path) -> None:
        save_model(bank, str(folder / PROBES))
        save_file({name: np.ascontiguousarray(values) for name, values in counts.items()}, folder / COUNTS)
        (folder / RESULTS).write_text(results.model_dump_json(indent=2) + "\n", encoding="utf-8")
        (folder / RECORD).write_text(record.model_dump_json(indent=2) + "\n", encoding="utf-8")

    return write_folder(target, write, ours=is_ours)


def is_probe(folder: Path) -> bool:
    """Whether a folder is a probe's."""
    finish_swap(folder)
    try:
        found = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("kind") == "probe"


def load_probe(folder: Path) -> ProbeFolder:
    """Reads a probe folder.

    Raises:
        FolderError: it is none, or damaged.
    """
    if not is_probe(folder):
        raise FolderError(
            "a probe folder",
            f"none in {str(folder)!r}",
            "make one: bertolt probe MODEL DATA --edge-task T --out DIR",
        )
    try:
        record = ProbeRecord.model_validate_json((folder / RECORD).read_text(encoding="utf-8"))
        results = ProbeResults.model_validate_json((folder / RESULTS).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise _damaged(folder, error) from error
    return ProbeFolder(folder, record, results)


def load_counts(folder: Path) -> Counts:
    """The counts of each text; see ``save_probe``.

    Raises:
        FolderError: the file is missing or damaged.
    """
    try:
        return dict(load_file(folder / COUNTS))
    except (OSError, SafetensorError) as error:
        raise _damaged(folder, error) from error


def _damaged(folder: Path, error: Exception) -> FolderError:
    return FolderError(
        f"a whole probe folder in {str(folder)!r}",
        first_line(error),
        "copy it again whole, or update bertolt",
    )
