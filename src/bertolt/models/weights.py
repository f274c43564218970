"""The weights of a Hugging Face folder: one reader for safetensors and ``.bin`` files, whole or in shards.

``pytorch_model.bin`` is a pickle. It is read with ``torch.load(weights_only=True)``, which makes tensors and
plain containers only and runs no code; this is the one place that does so. Formats:
https://huggingface.co/docs/safetensors/index#format and https://docs.pytorch.org/docs/stable/notes/serialization.html.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from pickle import UnpicklingError

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from bertolt.errors import FolderError

SAFE = "model.safetensors"
BIN = "pytorch_model.bin"
#: What wrappers put before every name: DataParallel, torch.compile, Lightning and others.
PREFIXES = ("module.", "_orig_mod.", "model.")
_AGAIN = "copy the whole model folder again"
_CONVERT = "save the model as safetensors with transformers: model.save_pretrained(DIR)"


@dataclass(frozen=True, slots=True)
class Weights:
    """The tensors of a folder by their names.

    Args:
        folder: where they lie.
        files: that hold them, in the order of their names.
        places: for each name the file, and the name in it.
        pickled: what the ``.bin`` files hold; empty for safetensors.
    """

    folder: Path
    files: tuple[Path, ...]
    places: Mapping[str, tuple[Path, str]]
    pickled: Mapping[Path, Mapping[str, Tensor]] = field(default_factory=dict)

    @property
    def names(self) -> set[str]:
        """Of all tensors; the oldest names of norms are read as today's."""
        return {_today(name) for name in self.places}

    def tensor(self, name: str) -> Tensor:
        """One tensor.

        Raises:
            KeyError: there is none of that name.
        """
        file, stored = self.places[name]
        if self.pickled:
            return self.pickled[file][stored]
        with safe_open(file, framework="pt") as tensors:
            found: Tensor = tensors.get_tensor(stored)
        return found

    def all_tensors(self) -> dict[str, Tensor]:
        """Every tensor by its name."""
        found: dict[str, Tensor] = {}
        for file in self.files:
            mine = {name: stored for name, (place, stored) in self.places.items() if place == file}
            if self.pickled:
                found |= {name: self.pickled[file][stored] for name, stored in mine.items()}
                continue
            with safe_open(file, framework="pt") as tensors:
                found |= {name: tensors.get_tensor(stored) for name, stored in mine.items()}
        return found

    def without_prefix(self) -> tuple[Weights, str]:
        """The same tensors without what wrappers put before their names, and what was taken off.

        Nothing is taken off unless every name has it.
        """
        names = {name: name for name in self.places}
        taken = ""
        while prefix := next((each for each in PREFIXES if all(name.startswith(each) for name in names)), ""):
            names = {name.removeprefix(prefix): old for name, old in names.items()}
            taken += prefix
        places = {name: self.places[old] for name, old in names.items()}
        return Weights(self.folder, self.files, places, self.pickled), taken

    def notes(self) -> list[str]:
        """What a user must know about the files, in sentences; usually nothing."""
        shown = self.files[0].name + (f" and {len(self.files) - 1} more" if len(self.files) > 1 else "")
        if self.pickled:
            return [f"weights: read from {shown} as plain tensors; no code in it was run"]
        if (self.folder / BIN).is_file():
            return [f"weights: read from {shown}; {BIN} in the same folder is not read"]
        return []


def open_weights(folder: Path) -> Weights:
    """Finds the weights of a folder: safetensors, or ``.bin`` where there are none.

    Raises:
        FolderError: there are none, a file is missing, damaged or cut off, or two files claim to be all.
    """
    files, index = _find(folder)
    if files[0].suffix == ".bin":
        pickled = {file: _load_bin(file) for file in files}
        held: dict[Path, Iterable[str]] = {file: tensors.keys() for file, tensors in pickled.items()}
    else:
        pickled = {}
        held = {file: _safetensors_names(file) for file in files}
    places = {name: (file, name) for file, names in held.items() for name in names}
    lost = sorted(name for name in index if name not in places)
    if lost:
        raise FolderError(
            "every tensor that the index of the weights names",
            f"none for {listed(lost)} in {str(folder)!r}",
            _AGAIN,
        )
    weights = Weights(folder, tuple(files), places, pickled)
    if not pickled and (folder / BIN).is_file():
        _check_second_file(weights, folder / BIN)
    return weights


def _check_second_file(weights: Weights, file: Path) -> None:
    """Compares a ``.bin`` file, which is not read, with the safetensors beside it, which are.

    Shapes are compared, and the values of vectors (biases, norms), which any training changes. Half precision
    in one of the files is no difference. A ``.bin`` file that cannot be read is left alone.

    Raises:
        FolderError: a tensor of the same name differs.
    """
    try:
        second = _load_bin(file) if _look_at_archive(file) else {}
    except FolderError:
        return
    for name in sorted(second.keys() & weights.places.keys()):
        other = second[name]
        if other.ndim > 1:
            continue
        first = weights.tensor(name)
        same = first.shape == other.shape
        if not same or not torch.allclose(first.float(), other.float(), rtol=1e-2, atol=1e-5):
            raise FolderError(
                f"the same weights in {weights.files[0].name} and {file.name}",
                f"another {'value' if same else 'shape'} of {name} in {str(weights.folder)!r}",
                "remove the file that is not meant",
            )


def weight_names(folder: Path) -> set[str]:
    """The names of the tensors in a folder's weights, without what wrappers put before them.

    Raises:
        FolderError: see ``open_weights``.
    """
    weights = open_weights(folder)
    return weights.names | weights.without_prefix()[0].names


def check_weights(folder: Path) -> None:
    """Checks that the weights of a folder are there and whole, without loading tensors.

    Raises:
        FolderError: see ``open_weights``.
    """
    files, _ = _find(folder)
    for file in files:
        if file.suffix == ".bin":
            _look_at_archive(file)
        else:
            _safetensors_names(file)


def check_safetensors(file: Path) -> None:
    """Reads a weight file's header, which says how long the file must be.

    Raises:
        FolderError: the file is missing, cut off, or not safetensors.
    """
    if not file.is_file():
        raise FolderError(f"weights in {file.name}", f"no file {str(file)!r}", _AGAIN)
    _safetensors_names(file)


def listed(names: Iterable[str], most: int = 10) -> str:
    """Names in a message: the first ones, and how many more there are."""
    every = list(names)
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")


def _find(folder: Path) -> tuple[list[Path], set[str]]:
    """The files that hold a folder's weights, and the names that an index promises."""
    for whole in (SAFE, BIN):
        file, index = folder / whole, folder / f"{whole}.index.json"
        if file.is_file() and index.is_file():
            raise FolderError(
                f"either {file.name} or {index.name}",
                f"both in {str(folder)!r}, so it is not known which weights are meant",
                "remove the one that is out of date",
            )
        if file.is_file():
            return [file], set()
        if index.is_file():
            return _shards(folder, index)
    raise FolderError(
        f"weights in {SAFE} (or {BIN})",
        f"neither in {str(folder)!r}",
        f"{_AGAIN}; weights of other formats (TensorFlow, Flax, GGUF) must be converted first",
    )


def _shards(folder: Path, index: Path) -> tuple[list[Path], set[str]]:
    try:
        places = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        names = sorted(set(places.values()))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise FolderError(
            "an index with a weight_map (tensor name to file name)", f"none in {str(index)!r}", _AGAIN
        ) from error
    strange = [name for name in names if not isinstance(name, str) or Path(name).name != name]
    if strange or not names:
        raise FolderError(
            "file names of the same folder in weight_map", f"{strange or 'none'} in {str(index)!r}", _AGAIN
        )
    lost = [name for name in names if not (folder / name).is_file()]
    if lost:
        raise FolderError(
            f"the {len(names)} weight files that {index.name} names",
            f"no {listed(lost)} in {str(folder)!r}",
            _AGAIN,
        )
    return [folder / name for name in names], set(places)


def _safetensors_names(file: Path) -> list[str]:
    try:
        with safe_open(file, framework="pt") as tensors:
            return list(tensors.keys())
    except (SafetensorError, OSError) as error:
        size = file.stat().st_size
        raise FolderError(
            "a whole safetensors file",
            "an empty file (0 bytes) at " + repr(str(file)) if not size else f"{error} in {str(file)!r}",
            "copy the file again: it is damaged or cut off",
        ) from error


def _look_at_archive(file: Path) -> bool:
    """Whether a ``.bin`` file is a zip archive (torch 1.6 and later), whose entries are what torch writes.

    An older file is one stream of pickles and has no list of contents.

    Raises:
        FolderError: neither, or entries that torch does not write.
    """
    with file.open("rb") as stream:
        start = stream.read(2)
    if start == b"\x80\x02":
        return False
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError) as error:
        raise FolderError(
            "a whole file of torch's weights",
            f"{'an empty file (0 bytes)' if not start else str(error)} at {str(file)!r}",
            "copy the file again: it is damaged or cut off",
        ) from error
    tables = [entry for entry in entries if entry.filename.endswith("/data.pkl")]
    packed = [entry.filename for entry in entries if entry.compress_type != zipfile.ZIP_STORED]
    total = sum(entry.file_size for entry in entries)
    if len(tables) != 1 or packed or total > file.stat().st_size:
        raise FolderError(
            "an archive as torch.save writes it: one table, uncompressed tensors",
            f"another one at {str(file)!r}",
            _CONVERT,
        )
    return True


def _load_bin(file: Path) -> dict[str, Tensor]:
    zipped = _look_at_archive(file)
    try:
        found = torch.load(file, map_location="cpu", weights_only=True, mmap=zipped)
    except (UnpicklingError, RuntimeError, ValueError, LookupError, EOFError, OSError, TypeError) as error:
        first = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise FolderError(
            "a file that holds tensors and nothing else; nothing in it was run",
            f"{first} in {str(file)!r}",
            f"{_CONVERT}, or copy the file again if it is cut off",
        ) from error
    if isinstance(found, Mapping) and isinstance(found.get("state_dict"), Mapping):
        found = found["state_dict"]  # Lightning keeps the weights beside its own values
    if not isinstance(found, Mapping) or not all(isinstance(each, Tensor) for each in found.values()):
        raise FolderError("tensors by their names", f"other values in {str(file)!r}", _CONVERT)
    return {str(name): tensor for name, tensor in found.items()}


def _today(name: str) -> str:
    """Checkpoints of BERT's first years call a norm's weight and bias gamma and beta."""
    return name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")
