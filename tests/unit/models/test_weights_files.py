"""Weights: safetensors and .bin, whole or in shards, with prefixes, damaged, of another family."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from bertolt.errors import FolderError
from bertolt.models.backbone import load_backbone
from bertolt.models.heads import Blueprint, SequenceHead, last_linear, loading_notes
from bertolt.models.weights import check_weights, open_weights

Folder = Callable[[str], Path]
Tensors = dict[str, Tensor]


@pytest.fixture
def copy(tiny_folder: Folder, tmp_path: Path) -> Path:
    """A copy of the tiny BERT that a test may damage."""
    return Path(shutil.copytree(tiny_folder("bert"), tmp_path / "copy"))


def _rewrite(folder: Path, change: Callable[[Tensors], Tensors]) -> None:
    file = folder / "model.safetensors"
    save_file(change(load_file(file)), file, metadata={"format": "pt"})


def _as_bin(folder: Path, content: Any = None, **options: Any) -> Path:
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(tensors if content is None else content, folder / "pytorch_model.bin", **options)
    return folder / "pytorch_model.bin"


def _shard(folder: Path, *, pickled: bool = False) -> list[Path]:
    """Splits the weights over two files with an index."""
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    stem, end = ("pytorch_model", "bin") if pickled else ("model", "safetensors")
    files = [folder / f"{stem}-0000{number}-of-00002.{end}" for number in (1, 2)]
    parts: list[Tensors] = [{}, {}]
    for number, (name, tensor) in enumerate(tensors.items()):
        parts[number % 2][name] = tensor
    for file, part in zip(files, parts, strict=True):
        if pickled:
            torch.save(part, file)
        else:
            save_file(part, file, metadata={"format": "pt"})
    index = {name: file.name for file, part in zip(files, parts, strict=True) for name in part}
    (folder / f"{stem}.{end}.index.json").write_text(json.dumps({"weight_map": index}), encoding="utf-8")
    return files


def _build(folder: Path, labels: tuple[str, ...] = ("a", "b")) -> nn.Module:
    torch.manual_seed(3)
    return SequenceHead().build(load_backbone(str(folder)), Blueprint(labels, attention_dropout=False))


def _same(one: nn.Module, other: nn.Module) -> bool:
    return all(
        torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    )


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "model.", "module._orig_mod.", "model.bert."])
def test_a_known_prefix_is_taken_off_and_said(tiny_folder: Folder, copy: Path, prefix: str) -> None:
    _rewrite(copy, lambda tensors: {prefix + name: tensor for name, tensor in tensors.items()})
    network = _build(copy)
    assert _same(network, _build(tiny_folder("bert")))
    taken = prefix.removesuffix("bert.")
    assert loading_notes(network) == (f"weights: the prefix {taken!r} was taken off their names",)


@pytest.mark.parametrize("pickled", [False, True])
def test_shards_are_read_as_one_file(tiny_folder: Folder, copy: Path, pickled: bool) -> None:
    _shard(copy, pickled=pickled)
    network = _build(copy)
    assert _same(network, _build(tiny_folder("bert")))
    said = "weights: read from pytorch_model-00001-of-00002.bin and 1 more as plain tensors; no code in it"
    assert loading_notes(network) == ((f"{said} was run",) if pickled else ())


@pytest.mark.parametrize("zipped", [True, False])
def test_a_bin_file_is_read_as_tensors(tiny_folder: Folder, copy: Path, zipped: bool) -> None:
    _as_bin(copy, _use_new_zipfile_serialization=zipped)
    network = _build(copy)
    assert _same(network, _build(tiny_folder("bert")))
    assert loading_notes(network) == (
        "weights: read from pytorch_model.bin as plain tensors; no code in it was run",
    )


class _Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("ran"),)


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_bin_file_does_not_run(copy: Path, monkeypatch: pytest.MonkeyPatch, zipped: bool) -> None:
    monkeypatch.chdir(copy)
    _as_bin(copy, {"a": _Evil()}, _use_new_zipfile_serialization=zipped)
    with pytest.raises(FolderError, match="holds tensors and nothing else; nothing in it was run"):
        _build(copy)
    assert not (copy / "ran").exists()


def test_an_archive_that_torch_did_not_write_is_refused(copy: Path) -> None:
    file = _as_bin(copy)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:  # a small file with large contents
        archive.writestr("archive/data.pkl", b"\0" * 10**6)
    with pytest.raises(FolderError, match=r"an archive as torch\.save writes it"):
        check_weights(copy)


def _no_layer(tensors: Tensors) -> Tensors:
    return {name: tensor for name, tensor in tensors.items() if "layer.1.output" not in name}


def _other_names(tensors: Tensors) -> Tensors:
    return {name.replace("encoder.layer", "h"): tensor for name, tensor in tensors.items()}


def _other_shape(tensors: Tensors) -> Tensors:
    name = "encoder.layer.0.output.dense.weight"
    return tensors | {name: tensors[name][:, :8].contiguous()}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_no_layer, "bert.encoder.layer.1.output.LayerNorm.bias"),
        (_other_names, "bert.encoder.layer.0.attention.output.LayerNorm.bias"),
        (_other_shape, "bert.encoder.layer.0.output.dense.weight"),
        (lambda tensors: {"a": torch.ones(2)}, "bert.embeddings.LayerNorm.bias"),
    ],
)
def test_weights_that_do_not_fit_are_refused_by_name(
    copy: Path, change: Callable[[Tensors], Tensors], named: str
) -> None:
    _rewrite(copy, change)
    with pytest.raises(FolderError) as caught:
        _build(copy)
    assert caught.value.expected == "weights that fit config.json (model type 'bert')"
    assert named in caught.value.found


def test_a_pooler_that_begins_at_random_is_said(copy: Path) -> None:
    _rewrite(copy, lambda tensors: {n: tensor for n, tensor in tensors.items() if "pooler" not in n})
    assert loading_notes(_build(copy)) == (
        "weights: bert.pooler.dense.bias, bert.pooler.dense.weight are not in the folder and begin at random",
    )


def _empty(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"")


def _truncated(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def _empty_bin(folder: Path) -> None:
    _as_bin(folder).write_bytes(b"")


def _truncated_bin(folder: Path) -> None:
    file = _as_bin(folder)
    file.write_bytes(file.read_bytes()[:-100])


def _two_files(folder: Path) -> None:
    whole = (folder / "model.safetensors").read_bytes()
    _shard(folder)
    (folder / "model.safetensors").write_bytes(whole)


def _strange_index(folder: Path) -> None:
    _shard(folder)
    index = {"weight_map": {"a": "../model.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_empty, "an empty file"),
        (_truncated, "a whole safetensors file"),
        (_empty_bin, "an empty file"),
        (_truncated_bin, "a whole file of torch's weights"),
        (_two_files, r"either model\.safetensors or model\.safetensors\.index\.json"),
        (_strange_index, "file names of the same folder"),
        (lambda folder: (folder / "model.safetensors").unlink(), r"weights in model\.safetensors"),
        (lambda folder: _shard(folder)[1].unlink(), r"no model-00002-of-00002\.safetensors"),
    ],
)
def test_damaged_weights_are_refused(copy: Path, damage: Callable[[Path], None], said: str) -> None:
    damage(copy)
    with pytest.raises(FolderError, match=said):
        load_backbone(str(copy))


def test_a_shard_without_a_tensor_of_the_index_is_refused(copy: Path) -> None:
    file = _shard(copy)[0]
    first = sorted(load_file(file))[0]
    save_file({name: tensor for name, tensor in load_file(file).items() if name != first}, file)
    with pytest.raises(FolderError, match=f"none for {first}"):
        open_weights(copy)


@pytest.mark.parametrize("pickled", [False, True])
def test_rows_of_a_sharded_classifier_are_kept_by_their_labels_names(
    copy: Path, tmp_path: Path, pickled: bool
) -> None:
    old = _build(copy, ("bad", "good"))
    folder = Path(shutil.copytree(copy, tmp_path / "classifier"))
    old.save_pretrained(folder)  # type: ignore[operator]
    _shard(folder, pickled=pickled)
    new = last_linear(_build(folder, ("good", "bad")))
    torch.testing.assert_close(new.weight, last_linear(old).weight.flip(0))
    torch.testing.assert_close(new.bias, last_linear(old).bias.flip(0))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda tensors: tensors, None),
        (lambda tensors: {name: value.half() for name, value in tensors.items()}, None),
        (lambda tensors: {name: value * 1.1 for name, value in tensors.items()}, "another value of"),
        (lambda tensors: {name: value[:1] for name, value in tensors.items()}, "another shape of"),
    ],
)
def test_a_second_file_that_disagrees_is_refused(
    copy: Path, change: Callable[[Tensors], Tensors], said: str | None
) -> None:
    tensors = load_file(copy / "model.safetensors")
    torch.save(change(tensors), copy / "pytorch_model.bin")
    if said is None:
        assert open_weights(copy).notes() == [
            "weights: read from model.safetensors; pytorch_model.bin in the same folder is not read"
        ]
    else:
        with pytest.raises(FolderError, match=said):
            open_weights(copy)
