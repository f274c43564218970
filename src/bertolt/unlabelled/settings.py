"""The settings of an adaptation, with their defaults. The command line and Python both fill this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from bertolt.data.readers.options import ReadOptions, ReadSettings


class AdaptSettings(ReadSettings):
    """What ``bertolt adapt`` is told.

    Args:
        model: the backbone.
        data: paths, packaged names or Hub ids; several are read one after another.
        out: the model folder.
        text: the data's text column; empty: its usual names.
        next_sentence: whether the next sentence is learnt as well.
        whole_word: whether the pieces of a word are hidden together.
        epochs: passes over the documents that are not held out.
        lr: peak learning rate; None: 1e-4 up to hidden size 512, else 3e-5.
        batch_size: rows of a step.
        max_length: tokens of a row, special ones included; None: 128, or what the backbone has.
        warm_up: steps in which a new head is trained alone, before the rest of the network.
        seed: of the split, the head, the order, the masks and dropout.
        keep_examples: held-out documents kept in the folder, at most.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        threads: of the processor; None: all cores.
    """

    model: str
    data: tuple[str, ...] = Field(min_length=1)
    out: str
    text: tuple[str, ...] = Field(default=(), max_length=1)
    next_sentence: bool = False
    whole_word: bool = False
    epochs: int = Field(default=1, ge=1, le=1000)
    lr: float | None = Field(default=None, gt=0, lt=1)
    batch_size: int = Field(default=32, ge=1)
    max_length: int | None = Field(default=None, ge=8)
    warm_up: int = Field(default=500, ge=0)
    seed: int = Field(default=0, ge=0, lt=2**31)
    keep_examples: int = Field(default=2000, ge=0, le=2000)
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    threads: int | None = Field(default=None, ge=1)


class AdaptOptions(ReadOptions, total=False):
    """The options of ``bertolt.adapt``; their meanings and defaults are those of ``AdaptSettings``."""

    text: str | Sequence[str]
    next_sentence: bool
    whole_word: bool
    epochs: int
    lr: float | None
    batch_size: int
    max_length: int | None
    warm_up: int
    seed: int
    keep_examples: int
    device: Literal["auto", "cpu", "cuda", "mps"]
    threads: int | None
