"""What a writer and a reader of a folder may count on; stopped ones are in test_swap_stopped.py."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from safetensors import SafetensorError

from bertolt.errors import DiskError, FolderError
from bertolt.models import swap
from bertolt.models.swap import finish_swap, write_folder
from faults import WAYS, Killed, content, fault, fill, fill_path, ours, prepared, read, save


def test_returns_whether_a_folder_was_replaced_and_makes_parents(tmp_path: Path) -> None:
    target = tmp_path / "runs" / "today" / "model"
    assert save(target, "a") is False
    assert save(target, "b") is True
    assert read(target) == content("b")


def test_exchange_swaps_two_folders_or_leaves_them(tmp_path: Path) -> None:
    fill_path(tmp_path / "one", "a")
    fill_path(tmp_path / "other", "b")
    expected = ("b", "a") if swap._exchange(tmp_path / "one", tmp_path / "other") else ("a", "b")
    assert (read(tmp_path / "one"), read(tmp_path / "other")) == tuple(map(content, expected))
    assert swap._exchange(tmp_path / "one", tmp_path / "missing") is False


def test_a_folder_of_somebody_else_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    target = tmp_path / "photos"
    target.mkdir()
    (target / "holiday.png").write_text("x")
    with pytest.raises(FolderError) as raised:
        write_folder(target, lambda folder: pytest.fail("written"), ours=ours)
    assert raised.value.to_dict() == {
        "expected": "an output folder that does not exist or that Bertolt wrote",
        "found": f"a folder with holiday.png at {target}",
        "do": "name another output folder, or remove this one yourself",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]
    assert read(target) == {"holiday.png": "x"}


def test_a_file_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FolderError, match="found a file at"):
        save(tmp_path / "file", "a")
    with pytest.raises(FolderError, match="found an empty folder at"):
        save(tmp_path / "empty", "a")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file"]


@pytest.mark.parametrize("way", WAYS)
def test_a_symbolic_link_is_followed(tmp_path: Path, way: str) -> None:
    real, _ = prepared(tmp_path / "disk", "a folder")
    link = tmp_path / "link"
    link.symlink_to(real)
    with fault(None, way, Killed()):
        assert save(link, "b") is True
    assert link.is_symlink()
    assert read(real) == content("b")
    os.rename(real, real.parent / ".model.old")
    finish_swap(link)
    assert read(real) == content("b")


def test_the_mode_of_the_folder_is_kept(tmp_path: Path) -> None:
    target, _ = prepared(tmp_path / "run", "a folder")
    target.chmod(0o700)
    save(target, "b")
    assert stat.S_IMODE(target.stat().st_mode) == 0o700


def test_a_reader_that_is_faster_than_the_writer_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, _ = prepared(tmp_path / "run", "a folder")
    rename = os.rename

    def overtaken(source: Path, destination: Path) -> None:
        rename(source, destination)
        if destination.name == ".model.old":
            finish_swap(target)

    monkeypatch.setattr(swap, "_exchange", lambda one, other: False)
    monkeypatch.setattr(os, "rename", overtaken)
    assert save(target, "b") is True
    assert read(target) == content("b")
    assert [path.name for path in target.parent.iterdir()] == ["model"]


def test_finish_swap_leaves_left_overs_and_an_unfinished_folder_alone(tmp_path: Path) -> None:
    fill_path(tmp_path / ".model.new", "x")
    finish_swap(tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == [".model.new"]
    fill_path(tmp_path / ".model.old", "y")
    fill_path(tmp_path / "model", "a")
    finish_swap(tmp_path / "model")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".model.new", ".model.old", "model"]


def test_a_swap_that_can_be_neither_finished_nor_undone_waits_for_a_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, _ = prepared(tmp_path / "run", "a folder")
    rename = os.rename

    def once(source: Path, destination: Path) -> None:
        if destination == target:
            raise OSError(errno.EIO, "Input/output error", str(source))
        rename(source, destination)

    with monkeypatch.context() as patch:
        patch.setattr(swap, "_exchange", lambda one, other: False)
        patch.setattr(os, "rename", once)
        with pytest.raises(DiskError, match="Input/output error"):
            save(target, "b")
    assert read(target.parent / ".model.old") == content("a")
    finish_swap(target)
    assert read(target) == content("b")


def test_finish_swap_says_which_folder_it_could_not_move(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_path(tmp_path / ".model.old", "a")

    def refuse(source: Path, destination: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(source))

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(DiskError) as raised:
        finish_swap(tmp_path / "model")
    assert (
        raised.value.found == f"Permission denied ({tmp_path / '.model.old'}); nothing that was there is lost"
    )
    assert raised.value.do == "choose a folder that you may write to"


def test_errors_of_the_writer_pass_and_remove_what_it_wrote(tmp_path: Path) -> None:
    target, _ = prepared(tmp_path / "run", "a folder")

    def failing(folder: Path) -> None:
        fill("b")(folder)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_folder(target, failing, ours=ours)
    assert read(target) == content("a")
    assert [path.name for path in target.parent.iterdir()] == ["model"]


def test_a_full_disk_that_safetensors_reports_is_a_disk_error(tmp_path: Path) -> None:
    def full(folder: Path) -> None:
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    with pytest.raises(DiskError) as raised:
        write_folder(tmp_path / "model", full, ours=ours)
    assert (
        raised.value.found
        == f"No space left on device ({tmp_path / 'model'}); nothing that was there is lost"
    )
    assert raised.value.do == "free some space or choose another disk"

    def broken(folder: Path) -> None:
        raise SafetensorError("invalid header")

    with pytest.raises(SafetensorError, match="invalid header"):
        write_folder(tmp_path / "model", broken, ours=ours)
    assert list(tmp_path.iterdir()) == []
