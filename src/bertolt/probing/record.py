"""What a probe folder holds: ``bertolt.json``, ``results.json``, the probes, and counts for each text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from safetensors.torch import save_model

from bertolt.errors import FolderError
from bertolt.metrics.intervals import Estimate
from bertolt.models.folder import RECORD, is_ours
from bertolt.models.swap import finish_swap, write_folder
from bertolt.probing.bank import ProbeBank

FORMAT = 1
RESULTS = "results.json"
PROBES = "probes.safetensors"
COUNTS = "counts.safetensors"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(_Frozen):
    """A number with its 95% interval over the texts of the test part; None where it is undefined."""

    value: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, found: Estimate) -> Figure:
        """From an estimate."""
        return cls(**found.to_dict())

    @property
    def above_zero(self) -> bool:
        """Whether the interval lies above 0."""
        return self.low is not None and self.low > 0


class InputResult(_Frozen):
    """What a probe of one input says, beside its controls.

    Args:
        name: of the input, such as ``layer 3``.
        top: the layer; see ``bank.Input``.
        mixed: whether it is a mix.
        validation: micro-F1 on the validation part, by which the best layer is chosen.
        f1: micro-F1 on the test part.
        differential: of a mix 0..k, what layer k adds.
        control: micro-F1 on the control task; None for mixes of a part of the layers, as the next three.
        selectivity: F1 less that on the control task.
        random: micro-F1 of the same probe on a network of random weights.
        above_random: F1 less that.
    """

    name: str
    top: int
    mixed: bool
    validation: float
    f1: Figure
    differential: Figure | None = None
    control: Figure | None = None
    selectivity: Figure | None = None
    random: Figure | None = None
    above_random: Figure | None = None


class MixResult(_Frozen):
    """How the mix of all layers was learnt with one seed.

    Args:
        seed: of first weights, order and dropout.
        f1: on the test part.
        weights: of the layers 0..L.
        centre_of_gravity: their mean layer.
        divergence: from equal weights, in bits.
    """

    seed: int
    f1: float
    weights: tuple[float, ...]
    centre_of_gravity: float
    divergence: float


class LabelResult(_Frozen):
    """One label on the test part: how often it stands there, and F1 of the best layer and of the mix."""

    name: str
    targets: int
    best_layer: float
    mix: float


class CodeResult(_Frozen):
    """The online code of the training part's labels, read from one input.

    Args:
        name: of the input.
        targets: that were sent.
        blocks: ends of the blocks, in targets.
        bits: of each block; the first is sent with equal probabilities.
        length: in bits.
        uniform: bits with equal probabilities throughout.
        compression: ``uniform`` over ``length``.
    """

    name: str
    targets: int
    blocks: tuple[int, ...]
    bits: tuple[float, ...]
    length: float
    uniform: float
    compression: float


class ProbeResults(_Frozen):
    """All figures of a probe.

    Args:
        inputs: single ones first, then mixes.
        best_layer: the name of the single layer that is best on the validation part.
        gain: F1 of all layers mixed less that of layer 0.
        expected_layer: None where the gain's interval does not lie above 0.
        mixes: of each seed.
        labels: the commonest first.
        official: the data's own measure of the mix, by name; empty where it has none.
        code: of word pieces alone, the best layer and the mix.
    """

    inputs: tuple[InputResult, ...]
    best_layer: str
    gain: Figure
    expected_layer: Figure | None
    mixes: tuple[MixResult, ...]
    labels: tuple[LabelResult, ...]
    official: dict[str, Figure]
    code: tuple[CodeResult, ...]

    def named(self, name: str) -> InputResult:
        """The result of an input."""
        return next(each for each in self.inputs if each.name == name)

    @property
    def mix(self) -> InputResult:
        """The mix of all layers."""
        return self.inputs[-1]

    @property
    def lexical(self) -> InputResult:
        """The word-piece embeddings alone."""
        return self.inputs[0]

    @property
    def layers(self) -> list[InputResult]:
        """The single layers, from 0."""
        return [each for each in self.inputs if not each.mixed and each.top >= 0]


class ProbeRecord(_Frozen):
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
        str(error).strip().splitlines()[0][:200],
        "copy it again whole, or update bertolt",
    )
