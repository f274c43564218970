"""The pre-trained network by its name; devices and threads."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from bertolt.errors import FolderError, NetworkError, SettingError, UnknownNameError
from bertolt.models.backbone import Backbone, load_backbone, sentence_notes
from bertolt.models.device import available_cores, choose_device, set_threads

Folder = Callable[[str], Path]


@pytest.mark.parametrize("family", ["bert", "distilbert", "roberta", "modernbert", "mpnet"])
def test_a_folder_by_its_path(tiny_folder: Folder, family: str) -> None:
    found = load_backbone(str(tiny_folder(family)))
    assert found.folder == tiny_folder(family)
    assert found.config.model_type == family
    assert found.positions == 512  # RoBERTa's and MPNet's 514 less the two up to its padding id
    assert found.config.hidden_size == 16


@pytest.mark.parametrize(
    ("kind", "pad", "positions"),
    [
        ("bert", 0, 514),
        ("roberta", 1, 512),
        ("xlm-roberta", 1, 512),
        ("camembert", 1, 512),
        ("mpnet", 1, 512),
        ("modernbert", 9, 514),
    ],
)
def test_positions_that_tokens_may_take(kind: str, pad: int, positions: int) -> None:
    config = SimpleNamespace(model_type=kind, pad_token_id=pad, max_position_embeddings=514)
    assert Backbone("x", Path(), config).positions == positions


@pytest.mark.parametrize("name", ["./missing", "/no/such/folder", "a/b/c", "~/model", "two words"])
def test_what_has_no_form_of_a_name(name: str) -> None:
    with pytest.raises(UnknownNameError, match="a model folder, Hub id or packaged model out of"):
        load_backbone(name)


@pytest.mark.parametrize("name", ["minilmm", "bert-base-uncased", "owner/name"])
def test_a_hub_id_without_a_network(name: str) -> None:
    with pytest.raises(NetworkError) as caught:
        load_backbone(name)
    assert caught.value.expected == f"a model folder {name!r}, or that model on the Hub"
    assert caught.value.do == "check the name, or run once without HF_HUB_OFFLINE to download it"


def test_a_mistyped_path_is_no_hub_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "notes.txt").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FolderError, match="no folder 'models/reviws'"):
        load_backbone("models/reviws")
    with pytest.raises(FolderError, match=r"a file 'notes\.txt'"):
        load_backbone("notes.txt")


def test_a_dense_module_of_sentence_transformers_is_told(tmp_path: Path) -> None:
    assert sentence_notes(tmp_path) == []
    kinds = ["Transformer", "Pooling", "Dense"]
    modules = [{"type": f"sentence_transformers.models.{kind}"} for kind in kinds]
    (tmp_path / "modules.json").write_text(json.dumps(modules[:2]), encoding="utf-8")
    assert sentence_notes(tmp_path) == []
    (tmp_path / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    assert sentence_notes(tmp_path) == [
        "sentence-transformers: Dense behind the encoder is left out; the encoder is trained"
    ]
    (tmp_path / "modules.json").write_text("{}x", encoding="utf-8")
    with pytest.raises(FolderError, match="a list of modules"):
        sentence_notes(tmp_path)


def test_a_name_that_the_hub_forbids() -> None:
    with pytest.raises(UnknownNameError, match="a model on the Hub out of"):
        load_backbone("owner/na--me")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_missing_file_is_named(tiny_folder: Folder, tmp_path: Path, name: str) -> None:
    shutil.copytree(tiny_folder("bert"), tmp_path / "copy")
    (tmp_path / "copy" / name).unlink()
    with pytest.raises(FolderError, match=name.replace(".", r"\.")):
        load_backbone(str(tmp_path / "copy"))


def test_a_missing_shard_is_named(tiny_folder: Folder, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny_folder("bert"), folder)
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    weights = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"weight_map": weights}), encoding="utf-8"
    )
    with pytest.raises(FolderError, match=r"no model-00002-of-00002\.safetensors"):
        load_backbone(str(folder))


def test_a_configuration_of_an_unknown_kind(tiny_folder: Folder, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny_folder("bert"), folder)
    (folder / "config.json").write_text('{"model_type": "no-such-model"}', encoding="utf-8")
    with pytest.raises(FolderError, match=r"a model_type .* that transformers knows; found 'no-such-model'"):
        load_backbone(str(folder))


def test_half_a_swap_is_finished(tiny_folder: Folder, tmp_path: Path) -> None:
    shutil.copytree(tiny_folder("bert"), tmp_path / ".model.old")
    assert load_backbone(str(tmp_path / "model")).folder == tmp_path / "model"


def test_devices_and_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device().type == choose_device("cpu").type == "cpu"
    with pytest.raises(SettingError, match="a device out of auto, cpu; found 'cuda'"):
        choose_device("cuda")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device().type == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device().type == "cuda"
    with pytest.raises(SettingError, match="at least 1 thread; found 0"):
        set_threads(0)
    before = torch.get_num_threads()
    try:
        assert set_threads(2) == 2 == torch.get_num_threads()
        assert set_threads(None) == available_cores() >= 1
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("quota", "cores"), [("max 100000", 8), ("250000 100000", 2), ("50000 100000", 1), ("oops", 8)]
)
def test_cores_are_those_of_the_container(monkeypatch: pytest.MonkeyPatch, quota: str, cores: int) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(8)), raising=False)
    monkeypatch.setattr(Path, "read_text", lambda self, encoding: quota)
    assert available_cores() == cores
