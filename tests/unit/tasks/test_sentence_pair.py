"""Sentence pairs: the columns and labels of the usual files, what is left out, and the metrics."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from bertolt.data.examples import PairExample
from bertolt.data.readers import open_table
from bertolt.errors import DataError, InputError
from bertolt.models.spec import ModelSpec
from bertolt.tasks.reading import ColumnChoice, Reading, input_example, read_labelled
from bertolt.tasks.sentence_pair_classification import TASK, positive_label
from bertolt.tasks.single_label import SequenceOutput
from bertolt.tasks.task import TaskSettings
from bertolt.training.fine_tune import fine_tune
from bertolt.training.settings import TrainSettings

USUAL = ColumnChoice()


def read(path: Path, content: str, choice: ColumnChoice = USUAL) -> Reading:
    path.write_text(content, encoding="utf-8")
    return read_labelled(TASK, open_table(path, TASK.layouts), TaskSettings(), choice)


def pairs(reading: Reading) -> list[tuple[str, str, str | None]]:
    return [(example.text, example.text_pair, example.label) for example in reading.examples]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("rte.tsv", "index\tsentence1\tsentence2\tlabel\n0\tA.\tB.\tyes\n", ("A.", "B.", "yes")),
        (
            "mrpc.tsv",
            '\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t7\t8\tHe said " no "\t" No , he said\n',
            ('He said " no "', '" No , he said', "1"),
        ),
        (
            "qqp.tsv",
            "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n1\t2\t3\tWhy?\tHow?\t0\n",
            ("Why?", "How?", "0"),
        ),
        ("qnli.tsv", "index\tquestion\tsentence\tlabel\n0\tWho?\tShe.\tyes\n", ("Who?", "She.", "yes")),
        (
            "snli.jsonl",
            '{"annotator_labels": [], "gold_label": "neutral", "sentence1": "A.", "sentence2": "B."}\n',
            ("A.", "B.", "neutral"),
        ),
        ("nli.jsonl", '{"premise": "A.", "hypothesis": "B.", "label": 1}\n', ("A.", "B.", "1")),
        ("ours.csv", "text_pair,text,label\nsecond,first,x\n", ("first", "second", "x")),
    ],
)  # fmt: skip
def test_the_columns_of_the_usual_files(
    tmp_path: Path, name: str, content: str, expected: tuple[str, str, str]
) -> None:
    assert pairs(read(tmp_path / name, content)) == [expected]


def test_named_columns_come_in_the_tasks_order(tmp_path: Path) -> None:
    content = "a,b,sentence,c\none,two,three,x\n"
    reading = read(tmp_path / "data.csv", content, ColumnChoice(("b", "a"), ("c",)))
    assert pairs(reading) == [("two", "one", "x")]


def test_a_column_is_never_both_sides(tmp_path: Path) -> None:
    content = "sentence,label\none,x\n"
    with pytest.raises(DataError, match=r"a text column in .*text_pair"):
        read(tmp_path / "data.csv", content, ColumnChoice(("sentence",)))
    with pytest.raises(DataError, match="'sentence' twice"):
        read(tmp_path / "data.csv", content, ColumnChoice(("sentence", "sentence")))


def test_what_cannot_be_learnt_from_is_left_out_by_line(tmp_path: Path) -> None:
    content = (
        "sentence1\tsentence2\tgold_label\n"
        "A.\tB.\tneutral\nA.\tB.\t-\nA.\t \tneutral\n\tB.\tneutral\nA.\tB.\t\nC.\tD.\t-\n"
    )
    reading = read(tmp_path / "snli.tsv", content)
    assert pairs(reading) == [("A.", "B.", "neutral")]
    assert reading.without_text == [4, 5]
    assert reading.without_label == [6]
    assert reading.left_out == {"without a gold label ('-')": [3, 7]}


def test_a_file_without_one_gold_label_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"found 2 rows without a gold label \('-'\)"):
        read(tmp_path / "snli.tsv", "sentence1\tsentence2\tgold_label\nA.\tB.\t-\nA.\tC.\t-\n")


def test_an_input_is_an_object_of_both_sides() -> None:
    example = input_example(TASK, {"text": "A.", "text_pair": "B."}, TaskSettings())
    assert example == PairExample(text="A.", text_pair="B.")
    for wrong in ("A.", {"text": "A."}, {"text": "A.", "text_pair": "B.", "more": "C."}):
        with pytest.raises(InputError, match=r'an object \{"text": …, "text_pair": …\}'):
            input_example(TASK, wrong, TaskSettings())


@pytest.mark.parametrize(
    ("labels", "positive"),
    [
        (("0", "1"), "1"),
        (("no", "yes"), "yes"),
        (("entailment", "not_entailment"), "entailment"),
        (("duplicate", "non-duplicate"), "duplicate"),
        (("not paraphrase", "paraphrase"), "paraphrase"),
        (("False", "True"), "True"),
    ],
)
def test_the_positive_label_is_the_one_that_is_not_denied(labels: tuple[str, str], positive: str) -> None:
    assert labels[positive_label(labels)] == positive


def test_the_metrics_by_hand() -> None:
    # Gold e e e n, predicted e n e e: accuracy 2/4; F1 of "entailment" 2*2/(3+3); Matthews
    # (2*0 - 1*1) / sqrt(3*3*1*1).
    spec = ModelSpec(task=TASK.name, labels=("entailment", "not_entailment"))
    gold, predicted = "eeen", "enee"
    names = {"e": "entailment", "n": "not_entailment"}
    examples = [PairExample(text="a", text_pair="b", label=names[letter]) for letter in gold]
    outputs = [
        SequenceOutput(np.array([1.0, 0.0] if letter == "e" else [0.0, 1.0], np.float32), 2, 2)
        for letter in predicted
    ]
    found = {
        name: float(each(np.ones((1, 4)))[0])
        for name, each in TASK.statistics(examples, outputs, spec).items()
    }
    assert next(iter(found)) == TASK.metric == "accuracy"
    assert found["accuracy"] == pytest.approx(0.5)
    assert found["f1"] == pytest.approx(2 / 3)
    assert found["matthews"] == pytest.approx(-1 / 3)


def test_f1_is_of_two_labels_only() -> None:
    spec = ModelSpec(task=TASK.name, labels=("a", "b", "c"))
    output = SequenceOutput(np.zeros(3, np.float32), 2, 2)
    statistics = TASK.statistics([PairExample(text="a", text_pair="b", label="c")], [output], spec)
    assert "f1" not in statistics
    assert "macro_f1" in statistics


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_the_folder_gives_transformers_the_same_logits(
    tmp_path: Path, tiny_folder: Callable[[str], Path], family: str
) -> None:
    sides = [
        ("the film was warm", "a dull plot"),
        ("witty .", "the cast was witty and cold"),
        ("!", "the story"),
    ]
    data = tmp_path / "pairs.tsv"
    rows = [f"{one} {number}\t{two}\t{number % 3}\n" for number in range(10) for one, two in sides]
    data.write_text("premise\thypothesis\tlabel\n" + "".join(rows), encoding="utf-8")
    run = fine_tune(
        TrainSettings(
            data=(str(data),), validation=str(data), task="nli", out=str(tmp_path / "model"), epochs=1,
            model=str(tiny_folder(family)), device="cpu", threads=1,
        ),
        lambda line: None,
    )  # fmt: skip
    results = run.pipeline([{"text": one, "text_pair": two} for one, two in sides])
    network = AutoModelForSequenceClassification.from_pretrained(run.folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(run.folder)
    for (one, two), result in zip(sides, results, strict=True):
        with torch.inference_mode():
            theirs = network(**tokenizer(one, two, return_tensors="pt")).logits.softmax(-1)[0]
        assert list(result.scores) == [network.config.id2label[place] for place in range(3)]
        assert list(result.scores.values()) == pytest.approx(theirs.tolist(), abs=1e-5)
    assert network.config.problem_type == "single_label_classification"
