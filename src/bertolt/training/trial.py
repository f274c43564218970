"""Whatever could fail at the end of a training is tried before its first step, on two short rows.

A pass forward and back, a save to a temporary folder, and a reload that must have the same tensors and
logits. It costs one save and one load of the weights.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError

from bertolt.data.features import Encoded, Feature
from bertolt.errors import DiskError, FolderError
from bertolt.inference.engine import TorchEngine, tensors
from bertolt.models.heads import quiet_transformers
from bertolt.training.trainable import TrainableModel

#: Logits of the same row may differ by so much, by rounding.
TOLERANCE = 1e-3


def try_training(model: TrainableModel, encoded: Sequence[Encoded], out: Path) -> None:
    """Tries all that training will do with a network; it is left as it was.

    Args:
        model: with a new head.
        encoded: the training examples.
        out: the model folder that will be written; the trial is written beside it and removed.

    Raises:
        FolderError: something does not work; the family is named.
        DiskError: the weights cannot be written there.
    """
    rows = _two_rows(encoded)
    engine = model.engine
    with torch.random.fork_rng(), _named_family(engine):
        engine.network.train()
        inputs = tensors(rows, model.tokenizer.pad_id, engine.device)
        loss = model.task.loss(engine.head.forward(engine.network, inputs), rows, None)
        torch.autograd.backward(loss)
        engine.network.zero_grad(set_to_none=True)
        together = engine.logits(rows)
        alone = [engine.logits([row])[0] for row in rows]
        _compare(engine, "the logits of a row alone and beside a longer one", together, alone)
        try_saving(engine, out, model.tokenizer.pad_id, rows)


def try_saving(engine: TorchEngine, out: Path, pad_id: int, rows: Sequence[Feature] = ()) -> None:
    """Saves a network to a temporary folder, loads it again and compares the two.

    Args:
        engine: holds the network.
        out: see ``try_training``.
        pad_id: the token that fills up a row.
        rows: whose logits must be the same.

    Raises:
        FolderError, DiskError: see ``try_training``.
    """
    beside = next(folder for folder in out.absolute().parents if folder.is_dir())
    network: Any = engine.network
    try:
        with _empty_folder(beside / f".{out.name}.trial") as folder, _named_family(engine):
            with quiet_transformers():
                network.save_pretrained(folder, safe_serialization=True)
            again = engine.head.load(folder)
            saved, kept = again.state_dict(), network.state_dict()
            other = sorted(
                key for key in saved if key not in kept or not torch.equal(saved[key].cpu(), kept[key].cpu())
            )
            if other:
                raise _failed(engine, f"{other[0]} is another after saving and loading")
            if rows:
                loaded = TorchEngine(again, engine.head, pad_id=pad_id, device=engine.device)
                what = "the logits before and after saving"
                _compare(engine, what, loaded.logits(rows), engine.logits(rows))
    except OSError as error:
        raise DiskError(
            f"to write the weights beside {out}",
            f"{error.strerror or error} ({error.filename or beside})",
            "free some space there, or choose another --out",
        ) from error


@contextlib.contextmanager
def _empty_folder(folder: Path) -> Iterator[Path]:
    """A folder for the time of the block. One that a killed run left behind is emptied first.

    Its name is the same for every run, as the lock on the run lets only one at a time be here.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _two_rows(encoded: Sequence[Encoded]) -> list[Feature]:
    """The shortest row, and the shortest one that is longer; twice the same where all have one length."""
    rows = sorted((row for each in encoded for row in each.features), key=len)
    return [next((row for row in rows if len(row) > len(rows[0])), rows[-1]), rows[0]]


def _compare(engine: TorchEngine, what: str, some: Sequence[Any], others: Sequence[Any]) -> None:
    largest = max(float(np.abs(a - b).max(initial=0.0)) for a, b in zip(some, others, strict=True))
    if not largest <= TOLERANCE:  # also where they are no numbers
        raise _failed(engine, f"{what} differ by {largest:.2g}")


def _failed(engine: TorchEngine, found: str) -> FolderError:
    config: Any = engine.network.config
    return FolderError(
        "a model that can be trained, saved and loaded again; this is tried before the first step",
        f"model type {config.model_type!r}: {found}",
        "nothing was trained; choose a model of another family: docs/models.md lists them",
    )


@contextlib.contextmanager
def _named_family(engine: TorchEngine) -> Iterator[None]:
    """Turns what a network of transformers raises into one message that names its family."""
    try:
        yield
    except (
        ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, RuntimeError,
        SafetensorError, TypeError, ValueError,
    ) as error:  # fmt: skip
        lines = str(error).strip().splitlines()
        raise _failed(engine, lines[0][:200] if lines else type(error).__name__) from error
