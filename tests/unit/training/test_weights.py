"""``--class-weight``, and where a new head begins."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bertolt.data.examples import MultiLabelExample, TextExample
from bertolt.data.features import Feature
from bertolt.errors import SettingError
from bertolt.models.backbone import load_backbone
from bertolt.models.families import last_linear_name
from bertolt.models.heads import Blueprint
from bertolt.tasks.registry import get_task
from bertolt.training.weights import class_weights, prior_log_odds

TASK = get_task("text-classification")
LABELS = ("a", "b", "c")
EXAMPLES = [TextExample(text="x", label=label) for label in "aaaaaabbbc"]


def test_none_and_balanced_by_hand() -> None:
    assert class_weights("none", TASK, EXAMPLES, LABELS) is None
    found = class_weights("balanced", TASK, EXAMPLES, LABELS)
    assert found is not None
    # n / (K * count), as scikit-learn's compute_class_weight: 10 / (3 * 6), ...
    assert found.tolist() == pytest.approx([10 / 18, 10 / 9, 10 / 3])
    weights = dict(zip(LABELS, found.tolist(), strict=True))
    assert sum(weights[example.label or ""] for example in EXAMPLES) == pytest.approx(len(EXAMPLES))


def test_a_file_names_labels(tmp_path: Path) -> None:
    file = tmp_path / "weights.json"
    file.write_text('{"c": 2.5, "a": 1}', encoding="utf-8")
    found = class_weights(str(file), TASK, EXAMPLES, LABELS)
    assert found is not None
    assert found.tolist() == [1.0, 1.0, 2.5]


@pytest.mark.parametrize(
    "content", [[1, 2], {"a": 0}, {"a": -1}, {"a": True}, {"a": "2"}, {"a": float("inf")}]
)
def test_other_weights_are_refused(tmp_path: Path, content: Any) -> None:
    file = tmp_path / "weights.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(SettingError, match="a JSON object of label to a number above 0"):
        class_weights(str(file), TASK, EXAMPLES, LABELS)


def test_unknown_labels_and_files_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights.json"
    file.write_text('{"d": 1}', encoding="utf-8")
    with pytest.raises(SettingError, match="weights of the labels a, b, c; found also 'd' in"):
        class_weights(str(file), TASK, EXAMPLES, LABELS)
    file.write_text("{", encoding="utf-8")
    for choice in (str(file), "balance"):
        with pytest.raises(SettingError, match="none, balanced, or a JSON file"):
            class_weights(choice, TASK, EXAMPLES, LABELS)


def test_a_task_without_labels_has_no_class_weights() -> None:
    with pytest.raises(SettingError, match="leave --class-weight out"):
        class_weights("balanced", TASK, EXAMPLES, ())


def test_labels_that_hold_independently_begin_at_their_share() -> None:
    task = get_task("multi-label-classification")
    rows = [("a", "b"), ("a",), (), ("a",)]
    examples = [MultiLabelExample(text="x", labels=labels) for labels in rows]
    found = prior_log_odds("none", task, examples, ("a", "b", "never"))
    assert found == pytest.approx([math.log(4 / 2), math.log(2 / 4), math.log(1 / 5)])


def test_weighted_labels_begin_at_their_weighted_share(tmp_path: Path) -> None:
    task = get_task("multi-label-classification")
    rows = [("a", "b"), ("a",), (), ("a",)]
    examples = [MultiLabelExample(text="x", labels=labels) for labels in rows]
    file = tmp_path / "weights.json"
    file.write_text('{"b": 3}', encoding="utf-8")
    found = prior_log_odds(str(file), task, examples, ("a", "b"))
    assert found == pytest.approx([math.log(4 / 2), math.log(3 * 2 / 4)])
    # Counted once more each way, the weighted loss is least there: its slope is 0.
    logits = torch.tensor([found] * 6, requires_grad=True)
    held = torch.tensor([[1.0, 1.0], [1, 0], [0, 0], [1, 0], [1, 1], [0, 0]])
    features = [Feature(np.zeros(1, np.int32), target=row.numpy()) for row in held]
    task.loss(logits, features, class_weights(str(file), task, examples, ("a", "b"))).backward()
    assert logits.grad is not None
    assert logits.grad.sum(dim=0).tolist() == pytest.approx([0, 0], abs=1e-6)


def test_labels_that_exclude_each_other_begin_at_nothing() -> None:
    assert prior_log_odds("balanced", TASK, EXAMPLES, LABELS) == ()


def test_a_new_head_begins_at_its_prior(tiny_folder: Callable[[str], Path]) -> None:
    backbone = load_backbone(str(tiny_folder("bert")))
    head = get_task("multi-label-classification").head
    network = head.build(backbone, Blueprint(("a", "b"), attention_dropout=False, prior=(-2.0, 0.5)))
    bias = network.get_submodule(last_linear_name(network)).bias
    assert bias.tolist() == [-2.0, 0.5]
