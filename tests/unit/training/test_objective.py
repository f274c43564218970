"""The gradient of a step: the same whatever its cut into batches; and the losses that it is the sum of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from bertolt.data.examples import TextExample
from bertolt.data.features import Feature
from bertolt.data.tokenizer import Tokenizer
from bertolt.inference import engine
from bertolt.inference.engine import TorchEngine
from bertolt.inference.run import Model, encode
from bertolt.models.backbone import load_backbone
from bertolt.models.heads import Blueprint
from bertolt.models.spec import ModelSpec
from bertolt.tasks.registry import get_task
from bertolt.training.objective import Step
from bertolt.training.supervised import Supervised, SupervisedData
from tiny import FAMILIES, sentiment_rows

TASK = get_task("text-classification")
SPEC = ModelSpec(task=TASK.name, labels=("negative", "positive"), max_length=24, long="windows")


def _objective(folder: Path, class_weight: torch.Tensor | None = None, batch_size: int = 12) -> Supervised:
    torch.manual_seed(0)
    tokenizer = Tokenizer.from_folder(folder)
    network = TASK.head.build(load_backbone(str(folder)), Blueprint(SPEC.labels, attention_dropout=False))
    model = Model(
        TASK, SPEC, tokenizer,
        TorchEngine(network, TASK.head, pad_id=tokenizer.pad_id, device=torch.device("cpu")),
    )  # fmt: skip
    rows = sentiment_rows()[:24]
    examples = [
        TextExample(text=text * (1 + 3 * (index % 4 == 0)), label=label)
        for index, (text, label) in enumerate(rows)
    ]
    data = SupervisedData(encode(TASK, SPEC, tokenizer, examples), [], class_weight)
    return Supervised(model, data, batch_size=batch_size, seed=0)


def _gradient(objective: Supervised, step: Step) -> torch.Tensor:
    """In double precision and without dropout, so that only the sum's value counts."""
    objective.network.double().eval()
    objective.network.zero_grad()
    for batch in step.batches:
        (objective.loss(batch) / step.weight).backward()  # type: ignore[no-untyped-call]
    found = [each.grad.flatten() for each in objective.network.parameters() if each.grad is not None]
    return torch.cat(found)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_gradient_does_not_depend_on_the_budget_or_the_order(
    tiny_folder: Callable[[str], Path], family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    weight = torch.tensor([1.0, 2.5])
    objective = _objective(tiny_folder(family), weight)
    whole = objective.steps(0)[0]
    assert len(whole.batches) == 1
    expected = _gradient(objective, whole)
    assert expected.norm() > 1e-3
    for budget in (1, 60, 100):
        monkeypatch.setitem(engine.MAX_TOKENS, "cpu", budget)
        step = objective.steps(0)[0]
        assert len(step.batches) > 1
        assert (step.weight, step.tokens) == (whole.weight, whole.tokens)
        torch.testing.assert_close(_gradient(objective, step), expected, rtol=0, atol=1e-6)
    backwards = replace(whole, batches=[batch[::-1] for batch in whole.batches])
    torch.testing.assert_close(_gradient(objective, backwards), expected, rtol=0, atol=1e-6)


def test_a_step_is_as_many_examples_as_were_asked_for(tiny_folder: Callable[[str], Path]) -> None:
    objective = _objective(tiny_folder("bert"), batch_size=10)
    steps = objective.steps(0)
    weights = [sum(row.weight for batch in step.batches for row in batch) for step in steps]
    assert sorted(round(weight, 6) for weight in weights) == [4, 10, 10]
    assert [step.weight for step in steps] == pytest.approx(weights)
    assert any(len(batch) > 10 for step in steps for batch in step.batches)  # windows are rows of one example


def _feature(target: int, weight: float = 1.0) -> Feature:
    return Feature(np.asarray([2, 3], dtype=np.int32), weight=weight, target=target)


def test_the_loss_is_torchs_cross_entropy_summed() -> None:
    logits = torch.tensor([[2.0, -1.0, 0.5], [0.1, 0.2, 0.3], [-3.0, 4.0, 0.0]])
    targets = torch.tensor([0, 2, 2])
    rows = [_feature(int(target)) for target in targets]
    expected = functional.cross_entropy(logits, targets, reduction="sum")
    torch.testing.assert_close(TASK.loss(logits, rows, None), expected)
    class_weight = torch.tensor([0.5, 1.0, 3.0])
    expected = functional.cross_entropy(logits, targets, weight=class_weight, reduction="sum")
    torch.testing.assert_close(TASK.loss(logits, rows, class_weight), expected)


def test_the_loss_by_hand_with_weights_of_features_and_classes() -> None:
    logits = torch.tensor([[0.0, 0.0], [np.log(3.0), 0.0]])
    rows = [_feature(1, weight=0.25), _feature(0, weight=0.5)]
    # log 2 for even odds, log 4/3 for odds of 3 to 1.
    expected = 0.25 * np.log(2) + 0.5 * np.log(4 / 3)
    assert TASK.loss(logits, rows, None).item() == pytest.approx(expected)
    expected = 2.0 * 0.25 * np.log(2) + 0.1 * 0.5 * np.log(4 / 3)
    assert TASK.loss(logits, rows, torch.tensor([0.1, 2.0])).item() == pytest.approx(expected)


def test_the_loss_of_half_precision_logits_is_full() -> None:
    logits = torch.tensor([[2.0, -1.0]], dtype=torch.bfloat16)
    assert TASK.loss(logits, [_feature(0)], None).dtype == torch.float32


def test_validation_measures_with_every_statistic(tiny_folder: Callable[[str], Path]) -> None:
    objective = _objective(tiny_folder("bert"))
    assert objective.validate() is None
    examples = [TextExample(text=text, label=label) for text, label in sentiment_rows()[:30]]
    objective._data = SupervisedData(objective._data.train, examples)
    objective.network.train()
    found = objective.validate()
    assert found is not None
    assert objective.network.training  # training goes on as before
    assert list(found.figures) == list(TASK.chosen)  # type: ignore[attr-defined]
    labels = [SPEC.labels[output.logits.argmax()] for _, output in objective._model.outputs(examples)]
    right = np.mean([label == example.label for label, example in zip(labels, examples, strict=True)])
    assert found.score == pytest.approx(right)
