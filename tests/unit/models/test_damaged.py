"""Damaged folders: each loads and gives finite numbers, or ends in one FolderError."""

from __future__ import annotations

import json
import resource
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from bertolt.errors import FolderError
from bertolt.inference.pipeline import Pipeline
from bertolt.models.config import read_config
from damage import check_drawn, use_backbone, use_model
from tiny_models import train_tiny

Folder = Callable[[str], Path]
EXAMPLES = 30


@pytest.fixture(scope="module")
def model(tiny_folder: Folder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_tiny("text-classification", tmp_path_factory.mktemp("whole"), tiny_folder)


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model, tmp_path / "copy"))


def change(file: Path, **values: Any) -> None:
    document = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**document, **values}), encoding="utf-8")


CONFIGS: tuple[Mapping[str, Any], ...] = (
    {"hidden_size": -1}, {"hidden_size": 10**12}, {"hidden_size": "text"}, {"hidden_size": 33},
    {"intermediate_size": 10**7}, {"num_attention_heads": 0}, {"num_attention_heads": 7},
    {"num_hidden_layers": 10_000_000}, {"num_hidden_layers": 100}, {"vocab_size": 0}, {"vocab_size": 10**9},
    {"vocab_size": 10}, {"hidden_act": "unknown"}, {"id2label": {"a": "b"}}, {"id2label": ["a"]},
    {"num_labels": 100_000_000}, {"quantization_config": {"quant_method": "bitsandbytes"}},
    {"model_type": "unknown"}, {"model_type": None}, {"hidden_dropout_prob": "text"},
    {"max_position_embeddings": 10**9}, {"max_position_embeddings": 4}, {"type_vocab_size": -3},
)  # fmt: skip


@pytest.mark.parametrize("values", CONFIGS, ids=str)
def test_an_impossible_config_is_refused_in_both_uses(copy: Path, values: Mapping[str, Any]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    change(copy / "config.json", **values)
    with pytest.raises(FolderError):
        use_model(copy)
    if values != {"max_position_embeddings": 4}:  # only our record says how long rows are
        with pytest.raises(FolderError):
            use_backbone(copy)
    assert time.process_time() - start < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000  # KB


@pytest.mark.parametrize(
    "values",
    [{"max_length": value} for value in (0, -1, True, "8", 10**9)]
    + [{"labels": []}, {"labels": ["a", "a"]}, {"labels": ["", "b"]}, {"labels": ["a", "b", "c"]}]
    + [{"temperature": 0}, {"temperature": float("nan")}, {"thresholds": [0.5]}, {"task": "unknown"}],
    ids=str,
)
def test_an_impossible_record_is_refused(copy: Path, values: Mapping[str, Any]) -> None:
    record = json.loads((copy / "bertolt.json").read_text())
    change(copy / "bertolt.json", spec={**record["spec"], **values})
    with pytest.raises(FolderError):
        use_model(copy)


@pytest.mark.parametrize("name", ["config.json", "bertolt.json", "tokenizer.json", "tokenizer_config.json"])
def test_json_that_is_too_deep_is_refused(copy: Path, name: str) -> None:
    (copy / name).write_text('{"a": ' + "[" * 200_000 + "]" * 200_000 + "}")
    with pytest.raises(FolderError):
        use_model(copy)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused_by_name(copy: Path, value: float) -> None:
    weights = load_file(copy / "model.safetensors")
    weights["classifier.bias"][0] = value
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(FolderError, match=r"NaN or infinity in classifier\.bias"):
        use_model(copy)


def test_weights_whose_products_overflow_are_refused_when_they_are_used(copy: Path) -> None:
    weights = load_file(copy / "model.safetensors")
    weights["classifier.weight"].fill_(3e38)
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(FolderError, match="finite numbers as the output"):
        use_model(copy)


@pytest.mark.parametrize("word", ["flash_attention_2", "kernels-community/flash-attn3", "owner/code", 3])
def test_code_that_a_config_names_is_never_asked_for(copy: Path, word: Any) -> None:
    plain = Pipeline.from_folder(copy)("A fine film.")
    change(
        copy / "config.json", attn_implementation=word, _attn_implementation=word, use_kernels=True,
        _attn_implementation_internal=word, experts_implementation=word, kernel_config={"a": word},
    )  # fmt: skip
    assert Pipeline.from_folder(copy)("A fine film.") == plain
    assert read_config(copy)._attn_implementation is None
    use_backbone(copy)


def test_eager_attention_stays(copy: Path) -> None:
    change(copy / "config.json", attn_implementation="eager")
    assert read_config(copy)._attn_implementation == "eager"


@pytest.mark.parametrize("use", [use_model, use_backbone])
def test_drawn_damage_ends_in_a_folder_error_or_loads(
    use: Callable[[Path], None], model: Path, tmp_path: Path
) -> None:
    check_drawn(use, model, tmp_path, EXAMPLES // 2)
