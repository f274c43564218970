"""Acceptability: CoLA's files, the spellings of a judgement, fixed labels, Matthews first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from bertolt.data.examples import TextExample
from bertolt.data.readers import open_table
from bertolt.errors import DataError
from bertolt.models.spec import ModelSpec
from bertolt.tasks.acceptability import LABELS, TASK, read_judgement
from bertolt.tasks.reading import ColumnChoice, Reading, read_labelled
from bertolt.tasks.single_label import SequenceOutput
from bertolt.tasks.task import TaskSettings
from bertolt.training.fine_tune import fine_tune
from bertolt.training.settings import TrainSettings

COLA = (
    "gj04\t1\t\tThe sailors rode the breeze clear of the rocks.\n"
    'bc01\t0\t*\tHe said "go and I went.\n'
    "ks08\t0\t??\tWhom did who see?\n"
)


def read(path: Path, content: str) -> Reading:
    path.write_text(content, encoding="utf-8")
    return read_labelled(TASK, open_table(path, TASK.layouts), TaskSettings(), ColumnChoice())


def test_cola_has_no_header_and_no_quoting(tmp_path: Path) -> None:
    reading = read(tmp_path / "in_domain_dev.tsv", COLA)
    assert [(example.text, example.label) for example in reading.examples] == [
        ("The sailors rode the breeze clear of the rocks.", "acceptable"),
        ('He said "go and I went.', "unacceptable"),
        ("Whom did who see?", "unacceptable"),
    ]
    assert reading.columns == {"text": "sentence", "label": "label"}


def test_a_file_with_a_header_is_read_by_its_header(tmp_path: Path) -> None:
    reading = read(tmp_path / "own.tsv", "sentence\tacceptable\nIt rained.\tyes\nRained it.\tNo\n")
    assert [example.label for example in reading.examples] == ["acceptable", "unacceptable"]


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        ("0", "unacceptable"),
        ("1", "acceptable"),
        ("True", "acceptable"),
        ("false", "unacceptable"),
        ("*", "unacceptable"),
        ("OK", "acceptable"),
        ("Grammatical", "acceptable"),
        ("ungrammatical", "unacceptable"),
        ("Unacceptable", "unacceptable"),
        ("maybe", "maybe"),
    ],
)
def test_the_usual_spellings(raw: str, label: str) -> None:
    assert read_judgement(raw) == label


def test_the_labels_are_fixed_and_another_is_refused_by_line() -> None:
    one = TextExample(line=1, text="a", label="acceptable")
    zero = TextExample(line=2, text="b", label="unacceptable")
    assert TASK.label_names([one, zero], TaskSettings()) == LABELS
    strange = [TextExample(line=line, text="c", label="maybe") for line in (3, 9)]
    with pytest.raises(DataError, match="2 other: 'maybe' on line 3, 'maybe' on line 9"):
        TASK.label_names([one, zero, *strange], TaskSettings())


def test_the_metrics_by_hand() -> None:
    # Gold 1 1 1 0, predicted 1 1 0 0: Matthews (2*1 - 0*1) / sqrt(2*3*1*2).
    spec = ModelSpec(task=TASK.name, labels=LABELS)
    examples = [TextExample(text="a", label=LABELS[place]) for place in (1, 1, 1, 0)]
    outputs = [SequenceOutput(np.eye(2, dtype=np.float32)[place], 1, 1) for place in (1, 1, 0, 0)]
    found = {
        name: float(each(np.ones((1, 4)))[0])
        for name, each in TASK.statistics(examples, outputs, spec).items()
    }
    assert next(iter(found)) == TASK.metric == "matthews"
    assert found["matthews"] == pytest.approx(2 / np.sqrt(12))
    assert found["accuracy"] == pytest.approx(0.75)


def test_the_folder_gives_transformers_the_same_probabilities(
    tmp_path: Path, tiny_folder: Callable[[str], Path]
) -> None:
    data = tmp_path / "cola.tsv"
    rows = [
        f"x\t{number % 2}\t\tthe film was {('warm', 'cold')[number % 2]} {number}\n" for number in range(24)
    ]
    data.write_text("".join(rows), encoding="utf-8")
    run = fine_tune(
        TrainSettings(
            data=(str(data),), validation=str(data), task="cola", out=str(tmp_path / "model"), epochs=1,
            model=str(tiny_folder("bert")), device="cpu", threads=1,
        ),
        lambda line: None,
    )  # fmt: skip
    network = AutoModelForSequenceClassification.from_pretrained(run.folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(run.folder)
    with torch.inference_mode():
        theirs = network(**tokenizer("the film was warm", return_tensors="pt")).logits.softmax(-1)[0]
    result = run.pipeline("the film was warm")
    assert list(result.scores) == list(LABELS)
    assert list(result.scores.values()) == pytest.approx(theirs.tolist(), abs=1e-5)
    assert "passed" not in result.to_dict()
    assert "thresholds" not in result.to_dict()
    assert next(iter(run.record.metrics)) == "matthews"
