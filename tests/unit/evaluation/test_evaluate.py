"""Evaluation: every metric with its interval, on examples in their order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from bertolt.data.examples import TextExample
from bertolt.data.tokenizer import Tokenizer
from bertolt.errors import DataError
from bertolt.evaluation.evaluate import evaluate_examples
from bertolt.inference.engine import TorchEngine
from bertolt.inference.run import Model
from bertolt.models.backbone import load_backbone
from bertolt.models.heads import Blueprint
from bertolt.models.spec import ModelSpec
from bertolt.tasks.registry import get_task
from tiny import sentiment_rows

TASK = get_task("text-classification")
SPEC = ModelSpec(task=TASK.name, labels=("negative", "positive"), max_length=16)
EXAMPLES = [
    TextExample(line=line, text=text * (1 + (line % 5 == 0)), label=label)
    for line, (text, label) in enumerate(sentiment_rows()[:40])
]


@pytest.fixture(scope="module")
def model(tiny_folder: Callable[[str], Path]) -> Model:
    torch.manual_seed(1)
    backbone = load_backbone(str(tiny_folder("bert")))
    network = TASK.head.build(backbone, Blueprint(SPEC.labels, attention_dropout=False))
    tokenizer = Tokenizer.from_folder(backbone.folder)
    engine = TorchEngine(network, TASK.head, pad_id=tokenizer.pad_id, device=torch.device("cpu"))
    return Model(TASK, SPEC, tokenizer, engine)


class _Count:
    def __init__(self) -> None:
        self.amount = 0.0

    def advance(self, amount: float, text: str = "") -> None:
        self.amount += amount


def test_figures_are_those_of_the_predictions(model: Model) -> None:
    progress = _Count()
    found = evaluate_examples(model, iter(EXAMPLES), progress=progress)
    results = list(model.results(EXAMPLES))
    right = np.asarray(
        [result.label == example.label for result, example in zip(results, EXAMPLES, strict=True)]  # type: ignore[attr-defined]
    )
    accuracy = found.metrics["accuracy"]
    assert accuracy.value == pytest.approx(right.mean())
    assert accuracy.low < accuracy.value < accuracy.high
    assert found.examples == EXAMPLES
    assert len(found.outputs) == 40
    assert progress.amount == 40
    assert found.read_whole == pytest.approx(np.mean([not result.truncated for result in results]))
    assert 0 < found.read_whole < 1
    assert found.statistics["accuracy"](np.ones((1, 40)))[0] == accuracy.value
    assert found.to_dict()["n"] == 40
    assert list(found.to_dict()["metrics"]) == list(TASK.chosen)  # type: ignore[attr-defined]


def test_the_interval_is_seeded(model: Model) -> None:
    one, two, other = (evaluate_examples(model, EXAMPLES, seed=seed).metrics for seed in (0, 0, 1))
    assert one == two
    assert one["log_loss"] != other["log_loss"]


def test_nothing_to_measure_on_and_unknown_labels(model: Model) -> None:
    with pytest.raises(DataError, match="at least one labelled example"):
        evaluate_examples(model, [])
    with pytest.raises(DataError, match="found 'neutral' on line 3"):
        evaluate_examples(model, [TextExample(line=3, text="film", label="neutral")])
