"""The settings of a probe, with their defaults. The command line and Python both fill this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bertolt.data.readers.options import ReadOptions, ReadSettings
from bertolt.training.settings import StrPath


class ProbeRecipe(BaseModel):
    """What ``--set`` says.

    Args:
        projection: width of a probe.
        dropout: of its hidden layer.
        steps: of which there are at least so many where ``--epochs`` is not given; there are never fewer
            than 4 epochs. An epoch has at least a twelfth of them: small data is gone over several times.
        max_targets: of the training part; texts are drawn (seeded) until they have as many. None: all.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    projection: int = Field(default=256, ge=1)
    dropout: float = Field(default=0.3, ge=0, lt=1)
    steps: int = Field(default=1200, ge=1)
    max_targets: int | None = Field(default=None, ge=1)


class ProbeSettings(ReadSettings):
    """What ``bertolt probe`` is told.

    Args:
        model: the network that is looked into; it stays as it is.
        data: a path or a name, from which a tenth is cut off for choices.
        edge_task: what is read out; see ``edge_tasks``.
        out: the probe folder.
        test: a DATA to measure on; None: a tenth of ``data`` is cut off.
        label: the column of the labels, where the task has several.
        epochs: passes over the training part; None: see ``ProbeRecipe.steps``.
        lr: peak learning rate.
        batch_size: texts of a step.
        max_length: tokens of a row, special ones included; None: 512, or what the model has.
        seed: of the split, the first weights, the order, dropout, the control task and the random network.
        seeds: with which the mix of all layers is trained, from ``seed`` on.
        beside: folders of other probes, whose tasks are shown in the same report.
        keep_states: whether the hidden states stay in ``DIR.run`` for the next probe of the same texts.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        threads: of the processor; None: all cores.
        set: see ``ProbeRecipe``.
    """

    model: str
    data: str
    edge_task: str
    out: str
    test: str | None = None
    label: str | None = None
    epochs: int | None = Field(default=None, ge=1, le=1000)
    lr: float = Field(default=1e-3, gt=0, lt=1)
    batch_size: int = Field(default=32, ge=1)
    max_length: int | None = Field(default=None, ge=8)
    seed: int = Field(default=0, ge=0, lt=2**31)
    seeds: int = Field(default=1, ge=1, le=100)
    beside: tuple[str, ...] = ()
    keep_states: bool = False
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    threads: int | None = Field(default=None, ge=1)
    set: dict[str, Any] = Field(default_factory=dict)


class ProbeOptions(ReadOptions, total=False):
    """The options of ``bertolt.probe``; their meanings and defaults are those of ``ProbeSettings``."""

    test: StrPath | None
    label: str | None
    epochs: int | None
    lr: float
    batch_size: int
    max_length: int | None
    seed: int
    seeds: int
    beside: StrPath | Sequence[StrPath]
    keep_states: bool
    device: Literal["auto", "cpu", "cuda", "mps"]
    threads: int | None
    set: Mapping[str, Any]
