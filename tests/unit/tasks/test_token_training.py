"""Token classification from the file to the folder, on tiny backbones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bertolt.data.table import Row
from bertolt.data.tokenizer import Tokenizer
from bertolt.errors import DataError
from bertolt.inference.engine import TorchEngine
from bertolt.inference.pipeline import Pipeline
from bertolt.inference.run import Model
from bertolt.models.backbone import load_backbone
from bertolt.models.heads import Blueprint
from bertolt.models.spec import ModelSpec
from bertolt.tasks.task import TaskSettings
from bertolt.tasks.token_classification import TASK
from bertolt.training.fine_tune import Run, fine_tune
from bertolt.training.settings import TrainSettings
from bertolt.training.supervised import Supervised, SupervisedData

PLACES = ("film", "plot", "cast", "script")


def write_iob1(path: Path, last: str = "O") -> Path:
    """48 sentences in which the nouns are entities of two words with what stands before them."""
    lines = []
    for number in range(48):
        noun, other = PLACES[number % 4], PLACES[number // 4 % 4]
        sentence = (
            ("the", "I-ART"),
            (noun, "I-ART"),
            ("was", "O"),
            ("dull", "I-TONE"),
            (other, "I-ART"),
            (".", "O"),
        )
        lines += [f"{word} {tag}\n" for word, tag in sentence] + ["\n"]
    path.write_text("".join(lines) + f"boring {last}\nfilm I-ART\n", encoding="utf-8")
    return path


def train(folder: Path, backbone: Path, data: Path, **values: Any) -> Run:
    settings = {
        "epochs": 12,
        "batch_size": 8,
        "lr": 2e-2,
        "device": "cpu",
        "threads": 1,
        "patience": 0,
        **values,
    }
    return fine_tune(
        TrainSettings(
            data=(str(data),), task="ner", out=str(folder / "model"), model=str(backbone), **settings
        ),
        lambda line: None,
    )


@pytest.fixture(scope="module")
def run(tiny_folder: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("entities")
    data = write_iob1(folder / "train.conll")
    return train(folder, tiny_folder("roberta"), data, validation=str(data), class_weight="balanced")


def test_entities_are_learnt_from_iob1(run: Run) -> None:
    assert run.record.spec.labels == ("O", "B-ART", "I-ART", "B-TONE", "I-TONE")
    assert next(iter(run.record.metrics)) == "span_f1"
    assert run.record.metrics["span_f1"]["value"] == pytest.approx(1.0, abs=0.1)
    result = run.pipeline("the plot was dull film .")
    assert [(each.label, each.text, each.start) for each in result.entities] == [
        ("ART", "the plot", 0), ("TONE", "dull", 13), ("ART", "film", 18)
    ]  # fmt: skip


def test_the_auto_class_gives_the_same_probabilities(run: Run) -> None:
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    model = AutoModelForTokenClassification.from_pretrained(run.folder)
    tokenizer = AutoTokenizer.from_pretrained(run.folder)
    text = "the cast was dull"
    batch = tokenizer(text, return_tensors="pt", return_offsets_mapping=True)
    offsets = batch.pop("offset_mapping")[0].tolist()
    with torch.inference_mode():
        probabilities = model(**batch).logits.softmax(-1)[0]
    for word in run.pipeline(text).words:
        first = next(
            place for place, (start, end) in enumerate(offsets) if start < word.end and end > word.start
        )
        best = int(probabilities[first].argmax())
        assert model.config.id2label[best] == word.tag
        assert float(probabilities[first, best]) == pytest.approx(word.score, abs=1e-5)


def test_results_of_long_texts_have_true_offsets_and_read_all(run: Run) -> None:
    text = "the  plot 😀 wasn't שלום e\u0301t, " * 90
    result = run.pipeline(text)
    assert result.tokens_read == result.tokens > 512
    assert not result.truncated
    assert len(result.words) == 8 * 90
    assert all(text[word.start : word.end] == word.text for word in result.words)
    assert all(text[each.start : each.end] == each.text for each in result.entities)


def test_a_folder_loads_again(run: Run) -> None:
    inputs: list[Any] = ["the film was dull", {"words": ["the", "film"]}, "", "film"]
    assert Pipeline.from_folder(run.folder, device="cpu")(inputs) == run.pipeline(inputs)


def test_a_tag_in_validation_that_training_lacks_is_refused_before_training(
    tiny_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    data, validation = write_iob1(tmp_path / "train.conll"), write_iob1(tmp_path / "dev.conll", "B-SCORE")
    with pytest.raises(DataError, match="in the validation part; found 'B-SCORE' on line 337"):
        train(tmp_path, tiny_folder("bert"), data, validation=str(validation))
    assert not (tmp_path / "model").exists()


def test_a_step_divides_by_its_labelled_words(tiny_folder: Callable[[str], Path]) -> None:
    folder = tiny_folder("bert")
    tokenizer = Tokenizer.from_folder(folder)
    spec = ModelSpec(task=TASK.name, labels=("ADJ", "NOUN", "PUNCT"), max_length=10)
    torch.manual_seed(0)
    network = TASK.head.build(load_backbone(str(folder)), Blueprint(spec.labels, False)).eval()
    engine = TorchEngine(network, TASK.head, pad_id=tokenizer.pad_id, device=torch.device("cpu"))
    model = Model(TASK, spec, tokenizer, engine)
    rows = [
        TASK.example(Row(1, {"words": ["film"] * 30, "tags": ["NOUN"] * 29 + [None]}), TaskSettings()),
        TASK.example(Row(2, {"words": ["dull", "!"], "tags": ["ADJ", "PUNCT"]}), TaskSettings()),
    ]
    encoded = model.encode(rows)
    objective = Supervised(model, SupervisedData(encoded, []), batch_size=2, seed=0)
    (step,) = objective.steps(0)
    assert step.weight == 31.0
    outputs = [each for _, each in model.outputs(rows)]
    nats = [float(TASK.statistics([row], [each], model.spec)["log_loss"](np.ones((1, 1)))[0]) for row, each in
            zip(rows, outputs, strict=True)]  # fmt: skip
    total = sum(float(objective.loss(batch).detach()) for batch in step.batches)
    assert total / step.weight == pytest.approx((29 * nats[0] + 2 * nats[1]) / 31, abs=1e-5)
