"""What an exported folder says of its engine, and of the gate that it passed: a part of ``bertolt.json``."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Precision = Literal["fp32", "int8"]


class Agreement(BaseModel):
    """How near two ways of computing the same texts are.

    Args:
        rows: texts that were computed both ways.
        largest: the largest difference in a probability.
        flips: labels that differ although neither way was undecided within ``margin``.
        margin: what counts as undecided, as a difference in probability.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int
    largest: float
    flips: int
    margin: float


class Loss(BaseModel):
    """What 8 bits cost on labelled rows.

    Args:
        rows: labelled rows, n.
        metric: the figure that is compared.
        fp32, int8: its value before and after.
        loss: the first less the second, of the same rows.
        low, high: the paired 95% interval of the loss.
        flips: rows with another answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int
    metric: str
    fp32: float
    int8: float
    loss: float
    low: float
    high: float
    flips: int

    @property
    def flipped(self) -> float:
        """The share of rows with another answer, 0..1."""
        return self.flips / self.rows


class Tried(BaseModel):
    """One way to quantise that was tried.

    Args:
        name: of the way.
        loss: what it costs.
        texts_per_second: its speed on the gate's rows.
        passed: whether the gate lets it through.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    loss: Loss
    texts_per_second: float
    passed: bool


class EngineRecord(BaseModel):
    """The engine of an exported folder.

    Args:
        name: of the engine.
        file: beside ``bertolt.json``.
        sha256: of the file.
        task: the task that was exported; a folder's further heads stay with torch.
        precision: of weights and activations.
        quantisation: the way that was chosen; None for fp32.
        versions: of onnxruntime, onnx and torch at the export.
        parity: torch against the exported network in fp32.
        loss: what 8 bits cost; None for fp32.
        tried: the ways that were tried, in the order of the search; empty for fp32.
        batch_mates: each text alone against the same among others.
        free_of_batch_mates: whether a result does not depend on what shares its batch: 1e-5 in probability
            for fp32; for int8 5e-3, and the same label beyond that margin.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Literal["onnx"] = "onnx"
    file: str = "model.onnx"
    sha256: str
    task: str
    precision: Precision
    quantisation: str | None = None
    versions: dict[str, str]
    parity: Agreement
    loss: Loss | None = None
    tried: tuple[Tried, ...] = ()
    batch_mates: Agreement
    free_of_batch_mates: bool
