"""Multi-label classification: reading several labels, the loss, thresholds, results and metrics."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score
from torch.nn import BCEWithLogitsLoss
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from bertolt.data.examples import MultiLabelExample
from bertolt.data.features import Feature
from bertolt.data.readers import open_table
from bertolt.data.splits import cut_off
from bertolt.data.table import Row
from bertolt.errors import DataError, SettingError
from bertolt.inference.pipeline import Pipeline
from bertolt.metrics.calibration import sigmoid
from bertolt.models.folder import load_examples
from bertolt.models.spec import ModelSpec
from bertolt.tasks.multi_label_classification import TASK
from bertolt.tasks.reading import ColumnChoice, Reading, read_labelled
from bertolt.tasks.single_label import SequenceOutput
from bertolt.tasks.task import TaskSettings, typed_settings
from bertolt.training.fine_tune import fine_tune
from bertolt.training.settings import TrainSettings
from bertolt.training.weights import class_weights

DEFAULTS = typed_settings(TASK, {})
SPEC = ModelSpec(task=TASK.name, labels=("anger", "joy", "love"), activation="sigmoid")


def read(path: Path, content: str, settings: TaskSettings = DEFAULTS) -> Reading:
    path.write_text(content, encoding="utf-8")
    return read_labelled(TASK, open_table(path, TASK.layouts), settings, ColumnChoice())


def labels(reading: Reading) -> list[tuple[str, ...]]:
    return [example.labels for example in reading.examples]


def example(*held: str, line: int = 0) -> MultiLabelExample:
    return MultiLabelExample(line=line, text="a", labels=held)


def output(*probabilities: float) -> SequenceOutput:
    logits = [math.log(each / (1 - each)) for each in probabilities]
    return SequenceOutput(np.asarray(logits, np.float32), 1, 1)


def test_goemotions_has_no_header_and_commas_between_numbers(tmp_path: Path) -> None:
    reading = read(tmp_path / "dev.tsv", 'I\'m "glad"!\t1,0\tee1\nOh, no.\t2\tee2\n')
    assert [each.text for each in reading.examples] == ['I\'m "glad"!', "Oh, no."]
    assert labels(reading) == [("1", "0"), ("2",)]
    assert reading.repaired == {"labels separated by ','": [1]}


def test_numbers_get_their_names_from_a_file(tmp_path: Path) -> None:
    names = tmp_path / "labels.txt"
    names.write_text("anger\njoy\nlove\n", encoding="utf-8")
    settings = typed_settings(TASK, {"names": str(names), "delimiter": ","})
    reading = read(tmp_path / "train.tsv", "One.\t1,0\te1\nTwo.\t2\te2\n", settings)
    assert labels(reading) == [("joy", "anger"), ("love",)]
    assert reading.repaired == {}  # the delimiter was said, so there is nothing to remark
    names.unlink()
    stored = typed_settings(TASK, json.loads(settings.model_dump_json()))
    assert stored == settings  # the folder needs no file beside it
    assert TASK.label_names(reading.examples[:1], settings) == ("anger", "joy", "love")
    with pytest.raises(DataError, match="'3' on line 2"):
        read(tmp_path / "train.tsv", "One.\t1\te1\nTwo.\t3\te2\n", settings)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("joy\n\nlove\n", "'' on line 2"),
        ("joy\njoy\n", "'joy' on line 2"),
        ("0\n1\n", "'0' on line 1"),
        ("", "empty"),
    ],
)  # fmt: skip
def test_a_file_of_names_that_cannot_be_used(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "names.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SettingError, match=message):
        typed_settings(TASK, {"names": str(path)})
    with pytest.raises(SettingError, match="a text file with a label's name on each line"):
        typed_settings(TASK, {"names": str(tmp_path / "nowhere.txt")})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["joy", "love"], ("joy", "love")),
        ([], ()),
        ([2, 0.0], ("2", "0")),
        (7, ("7",)),
        ("joy", ("joy",)),
        ("joy|love", ("joy", "love")),
        (" joy ; love ", ("joy", "love")),
        ("['joy', \"it's love\"]", ("joy", "it's love")),
        ('["a, b", "c"]', ("a, b", "c")),
        ("[]", ()),
        ("[3, 1]", ("3", "1")),
    ],
)
def test_lists_and_delimited_text(tmp_path: Path, value: object, expected: tuple[str, ...]) -> None:
    reading = read(tmp_path / "data.jsonl", json.dumps({"text": "One.", "labels": value}) + "\n")
    assert labels(reading) == [expected]


@pytest.mark.parametrize(
    "value", ["['joy' 'love']", "[joy]", [True], [None], [0.5], {"joy": 1}, "joy;love,hate"]
)
def test_values_that_are_refused_by_line(tmp_path: Path, value: object) -> None:
    good = json.dumps({"text": "One.", "labels": ["joy"]})
    with pytest.raises(DataError, match="on line 2"):
        read(tmp_path / "data.jsonl", good + "\n" + json.dumps({"text": "Two.", "labels": value}) + "\n")


def test_a_missing_value_is_not_an_empty_list(tmp_path: Path) -> None:
    reading = read(tmp_path / "data.csv", "text,labels\nOne.,[]\nTwo.,\n,joy\nFour.,joy\n")
    assert labels(reading) == [(), ("joy",)]
    assert (reading.without_label, reading.without_text) == ([3], [4])
    reading = read(tmp_path / "data.jsonl", '{"text": "a", "labels": []}\n{"text": "b", "labels": null}\n')
    assert (labels(reading), reading.without_label) == ([()], [2])


def test_empty_and_repeated_labels_are_left_out_with_a_note(tmp_path: Path) -> None:
    content = "text,tags\nOne.,joy|joy|\nTwo.,love\n"
    reading = read(tmp_path / "data.csv", content)
    assert labels(reading) == [("joy",), ("love",)]
    assert reading.repaired == {"labels separated by '|'; an empty or repeated label left out": [2]}


def test_the_delimiter_is_not_another_one_in_another_row(tmp_path: Path) -> None:
    content = 'text,labels\nOne.,joy|love\nTwo.,"sad, but calm"\n'
    reading = read(tmp_path / "data.csv", content)
    with pytest.raises(DataError, match=r"'\|' on line 2 and ',' on line 3"):
        TASK.label_names(reading.examples, DEFAULTS)
    reading = read(tmp_path / "data.csv", content, typed_settings(TASK, {"delimiter": "|"}))
    assert TASK.label_names(reading.examples, DEFAULTS) == ("joy", "love", "sad, but calm")


def test_labels_that_nothing_can_be_learnt_from() -> None:
    with pytest.raises(DataError, match="only 'joy' in 2 rows"):
        TASK.label_names([example("joy"), example()], DEFAULTS)
    with pytest.raises(DataError, match="rows without any in 1 row;"):
        TASK.label_names([example()], DEFAULTS)


def test_a_label_that_the_model_lacks_is_refused_by_line() -> None:
    with pytest.raises(DataError, match="'hate' on line 12"):
        TASK.statistics([example("hate", line=12)], [output(0.5, 0.5, 0.5)], SPEC)


def test_a_split_keeps_the_shares_of_rare_labels() -> None:
    often = [example("joy")] * 80 + [example()] * 60
    rare = [example("joy", "love")] * 20 + [example("anger", "love")] * 10
    strata = [TASK.stratum(each) for each in often + rare]
    stay, cut = cut_off(strata, 0.1, 0)
    assert sorted(stay + cut) == list(range(170))
    counts = Counter(label for index in cut for label in strata[index])
    assert counts == {"joy": 8 + 2, "love": 2 + 1, "anger": 1}


def test_a_split_leaves_a_row_of_every_label_to_learn_from() -> None:
    # "a" is rarer than none of its partners, so chance alone could cut off both of its rows.
    rows = [("a", "b"), ("a", "c"), ("b",), ("c",), ("d",), *[("e",)] * 5, ()]
    for seed in range(40):
        stay, cut = cut_off(rows, 0.5, seed)
        assert {label for index in stay for label in rows[index]} == set("abcde")
        assert 4 in stay  # the one row of "d"
        assert cut


def test_the_loss_is_transformers_for_rows_of_weight_one() -> None:
    logits = torch.tensor([[2.0, -1.0, 0.5], [0.0, 3.0, -2.0]], requires_grad=True)
    targets = np.asarray([[1, 0, 1], [0, 0, 1]], np.float32)
    ids = np.asarray([1], np.int32)
    features = [Feature(ids=ids, target=target) for target in targets]
    expected = BCEWithLogitsLoss()(logits, torch.from_numpy(targets))
    assert TASK.loss(logits, features, None).item() / 2 == pytest.approx(expected.item())
    halves = [Feature(ids=ids, target=target, weight=0.5) for target in targets]
    assert TASK.loss(logits, halves, None).item() == pytest.approx(expected.item())


def test_a_classes_weight_counts_where_its_label_holds() -> None:
    feature = Feature(ids=np.asarray([1], np.int32), target=np.asarray([1, 0], np.float32))
    loss = TASK.loss(torch.zeros(1, 2), [feature], torch.tensor([3.0, 5.0]))
    assert loss.item() == pytest.approx((3 * math.log(2) + math.log(2)) / 2)


def test_balanced_weights_count_labels() -> None:
    examples = [example("joy", "love"), example("joy"), example("joy"), example()]
    # 4 labels in all, of 2 kinds: 4 / (2 * 3) and 4 / (2 * 1).
    weights = class_weights("balanced", TASK, examples, ("joy", "love"))
    assert weights is not None
    assert weights.tolist() == pytest.approx([2 / 3, 2.0])


def test_a_result_says_what_passes_its_own_threshold() -> None:
    spec = SPEC.model_copy(update={"thresholds": (0.5, 0.2, 0.9)})
    result = TASK.decode(example(), output(0.6, 0.3, 0.8), spec)
    assert (result.label, result.passed) == ("anger, joy", ("anger", "joy"))
    assert result.score == pytest.approx(0.6)
    shown = result.to_dict()
    assert shown["passed"] == ["anger", "joy"]
    assert shown["thresholds"] == {"anger": 0.5, "joy": 0.2, "love": 0.9}
    assert shown["scores"] == pytest.approx({"anger": 0.6, "joy": 0.3, "love": 0.8})


def test_a_result_of_which_nothing_passes() -> None:
    result = TASK.decode(example(), output(0.1, 0.3, 0.2), SPEC)
    assert (result.label, result.passed) == ("[]", ())
    assert result.score == pytest.approx(0.7)  # that even the likeliest label does not hold
    assert result.thresholds == {"anger": 0.5, "joy": 0.5, "love": 0.5}
    assert result.to_dict()["passed"] == []


def test_thresholds_are_tuned_on_what_the_folded_network_says() -> None:
    # "anger" holds from 0.3 on, "joy" from 0.8 on; "love" has two positives only and shares.
    random = np.random.default_rng(0)
    examples, outputs = [], []
    for number in range(60):
        anger, joy = random.uniform(0.05, 0.95, 2)
        love = 0.9 if number < 2 else 0.1
        held = [
            name
            for name, holds in (("anger", anger > 0.3), ("joy", joy > 0.8), ("love", number < 2))
            if holds
        ]
        examples.append(example(*held))
        outputs.append(output(float(anger), float(joy), love))
    spec = TASK.choose(examples, outputs, SPEC)
    assert spec.temperature != 1.0
    folded = [SequenceOutput((each.logits / spec.temperature).astype(np.float32), 1, 1) for each in outputs]
    found = {
        name: float(each(np.ones((1, 60)))[0])
        for name, each in TASK.statistics(examples, folded, spec).items()
    }
    probabilities = sigmoid(np.stack([each.logits for each in folded]))
    gold = np.asarray([[label in each.labels for label in SPEC.labels] for each in examples])
    assert spec.thresholds is not None
    passes = probabilities >= np.asarray(spec.thresholds)
    assert (passes[:, :2] == gold[:, :2]).all()  # thresholds of their own tell them apart without a fault
    assert found["macro_f1"] == pytest.approx(f1_score(gold, passes, average="macro", zero_division=0))
    half = f1_score(gold, probabilities >= 0.5, average="macro", zero_division=0)
    assert found["macro_f1_at_half"] == pytest.approx(half)
    assert found["macro_f1"] > half
    assert next(iter(found)) == TASK.metric == "macro_f1"
    # With a support that none has, all share one threshold.
    shared = SPEC.model_copy(update={"settings": {"min_support": 61}})
    assert len(set(TASK.choose(examples, outputs, shared).thresholds or ())) == 1


def test_average_precision_decides_while_there_are_no_thresholds() -> None:
    examples = [example("joy"), example("anger"), example()]
    outputs = [output(0.2, 0.4, 0.1), output(0.3, 0.1, 0.1), output(0.1, 0.1, 0.2)]
    found = {
        name: float(each(np.ones((1, 3)))[0])
        for name, each in TASK.statistics(examples, outputs, SPEC).items()
    }
    assert next(iter(found)) == "average_precision"
    assert found["average_precision"] == pytest.approx(1.0)
    assert found["macro_f1"] == found["macro_f1_at_half"] == 0.0
    right = [0.8, 0.4, 0.9, 0.3, 0.9, 0.9, 0.9, 0.9, 0.8]
    assert found["log_loss"] == pytest.approx(-np.log(right).mean())


def test_the_folder_gives_transformers_the_same_probabilities(
    tmp_path: Path, tiny_folder: Callable[[str], Path]
) -> None:
    data = tmp_path / "data.jsonl"
    rows = [
        {"text": f"the film was {word} {number}", "labels": held}
        for number in range(12)
        for word, held in (("warm", ["love", "joy"]), ("dull", ["anger"]), ("long", []), ("witty", ["joy"]))
    ]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    run = fine_tune(
        TrainSettings(
            data=(str(data),), validation=str(data), task=TASK.name, out=str(tmp_path / "model"), epochs=2,
            lr=1e-2, model=str(tiny_folder("bert")), device="cpu", threads=1,
        ),
        lambda line: None,
    )  # fmt: skip
    network = AutoModelForSequenceClassification.from_pretrained(run.folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(run.folder)
    assert network.config.problem_type == "multi_label_classification"
    with torch.inference_mode():
        theirs = network(**tokenizer("the film was warm", return_tensors="pt")).logits.sigmoid()[0]
    again = Pipeline.from_folder(run.folder, device="cpu")
    for pipeline in (run.pipeline, again):
        result = pipeline("the film was warm")
        assert list(result.scores.values()) == pytest.approx(theirs.tolist(), abs=1e-5)
        thresholds = list(result.thresholds.values())
        assert thresholds == list(run.record.spec.thresholds or ())
        assert set(result.passed) == {
            label for label in result.scores if result.scores[label] >= result.thresholds[label]
        }
    assert [row["labels"] for row in load_examples(run.folder)] == [row["labels"] for row in rows]


@pytest.mark.parametrize(
    ("value", "flags"),
    [
        ([1, 0, 1], (1, 0, 1)), ([1.0, 0.0], (1, 0)), ([True, False], (1, 0)),
        (["0", "1", "1"], (0, 1, 1)),
        ("[1, 0, 1]", (1, 0, 1)), ("[1 0 1]", (1, 0, 1)), ("[1. 0. 0.]", (1, 0, 0)),
        ("[True, False]", (1, 0)),
        ("[0, 0]", (0, 0)), ("[0.0, 1.0, 1.0]", (0, 1, 1)),
    ],
)  # fmt: skip
def test_a_list_of_0_and_1_is_refused_or_read_with_names(value: Any, flags: tuple[int, ...]) -> None:
    row = Row(4, {"text": "x", "labels": value})
    with pytest.raises(DataError, match="on line 4") as caught:
        TASK.example(row, DEFAULTS)
    assert "--set names=NAME1,NAME2" in caught.value.do
    names = ("joy", "love", "fear")[: len(flags)]
    found = TASK.example(row, typed_settings(TASK, {"names": ",".join(names)}))
    assert found.labels == tuple(name for name, flag in zip(names, flags, strict=True) if flag)
    assert found.note == "a list of 0 and 1 read with the names of the labels"


def test_lists_of_two_places_without_a_repetition_are_refused_together() -> None:
    rows = [Row(line, {"text": "x", "labels": value}) for line, value in enumerate(("[1, 0]", "[0, 1]"), 2)]
    with pytest.raises(DataError, match="only the labels 0 and 1, both of them on line 2"):
        TASK.label_names([TASK.example(row, DEFAULTS) for row in rows], DEFAULTS)


def test_numbers_of_labels_stay_numbers_of_labels() -> None:
    settings = typed_settings(TASK, {"names": "joy,love,fear"})
    found = [
        TASK.example(Row(1, {"text": "x", "labels": value}), settings).labels
        for value in ([0, 1], [2], "[1, 0]", [])
    ]
    assert found == [("joy", "love"), ("fear",), ("love", "joy"), ()]
    mixed = [
        TASK.example(Row(line, {"text": "x", "labels": value}), settings)
        for line, value in enumerate(([1, 0, 1], [2]), start=1)
    ]
    with pytest.raises(DataError, match="one form of list in all rows"):
        TASK.label_names(mixed, settings)


def test_held_back_labels_are_no_label() -> None:
    for value in (-1, [-1], "-1", [-1, -1, -1]):
        found = TASK.example(Row(1, {"text": "x", "labels": value}), DEFAULTS)
        assert (found.labels, found.note) == (None, "without a label (-1)")


def test_names_in_the_option_itself(tmp_path: Path) -> None:
    assert typed_settings(TASK, {"names": " joy, love "}).names == ("joy", "love")  # type: ignore[attr-defined]
    with pytest.raises(SettingError, match="'joy' as number 2"):
        typed_settings(TASK, {"names": "joy,joy"})
