"""The settings of a training, with their defaults. The command line and Python both fill this."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from bertolt.data.readers.options import ReadOptions, ReadSettings
from bertolt.errors import SettingError, UnknownNameError

StrPath = str | os.PathLike[str]
Settings = TypeVar("Settings", bound=BaseModel)

#: Peak learning rates found best for small encoders (hidden size up to 512) and for BERT's own size.
SMALL_RATE = 1e-4
LARGE_RATE = 3e-5
SMALL_HIDDEN = 512


class TrainSettings(ReadSettings):
    """What ``bertolt train`` is told. How its data files are read: see ``ReadSettings``.

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
        long: what is done with longer texts; None: the task's usual way.
        class_weight: ``none``, ``balanced``, or a JSON file of label to weight.
        seed: of split, head, order and dropout.
        seeds: trainings with seeds from ``seed`` on, on the same split; the best on validation is kept.
        folds: of cross-validation, 2 or more; 0: none.
        layer_decay: factor of the learning rate from each layer to the one below it.
        freeze_embeddings: whether the input embeddings stay as the backbone has them.
        patience: epochs without a gain on validation after which training stops; 0: never.
        keep_examples: validation rows kept in the folder, at most.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        threads: of the processor; None: all cores.
        unlabelled: DATA without labels, of which texts alone are read.
        method: how labels and unlabelled texts are learnt from; None: labels alone, or, with
            ``unlabelled``, the default method.
        set: the own settings of task and method.
    """

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
    long: Literal["head", "tail", "head+tail", "windows"] | None = None
    class_weight: str = "none"
    seed: int = Field(default=0, ge=0, lt=2**31)
    seeds: int = Field(default=1, ge=1, le=1000)
    folds: int = Field(default=0, ge=0, le=1000)
    layer_decay: float = Field(default=1.0, gt=0, le=1)
    freeze_embeddings: bool = False
    patience: int = Field(default=2, ge=0)
    keep_examples: int = Field(default=2000, ge=0, le=2000)
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    threads: int | None = Field(default=None, ge=1)
    unlabelled: tuple[str, ...] = ()
    method: str | None = None
    set: dict[str, Any] = Field(default_factory=dict)


class TrainOptions(ReadOptions, total=False):
    """The options of ``train``; their meanings and defaults are those of ``TrainSettings``."""

    task: str
    out: StrPath | None
    model: StrPath
    validation: StrPath | None
    test: StrPath | None
    group: str | None
    text: str | Sequence[str]
    label: str | Sequence[str]
    epochs: int
    lr: float | None
    batch_size: int
    max_length: int | None
    long: Literal["head", "tail", "head+tail", "windows"] | None
    class_weight: StrPath
    seed: int
    seeds: int
    folds: int
    layer_decay: float
    freeze_embeddings: bool
    patience: int
    keep_examples: int
    device: Literal["auto", "cpu", "cuda", "mps"]
    threads: int | None
    unlabelled: StrPath | Sequence[StrPath]
    method: str | None
    set: Mapping[str, Any]


def check_settings(kind: type[Settings], values: Mapping[str, Any]) -> Settings:
    """Typed settings out of plain values, of whatever verb.

    Raises:
        UnknownNameError: a setting that ``kind`` lacks; near ones are offered.
        SettingError: a value that cannot be used; named as the command line's option.
    """
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        if first["type"] == "extra_forbidden":
            raise UnknownNameError("setting", name, kind.model_fields) from error
        rule = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
        raise SettingError(
            f"a value for --{name.replace('_', '-')} that {rule.replace('should be', 'is', 1)}",
            repr(first["input"]),
            "correct the value, or leave the option out",
        ) from error
