"""The settings of a training, with their defaults. The command line and Python both fill this."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

#: Peak learning rates found best for small encoders (hidden size up to 512) and for BERT's own size.
SMALL_RATE = 1e-4
LARGE_RATE = 3e-5
SMALL_HIDDEN = 512


class TrainSettings(BaseModel):
    """What ``bertolt train`` is told.

    Args:
        data: paths, packaged names or Hub ids; several are read one after another.
        task: name or alias.
        out: the model folder; None: ``models/`` and the data's name.
        model: the backbone.
        validation, test: a DATA each that is not cut off ``data``.
        group: column whose equal values stay on one side of the split.
        text, label: the data's columns, in the task's order; empty: their usual names.
        epochs: passes over the training part.
        lr: peak learning rate; None: 1e-4 up to hidden size 512, else 3e-5.
        batch_size: examples of a step.
        max_length: tokens of a row, special ones included; None: 512, or what the backbone has.
        long: what is done with longer texts.
        class_weight: ``none``, ``balanced``, or a JSON file of label to weight.
        seed: of split, head, order and dropout.
        patience: epochs without a gain on validation after which training stops; 0: never.
        keep_examples: validation rows kept in the folder, at most.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        threads: of the processor; None: all cores.
        set: the task's own settings.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: tuple[str, ...] = Field(min_length=1)
    task: str = "text-classification"
    out: str | None = None
    model: str = "minilm"
    validation: str | None = None
    test: str | None = None
    group: str | None = None
    text: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    epochs: int = Field(default=2, ge=1, le=1000)
    lr: float | None = Field(default=None, gt=0, lt=1)
    batch_size: int = Field(default=32, ge=1)
    max_length: int | None = Field(default=None, ge=8)
    long: Literal["head", "tail", "head+tail", "windows"] = "head"
    class_weight: str = "none"
    seed: int = Field(default=0, ge=0, lt=2**31)
    patience: int = Field(default=2, ge=0)
    keep_examples: int = Field(default=2000, ge=0, le=2000)
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    threads: int | None = Field(default=None, ge=1)
    set: dict[str, Any] = Field(default_factory=dict)
