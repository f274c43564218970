"""The figure of cross-validation: by hand, in the rows' own order."""

from __future__ import annotations

import numpy as np
import pytest

from bertolt.data.examples import TextExample
from bertolt.evaluation.evaluate import Evaluation
from bertolt.evaluation.pooling import Fold, mean_over_folds, pool
from bertolt.metrics.intervals import estimate
from bertolt.metrics.statistic import mean
from bertolt.models.spec import ModelSpec
from bertolt.tasks.registry import get_task
from bertolt.tasks.single_label import SequenceOutput

TASK = get_task("text-classification")
LABELS = ("no", "yes")
#: Whether each row is yes, and whether the model says so.
GOLD = (1, 0, 1, 1, 0)
SAID = (1, 1, 1, 0, 0)


def _fold(rows: tuple[int, ...], **choices: float) -> Fold:
    spec = ModelSpec(task=TASK.name, labels=LABELS, temperature=1.0 + rows[0], choices=choices)
    examples = [TextExample(line=row + 1, text="a", label=LABELS[GOLD[row]]) for row in rows]
    outputs = [SequenceOutput(np.eye(2, dtype=np.float32)[SAID[row]], 1, 1 - row % 2) for row in rows]
    statistics = TASK.statistics(examples, outputs, spec)
    whole = sum(output.tokens_read for output in outputs) / len(rows)
    return Fold(rows, spec, Evaluation(estimate(statistics, len(rows)), statistics, examples, outputs, whole))


def test_folds_that_decide_alike_are_measured_as_one_set() -> None:
    found = pool(TASK, [_fold((3, 1)), _fold((0, 4, 2))])
    assert [example.line for example in found.examples] == [1, 2, 3, 4, 5]
    assert [int(output.logits.argmax()) for output in found.outputs] == list(SAID)
    assert found.metrics["accuracy"].value == pytest.approx(3 / 5)
    # F1 of yes: 2 hits of 3 said and 3 there; of no: 1 hit of 2 and 2.
    assert found.metrics["macro_f1"].value == pytest.approx((4 / 6 + 2 / 4) / 2)
    assert found.metrics["accuracy"].low <= 3 / 5 <= found.metrics["accuracy"].high
    assert found.read_whole == pytest.approx(3 / 5)


def test_folds_with_thresholds_of_their_own_are_averaged_by_their_rows() -> None:
    first, second = _fold((3, 1), threshold=0.2), _fold((0, 4, 2), threshold=0.7)
    found = pool(TASK, [first, second])
    assert found.metrics["accuracy"].value == pytest.approx(3 / 5)
    # In the first fold both rows are wrong, in the second all are right.
    assert found.metrics["macro_f1"].value == pytest.approx((2 * 0 + 3 * 1) / 5)


def test_a_mean_over_folds_follows_the_weights() -> None:
    statistic = mean_over_folds([((2, 0), mean([1.0, 0.0])), ((1,), mean([4.0]))])
    weights = np.asarray([[1.0, 1, 1], [2, 1, 0], [0, 0, 3], [1, 0, 0], [0, 2, 0]])
    np.testing.assert_allclose(statistic(weights), [5 / 3, 4 / 3, 1, 0, 4])
    assert np.isnan(statistic(np.zeros((1, 3)))).all()
