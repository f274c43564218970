"""Two models on the same rows: networks whose answers are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bertolt.data.examples import TextExample
from bertolt.errors import InputError
from bertolt.evaluation.compare import Comparison, compare_models, verdict
from bertolt.inference.run import Model
from bertolt.metrics.paired import Difference, mcnemar
from bertolt.models.spec import ModelSpec
from bertolt.tasks.registry import get_task
from bertolt.tasks.single_label import SequenceOutput


class Known(Model):
    """Says for each example what a list says."""

    answers: Sequence[int]

    def outputs(self, examples: Any) -> Any:
        for example, answer in zip(examples, self.answers, strict=True):
            logits = np.asarray([0.0, 0.0], np.float32)
            logits[answer] = 2.0
            yield example, SequenceOutput(logits, 5, 5)


def model(answers: Sequence[int], task: str = "text-classification") -> Known:
    made = Known(get_task(task), ModelSpec(task=task, labels=("n", "p")), None, None)  # type: ignore[arg-type]
    object.__setattr__(made, "answers", answers)
    return made


GOLD = [0, 1] * 50
EXAMPLES = [TextExample(line=n, text=f"text {n}", label="np"[label]) for n, label in enumerate(GOLD, 2)]


def flip(*places: int) -> list[int]:
    return [1 - label if n in places else label for n, label in enumerate(GOLD)]


def compare(a: list[int], b: list[int]) -> Comparison:
    return compare_models(model(a), model(b), EXAMPLES)


def test_figures_of_a_better_model() -> None:
    found = compare(flip(*range(30)), flip(0, 1, 99))
    assert found.primary == "accuracy"
    assert next(iter(found.metrics)) == "accuracy"
    change = found.metrics["accuracy"]
    assert (change.a.value, change.b.value) == (pytest.approx(0.70), pytest.approx(0.97))
    assert change.difference.value == pytest.approx(0.27)
    assert (found.only_a, found.only_b) == (1, 28)
    assert found.mcnemar == pytest.approx(mcnemar([0] * 28 + [1], [1] * 28 + [0]))
    assert found.verdict.startswith("B is better by 27.0 points of accuracy, 95% interval ")


def test_classes_change_on_their_own_rows() -> None:
    found = compare(flip(0, 2, 4), flip(1))  # rows 0, 2, 4 are of class n, row 1 of class p
    assert [(each.name, each.n) for each in found.classes] == [("n", 50), ("p", 50)]
    assert [each.difference.value for each in found.classes] == pytest.approx([3 / 50, -1 / 50])


def test_flips_are_the_rows_that_differ_lost_ones_first() -> None:
    found = compare(flip(0, 2), flip(2, 5))
    assert [(row.a.line, row.a.right, row.b.right) for row in found.flips] == [
        (7, True, False),
        (2, False, True),
    ]
    assert found.flips[0].to_dict()["a"]["predicted"] == "p"


def test_a_model_beside_itself() -> None:
    found = compare(flip(3), flip(3))
    assert found.flips == []
    assert found.mcnemar == 1.0
    assert found.verdict == (
        "no difference can be shown on 100 rows: by accuracy they are equal, 95% interval 0.0 to 0.0"
    )


def test_models_of_two_tasks_are_refused() -> None:
    with pytest.raises(InputError, match="one task"):
        compare_models(model(GOLD), model(GOLD, "acceptability"), EXAMPLES)


def test_the_document_is_plain() -> None:
    document = compare(flip(0), flip(1)).to_dict()
    assert document["n"] == 100
    assert document["mcnemar"] == {"p": 1.0, "only_a": 1, "only_b": 1}
    assert {"a", "b", "difference"} <= set(document["metrics"]["log_loss"])


@pytest.mark.parametrize(
    ("metric", "difference", "sentence"),
    [
        ("f1", (0.012, 0.003, 0.021), "B is better by 1.2 points of f1, 95% interval 0.3 to 2.1"),
        ("f1", (-0.012, -0.021, -0.003), "A is better by 1.2 points of f1, 95% interval 0.3 to 2.1"),
        ("brier", (-0.05, -0.08, -0.02), "B is better by 5.0 points of brier, 95% interval 2.0 to 8.0"),
        (
            "f1",
            (-0.004, -0.012, 0.005),
            "no difference can be shown on 9 rows: by f1 B is 0.4 points worse, 95% interval -1.2 to 0.5",
        ),
        ("f1", (np.nan, np.nan, np.nan), "no difference can be measured: f1 is undefined on these 9 rows"),
    ],
)
def test_the_verdict(metric: str, difference: tuple[float, float, float], sentence: str) -> None:
    assert verdict(metric, Difference(*difference), 9) == sentence


def test_an_abstaining_model_is_compared_by_what_it_would_say() -> None:
    quiet = replace(model(GOLD), abstain_below=0.99)
    object.__setattr__(quiet, "answers", GOLD)
    assert compare_models(model(GOLD), quiet, EXAMPLES).flips == []
