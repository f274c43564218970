"""Tiny models of every kind with random weights, in folders as the Hub lays them out: no bertolt.json."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
import transformers

from tiny import write_backbone


def write_plain(folder: Path, family: str, auto_class: str, config: Mapping[str, Any] | None = None) -> Path:
    """Writes a model of a tiny family with a head, as transformers saves it.

    Args:
        folder: where to.
        family: one of ``tiny.FAMILIES``.
        auto_class: transformers' Auto class of the head, such as ``AutoModelForSequenceClassification``.
        config: values of the configuration, such as ``id2label``.
    """
    write_backbone(folder, family)
    settings = transformers.AutoConfig.from_pretrained(folder)
    for name, value in (config or {}).items():
        setattr(settings, name, value)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = getattr(transformers, auto_class).from_config(settings)
    network.save_pretrained(folder)
    return folder


def change_config(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Changes the values in a folder's ``config.json``."""
    file = folder / "config.json"
    values = json.loads(file.read_text(encoding="utf-8"))
    change(values)
    file.write_text(json.dumps(values), encoding="utf-8")


def labels(*names: str) -> dict[str, Any]:
    """The values of a configuration that names its outputs."""
    return {"id2label": dict(enumerate(names)), "label2id": {name: place for place, name in enumerate(names)}}
