"""Grades of sentences, and of ordered lists: targets, loss, choices, results, metrics."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import cohen_kappa_score
from torch.nn import functional

from bertolt.data.examples import GradedExample
from bertolt.data.features import Feature
from bertolt.data.table import Row
from bertolt.errors import DataError, SettingError
from bertolt.models.spec import ABSTAIN, ModelSpec
from bertolt.tasks.grade_figures import CLAIMS
from bertolt.tasks.grades import GRADES, OUTPUTS, output_targets
from bertolt.tasks.sentence_grading import TASK
from bertolt.tasks.single_label import SequenceOutput
from bertolt.tasks.task import typed_settings
from bertolt.training.weights import class_weights

NAN = math.nan
SPEC = ModelSpec(task=TASK.name, settings=TASK.Settings().model_dump(), labels=OUTPUTS)
STARS = ("1", "2", "3")


def order_spec(**settings: Any) -> ModelSpec:
    typed = TASK.Settings.model_validate({"order": "1,2,3", **settings})
    labels = TASK.label_names([example("1"), example("3")], typed)
    return ModelSpec(task=TASK.name, settings=typed.model_dump(mode="json"), labels=labels)


def example(label: str | None, *judged: str) -> GradedExample:
    return GradedExample(text="a text", label=label, judged=judged)


def output(*probabilities: float) -> SequenceOutput:
    """The output whose logits have these probabilities of yes."""
    array = np.asarray(probabilities, np.float64)
    return SequenceOutput(np.log(array / (1 - array)).astype(np.float32), 3, 3)


def sums(statistics: Any, n: int) -> dict[str, float]:
    return {name: float(statistic(np.ones((1, n)))[0]) for name, statistic in statistics.items()}


@pytest.mark.parametrize(
    ("given", "targets"),
    [
        (example("not grammatical"), [0, NAN, NAN, NAN]),
        (example("grammatical"), [1, 0, NAN, NAN]),
        (example("somewhat true"), [1, 1, 1, 0]),
        (example("true"), [1, 1, 1, 1]),
        (example("acceptable"), [1, NAN, NAN, NAN]),
        (example("verifiable"), [1, 1, NAN, NAN]),
        (example("false", "verifiable", "truth"), [NAN, 1, 0, NAN]),
        (example("grammatical", "verifiable", "truth"), [NAN, 0, NAN, NAN]),
        (example("true", "truth"), [NAN, NAN, 1, 1]),
    ],
)
def test_what_a_label_teaches(given: GradedExample, targets: list[float]) -> None:
    np.testing.assert_array_equal(output_targets(given), np.float32(targets))


def test_the_loss_is_masked_and_weighted() -> None:
    logits = torch.tensor([[2.0, -1.0, 0.5, 0.0], [2.0, -1.0, 0.5, 0.0]])
    features = [
        Feature(ids=np.zeros(1, np.int32), target=output_targets(example("acceptable"))),
        Feature(ids=np.zeros(1, np.int32), target=output_targets(example("false", "truth")), weight=0.5),
    ]
    wanted = math.log1p(math.exp(-2.0)) + 0.5 * math.log1p(math.exp(0.5))
    assert float(TASK.loss(logits, features, None)) == pytest.approx(wanted, rel=1e-6)


def test_cross_entropy_is_torchs() -> None:
    logits = torch.tensor([[2.0, -1.0, 0.5], [0.0, 1.0, 0.5]])
    features = [Feature(ids=np.zeros(1, np.int32), target=np.int64(each)) for each in (0, 2)]
    wanted = functional.cross_entropy(logits, torch.tensor([0, 2]), reduction="sum")
    assert float(TASK.loss(logits, features, None)) == pytest.approx(float(wanted))
    weight = torch.tensor([3.0, 1.0, 1.0])
    weighted = functional.cross_entropy(logits, torch.tensor([0, 2]), weight=weight, reduction="sum")
    assert float(TASK.loss(logits, features, weight)) == pytest.approx(float(weighted))


def test_a_grade_is_composed_of_judgements() -> None:
    found = TASK.decode(example(None), output(0.9, 0.8, 0.7, 0.4), SPEC)
    assert (found.grade, found.name, found.unsure) == (3, "somewhat true", 1)
    wanted = [0.1, 0.9 * 0.2, 0.9 * 0.8 * 0.3, 0.9 * 0.8 * 0.7 * 0.6, 0.9 * 0.8 * 0.7 * 0.4]
    assert list(found.probabilities) == list(GRADES)
    assert list(found.probabilities.values()) == pytest.approx(wanted, rel=1e-6)
    assert found.score == pytest.approx(wanted[3], rel=1e-6)
    assert list(found.judgements) == list(OUTPUTS)
    assert list(found.judgements.values()) == pytest.approx([0.9, 0.8, 0.7, 0.4], rel=1e-6)
    assert "unsure" not in found.to_dict()


def test_an_order_is_decoded_by_its_median_or_its_mode() -> None:
    given = output(0.6, 0.6)  # 0.4, 0.24, 0.36
    assert order_spec().labels == ("more than 1", "more than 2")
    assert TASK.decode(example(None), given, order_spec()).name == "2"
    found = TASK.decode(example(None), given, order_spec(decode="mode"))
    assert (found.name, found.grade, found.judgements, found.unsure) == ("1", 0, {}, None)
    classes = order_spec(loss="cross-entropy", decode="mode")
    assert classes.labels == STARS
    logits = SequenceOutput(np.log(np.float32([0.4, 0.24, 0.36])), 3, 3)
    shares = TASK.decode(example(None), logits, classes).probabilities
    assert list(shares.values()) == pytest.approx([0.4, 0.24, 0.36], rel=1e-6)
    assert TASK.decode(example(None), logits, order_spec(loss="cross-entropy")).name == "2"


def test_metrics_are_of_sentences_whose_grade_is_known() -> None:
    labels = ["not grammatical", "false", "true", "true", "acceptable", "acceptable"]
    outputs = [
        output(0.1, 0.5, 0.5, 0.5),  # 0
        output(0.9, 0.9, 0.1, 0.5),  # 2
        output(0.9, 0.9, 0.9, 0.9),  # 4
        output(0.9, 0.1, 0.5, 0.5),  # 1
        output(0.9, 0.1, 0.5, 0.5),  # 1: open, right
        output(0.1, 0.5, 0.5, 0.5),  # 0: open, wrong
    ]
    found = sums(TASK.statistics([example(label) for label in labels], outputs, SPEC), 6)
    gold, given = [0, 2, 4, 4], [0, 2, 4, 1]
    kappa = cohen_kappa_score(gold, given, weights="quadratic", labels=range(5))
    assert next(iter(found)) == TASK.metric
    assert found["quadratic_weighted_kappa"] == pytest.approx(kappa)
    assert found["mean_absolute_error"] == pytest.approx(3 / 4)
    assert found["within_one"] == pytest.approx(3 / 4)
    assert found["accuracy"] == pytest.approx(4 / 6)
    # Said to be acceptable: 4 of 5 that are, 0 of 1 that is not.
    assert found["acceptability_matthews"] == pytest.approx(4 / math.sqrt(4 * 5 * 1 * 2))
    shares = [0.9, 0.9 * 0.9 * 0.9, 0.9**4, 0.9 * 0.1 * 0.5 * 0.5, 0.9, 0.1]
    assert found["log_loss"] == pytest.approx(-np.log(shares).mean(), rel=1e-6)


def test_of_grammar_alone_matthews_decides() -> None:
    examples = [example("acceptable"), example("not grammatical")]
    outputs = [output(0.9, 0.5, 0.5, 0.5), output(0.2, 0.5, 0.5, 0.5)]
    found = sums(TASK.statistics(examples, outputs, SPEC), 2)
    assert next(iter(found)) == "acceptability_matthews"
    assert found["acceptability_matthews"] == pytest.approx(1.0)


def test_the_temperature_is_of_all_known_answers() -> None:
    # Every answer says 0.9 and is right in 3 of 4: the best one says 0.75.
    examples = [example("acceptable")] * 3 + [example("not grammatical")]
    spec = TASK.choose(examples, [output(0.9, 0.5, 0.5, 0.5)] * 4, SPEC)
    assert spec.temperature == pytest.approx(math.log(9) / math.log(3), rel=1e-3)
    assert spec.choices == {}  # no truth is known


def validation(right: int, wrong: int) -> ModelSpec:
    """A spec chosen on 20 sentences: so many are rightly and wrongly called true, the others unverifiable."""
    labels = ["true"] * right + ["false"] * wrong + ["grammatical"] * (20 - right - wrong)
    outputs = [output(0.9, 0.9, 0.9, 0.9)] * (right + wrong) + [output(0.9, 0.1, 0.5, 0.5)] * (
        20 - right - wrong
    )
    return TASK.choose([example(label) for label in labels], outputs, SPEC)


def test_truth_is_spoken_of_where_it_is_right_three_times_in_four() -> None:
    spec = validation(right=6, wrong=2)
    assert spec.choices[CLAIMS] == pytest.approx(8 / 20)
    logits = output(0.9, 0.9, 0.9, 0.9).logits / spec.temperature
    assert spec.choices[ABSTAIN] == pytest.approx((1 / (1 + np.exp(-logits[0]))) ** 4, rel=1e-5)


def test_truth_is_not_spoken_of_where_it_is_not() -> None:
    assert validation(right=5, wrong=3).choices == {ABSTAIN: 1.0, CLAIMS: 0.0}
    assert validation(right=2, wrong=0).choices == {ABSTAIN: 1.0, CLAIMS: 0.0}  # no more than a tenth
    assert validation(right=3, wrong=0).choices[CLAIMS] == pytest.approx(3 / 20)


def test_a_judgement_without_rows_is_refused() -> None:
    settings = TASK.Settings()
    with pytest.raises(DataError, match="truth"):
        TASK.label_names([example("acceptable"), example("grammatical")], settings)
    assert TASK.label_names([example("not grammatical"), example("true")], settings) == OUTPUTS


def test_an_order_refuses_other_labels_and_a_single_one() -> None:
    settings = TASK.Settings.model_validate({"order": "1,2,3"})
    with pytest.raises(DataError, match="'4'"):
        TASK.label_names([example("1"), example("4")], settings)
    with pytest.raises(DataError, match="two different"):
        TASK.label_names([example("1"), example("1")], settings)


@pytest.mark.parametrize(
    "values", [{"order": "1"}, {"order": "1,1"}, {"order": "1,,2"}, {"loss": "cross-entropy"}, {"cap": 0}]
)
def test_settings_that_do_not_fit_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(SettingError):
        typed_settings(TASK, values)


def test_another_label_is_refused_with_its_line() -> None:
    row = Row(7, {"text": "a", "label": "neutral"})
    with pytest.raises(DataError, match="'neutral' on line 7"):
        TASK.example(row, TASK.Settings())


def test_classes_have_weights_only_where_each_has_an_output() -> None:
    examples = [example("1"), example("3"), example("3"), example("2")]
    with pytest.raises(SettingError, match="class-weight"):
        class_weights("balanced", TASK, examples, order_spec().labels)
    found = class_weights("balanced", TASK, examples, STARS)
    assert found is not None
    assert found.tolist() == pytest.approx([4 / 3, 4 / 3, 2 / 3])


def test_only_the_five_grades_are_capped_by_themselves() -> None:
    assert TASK.Settings().most_rows() == 8000
    assert TASK.Settings.model_validate({"order": STARS}).most_rows() is None
    assert TASK.Settings.model_validate({"order": STARS, "cap": 5}).most_rows() == 5
