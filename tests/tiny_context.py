"""What a method is trained with, on a tiny network: built as fine-tuning builds it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bertolt.data.examples import TextExample
from bertolt.models.backbone import load_backbone
from bertolt.training.corpus import Corpus
from bertolt.training.loop import Log, Plan
from bertolt.training.method import MethodSettings, TrainingContext
from bertolt.training.prepare import prepare
from bertolt.training.runner import RunContext, Runner
from bertolt.training.settings import TrainSettings
from bertolt.training.trainable import build
from tiny import sentiment_rows


def _silent(line: str) -> None:
    pass


class _NoLog:
    def write(self, kind: str, figures: Mapping[str, float | str]) -> None:
        pass


def tiny_context(
    backbone: Path,
    folder: Path,
    *,
    labelled: int = 8,
    pool: int = 40,
    method: BaseModel | None = None,
    log: Log | None = None,
    checkpoint_seconds: float = 300.0,
    **options: Any,
) -> TrainingContext:
    """A context with the first rows as labelled ones, the next as the pool, and 40 more as validation.

    Args:
        backbone: a tiny folder.
        folder: of the run.
        labelled, pool: rows.
        method: the method's settings.
        log: of the run.
        checkpoint_seconds: between checkpoints; 0: after each step.
        options: settings of the training.
    """
    rows = [TextExample(text=text, label=label) for text, label in sentiment_rows()]
    texts = [TextExample(text=row.text) for row in rows[labelled : labelled + pool]]
    corpus = Corpus(train=rows[:labelled], validation=rows[-40:], test=[])
    settings = TrainSettings(
        data=("none",), model=str(backbone), device="cpu", threads=1, max_length=32, **options
    )
    found = load_backbone(settings.model)
    prepared = prepare(settings, found, _silent, corpus)
    runner = Runner(folder, RunContext(log or _NoLog(), _silent, "cpu", checkpoint_seconds))
    plan = Plan(epochs=settings.epochs, learning_rate=settings.lr or 1e-3, seed=settings.seed)
    return TrainingContext(
        model=build(prepared, found, settings),
        prepared=prepared,
        backbone=found,
        pool=texts,
        pool_rows=prepared.encode(texts),
        plan=plan,
        class_weight=None,
        settings=settings,
        method_settings=method or MethodSettings(),
        runner=runner,
    )
