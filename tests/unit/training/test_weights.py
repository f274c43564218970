"""``--class-weight``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bertolt.data.examples import TextExample
from bertolt.errors import SettingError
from bertolt.tasks.registry import get_task
from bertolt.training.weights import class_weights

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
