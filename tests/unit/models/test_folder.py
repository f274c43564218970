"""The model folder: whole, or refused with the file that is wrong."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from bertolt.data.tokenizer import Tokenizer
from bertolt.errors import FolderError
from bertolt.inference.pipeline import Pipeline
from bertolt.models.backbone import load_backbone
from bertolt.models.folder import Contents, is_ours, load_examples, load_record, save_model
from bertolt.models.heads import Blueprint, SequenceHead
from bertolt.models.spec import FolderRecord, ModelSpec
from tiny_models import train_tiny

EXAMPLES = [{"text": "good", "label": "positive"}, {"text": "bad", "label": "negative"}]


def _record(**changes: Any) -> FolderRecord:
    spec = ModelSpec(task="text-classification", labels=("negative", "positive"), temperature=1.25)
    values = {
        "spec": spec, "backbone": "tiny", "seed": 3, "data": "0123456789abcdef",
        "examples": {"train": 1234, "validation": 2, "test": 0},
        "versions": {"bertolt": "0.1.0"}, "threads": 2,
        "metrics": {"accuracy": {"value": 0.75, "low": 0.5, "high": 1.0},
                    "f1": {"value": None, "low": None, "high": None}},
        "measured_on": "validation",
    }  # fmt: skip
    return FolderRecord.model_validate({**values, **changes})


@pytest.fixture(scope="module")
def contents(tiny_folder: Callable[[str], Path]) -> Contents:
    torch.manual_seed(0)
    backbone = load_backbone(str(tiny_folder("bert")))
    network = SequenceHead().build(backbone, Blueprint(("negative", "positive"), attention_dropout=False))
    tokenizer = Tokenizer.from_folder(backbone.folder)
    return Contents(network, lambda folder: tokenizer.save(folder, 64), _record(), EXAMPLES)


@pytest.fixture
def folder(contents: Contents, tmp_path: Path) -> Path:
    assert save_model(tmp_path / "model", contents) is False
    return tmp_path / "model"


def test_what_is_saved_is_what_is_loaded(folder: Path, contents: Contents) -> None:
    assert load_record(folder) == contents.record
    assert load_examples(folder) == EXAMPLES
    assert {path.name for path in folder.iterdir()} == {
        "README.md", "bertolt.json", "config.json", "examples.parquet", "model.safetensors",
        "tokenizer.json", "tokenizer_config.json",
    }  # fmt: skip
    assert save_model(folder, contents) is True
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_the_card_says_what_a_stranger_must_know(folder: Path) -> None:
    card = (folder / "README.md").read_text(encoding="utf-8")
    for line in (
        "pipeline_tag: text-classification",
        "# model",
        "- Labels: `negative`, `positive`",
        "- Texts of up to 512 tokens, special ones included; of longer ones the beginning is read",
        "- Probabilities: softmax, temperature 1.250 folded into the last layer",
        "1,234 train, 2 validation examples (fingerprint `0123456789abcdef`), seed 3, 2 threads.",
        "| accuracy | 0.7500 | 0.5000 to 1.0000 |",
        "| f1 | undefined | – |",
    ):
        assert line in card.splitlines(), line


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bertolt.json", "a model folder with bertolt.json"),
        ("config.json", "a model folder with config.json"),
        ("tokenizer.json", "a model folder with tokenizer.json"),
        ("tokenizer_config.json", "a model folder with tokenizer_config.json"),
        ("model.safetensors", "weights in model.safetensors"),
    ],
)
def test_a_missing_file_is_named(folder: Path, name: str, expected: str) -> None:
    (folder / name).unlink()
    with pytest.raises(FolderError) as caught:
        load_record(folder)
    assert caught.value.expected == expected
    assert str(folder) in caught.value.found


@pytest.mark.parametrize("name", ["bertolt.json", "config.json", "tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize("damage", ["cut", "empty", "bytes"])
def test_a_damaged_file_is_named(folder: Path, name: str, damage: str) -> None:
    file = folder / name
    content = file.read_bytes()
    file.write_bytes({"cut": content[: len(content) // 2], "empty": b"", "bytes": b'{"a": "\xff"}'}[damage])
    with pytest.raises(FolderError) as caught:
        load_record(folder)
    assert str(file) in caught.value.expected + caught.value.found
    assert caught.value.do.startswith("copy the whole model folder again")


@pytest.mark.parametrize("kept", [0, 4, 50, 1000, -1])
def test_cut_weights_are_named(folder: Path, kept: int) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(FolderError) as caught:
        load_record(folder)
    assert caught.value.expected == "a whole safetensors file"
    assert str(file) in caught.value.found


def test_pickled_weights_are_never_read(folder: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (folder / "exploded",)

    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(FolderError, match=r"weights in model\.safetensors"):
        Pipeline.from_folder(folder, device="cpu")
    assert not (folder / "exploded").exists()


def test_code_in_a_folder_is_never_run(folder: Path) -> None:
    (folder / "evil.py").write_text(f"open({str(folder / 'exploded')!r}, 'w')\n", encoding="utf-8")
    file = folder / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    config["auto_map"] = {"AutoConfig": "evil.Config", "AutoModelForSequenceClassification": "evil.Model"}
    file.write_text(json.dumps({**config, "model_type": "evil"}), encoding="utf-8")
    with pytest.raises(FolderError, match="only as Python code beside the weights"):
        Pipeline.from_folder(folder, device="cpu")
    assert not (folder / "exploded").exists()


def test_damaged_examples_are_named(folder: Path) -> None:
    (folder / "examples.parquet").write_bytes(b"PAR1 and nothing more")
    with pytest.raises(FolderError, match="a whole parquet file"):
        load_examples(folder)


def test_a_folder_that_is_not_there_or_not_ours(tmp_path: Path, tiny_folder: Callable[[str], Path]) -> None:
    with pytest.raises(FolderError) as caught:
        load_record(tmp_path / "missing")
    assert caught.value.do == "train one: bertolt train reviews.csv --out DIR"
    with pytest.raises(FolderError) as caught:
        load_record(tiny_folder("bert"))
    assert caught.value.do == "name a folder that `bertolt train` wrote"
    assert not is_ours(tiny_folder("bert"))


def test_half_a_swap_is_finished_by_the_reader(folder: Path, contents: Contents) -> None:
    shutil.copytree(folder, folder.with_name(".model.new"))
    folder.rename(folder.with_name(".model.old"))
    assert load_record(folder) == contents.record


@pytest.mark.parametrize(
    "changes",
    [{"seed": "three"}, {"unknown": 1}, {"measured_on": "train"}, {"spec": {"task": "x", "long": "middle"}}],
)
def test_a_record_of_another_form_is_refused(folder: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _record(**changes)
    file = folder / "bertolt.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**content, **changes}), encoding="utf-8")
    with pytest.raises(FolderError, match=r"a bertolt\.json that this version can read"):
        load_record(folder)


def test_labels_that_differ_from_the_configuration_are_refused(folder: Path) -> None:
    file = folder / "bertolt.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    content["spec"]["labels"] = ["positive", "negative"]
    file.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(FolderError) as caught:
        load_record(folder)
    assert caught.value.expected == "the same labels in bertolt.json and config.json"
    assert caught.value.found == f"positive, negative and negative, positive in {str(folder)!r}"


def test_a_question_answering_folder_has_outputs_but_no_labels(
    tiny_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = train_tiny("question-answering", tmp_path, tiny_folder)
    assert load_record(folder).spec.labels == ()
