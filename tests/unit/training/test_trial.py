"""The trial before the first step: what could fail at the end fails at once, and leaves nothing behind."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import PreTrainedModel

from bertolt.errors import DiskError, FolderError
from bertolt.models.heads import SequenceHead
from bertolt.training.fine_tune import fine_tune
from bertolt.training.settings import TrainSettings
from tiny import sentiment_rows


@pytest.fixture
def train(tiny_folder: Callable[[str], Path], tmp_path: Path) -> Callable[[], Any]:
    """Trains a tiny BERT on 24 rows."""
    data = tmp_path / "data.csv"
    with data.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *sentiment_rows()[:24]])
    settings = TrainSettings(
        data=(str(data),), validation=str(data), out=str(tmp_path / "model"), model=str(tiny_folder("bert")),
        epochs=1, device="cpu", threads=1,
    )  # fmt: skip
    return lambda: fine_tune(settings, lambda line: None)


def _refuse(message: str, kind: type[Exception] = RuntimeError) -> Callable[..., None]:
    def raises(*args: Any, **options: Any) -> None:
        raise kind(message)

    return raises


def test_weights_that_cannot_be_saved(
    train: Callable[[], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PreTrainedModel, "save_pretrained", _refuse("tensors share memory"))
    with pytest.raises(FolderError, match="model type 'bert': tensors share memory; nothing was trained"):
        train()
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]


def test_weights_that_are_others_when_loaded(
    train: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    load = SequenceHead.load

    def changed(self: SequenceHead, folder: Path) -> Any:
        network: Any = load(self, folder)
        with torch.no_grad():
            network.classifier.bias += 1.0
        return network

    monkeypatch.setattr(SequenceHead, "load", changed)
    with pytest.raises(FolderError, match=r"classifier\.bias is another after saving and loading"):
        train()


def test_logits_that_are_no_numbers(train: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    build = SequenceHead.build

    def broken(self: SequenceHead, *args: Any) -> Any:
        network: Any = build(self, *args)
        with torch.no_grad():
            network.classifier.bias[0] = torch.nan
        return network

    monkeypatch.setattr(SequenceHead, "build", broken)
    with pytest.raises(FolderError, match="finite numbers as the output"):
        train()


def test_a_full_disk(train: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PreTrainedModel, "save_pretrained", _refuse("No space left on device", OSError))
    with pytest.raises(DiskError, match="to write the weights beside"):
        train()
