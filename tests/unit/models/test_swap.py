"""The swap is stopped before each of its file-system calls, in each of its two ways."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from safetensors import SafetensorError

from bertolt.errors import DiskError, FolderError
from bertolt.models import swap
from bertolt.models.swap import finish_swap, write_folder

CALLS = ("mkdir", "open", "write", "fsync", "close", "rename", "unlink", "rmdir", "chmod")
WAYS = ("exchange", "two renames")
Content = dict[str, str]


class Killed(BaseException):
    """The process is gone: no handler for exceptions sees it, and nothing that it calls has an effect."""


def content(letter: str) -> Content:
    """Three files; one that only this letter has, one in a folder."""
    return {"bertolt.json": letter, f"only-{letter}": letter, "sub/weights": letter * 3}


def fill(letter: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        for name, text in content(letter).items():
            path = folder / name
            if not path.parent.is_dir():
                os.mkdir(path.parent)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
            os.write(descriptor, text.encode())
            os.close(descriptor)

    return write


def read(folder: Path) -> Content | None:
    if not folder.is_dir():
        return None
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def ours(folder: Path) -> bool:
    return (folder / "bertolt.json").is_file()


def save(target: Path, letter: str) -> bool:
    return write_folder(target, fill(letter), ours=ours)


@contextmanager
def fault(number: int | None, way: str, error: BaseException) -> Iterator[list[str]]:
    """Raises instead of call ``number`` (a killed process makes no later call either). Yields the log."""
    log: list[str] = []

    def counted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **options: Any) -> Any:
            log.append(f"{name} {args[0]}")
            if number is not None and (
                len(log) == number + 1 or (isinstance(error, Killed) and len(log) > number)
            ):
                raise error
            return call(*args, **options)

        return wrapper

    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            # A real fsync would only make the tests slow.
            call = getattr(os, name) if name != "fsync" else lambda descriptor: None
            patch.setattr(os, name, counted(name, call))
        real = swap._exchange if way == "exchange" else lambda one, other: False
        patch.setattr(swap, "_exchange", counted("exchange", real))
        yield log


def killed(target: Path, letter: str, way: str, number: int) -> bool:
    """Whether writing was stopped before its call ``number``, rather than done."""
    try:
        with fault(number, way, Killed()):
            save(target, letter)
    except Killed:
        return True
    return False


def prepared(parent: Path, start: str) -> tuple[Path, Content | None]:
    """A target in one of the states that a writer can meet, and what a reader sees there."""
    target = parent / "model"
    if start == "nothing":
        parent.mkdir()
        return target, None
    save(target, "a")
    if start == "left-overs":
        fill_path(parent / ".model.new", "x")
        return target, content("a")
    if start == "half a swap":
        fill_path(parent / ".model.new", "b")
        target.rename(parent / ".model.old")
        return target, content("b")
    return target, content("a")


def fill_path(folder: Path, letter: str) -> None:
    folder.mkdir()
    fill(letter)(folder)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("start", ["nothing", "a folder", "left-overs", "half a swap"])
def test_killed_before_any_call_a_reader_sees_the_old_or_the_new_folder(
    tmp_path: Path, start: str, way: str
) -> None:
    number, seen = 0, []
    while True:
        parent = tmp_path / str(number)
        target, before = prepared(parent, start)
        stopped = killed(target, "c", way, number)
        finish_swap(target)
        seen.append(read(target))
        assert seen[-1] in (before, content("c"))
        save(target, "d")
        assert read(target) == content("d")
        assert [path.name for path in parent.iterdir()] == ["model"]
        if not stopped:
            break
        number += 1
    assert number > 15
    assert seen[0] == before
    assert seen[-1] == content("c")
    assert seen.index(content("c")) == seen.count(before)  # first always the old one, then always the new


def states_after_a_kill(parent: Path, way: str) -> Iterator[int]:
    """The calls before which a kill leaves another set of files than a kill one call earlier."""
    number, stopped, files = 0, True, None
    while stopped:
        target, _ = prepared(parent, "a folder")
        stopped = killed(target, "b", way, number)
        found = sorted((str(path), path.is_file() and path.read_text()) for path in parent.rglob("*"))
        shutil.rmtree(parent)
        if found != files:
            yield number
        number, files = number + 1, found


@pytest.mark.parametrize("way", WAYS)
def test_killed_twice_a_reader_sees_a_whole_folder(tmp_path: Path, way: str) -> None:
    parent = tmp_path / "run"
    firsts = list(states_after_a_kill(tmp_path / "states", way))
    assert len(firsts) > 10
    for first in firsts:
        second, stopped = 0, True
        while stopped:
            target, _ = prepared(parent, "a folder")
            killed(target, "b", way, first)
            stopped = killed(target, "c", way, second)
            finish_swap(target)
            assert read(target) in (content("a"), content("b"), content("c"))
            shutil.rmtree(parent)
            second += 1


@pytest.mark.parametrize("way", WAYS)
def test_removing_the_folder_after_a_kill_brings_no_damaged_one_back(tmp_path: Path, way: str) -> None:
    number, stopped = 0, True
    while stopped:
        target, _ = prepared(tmp_path / str(number), "a folder")
        stopped = killed(target, "c", way, number)
        finish_swap(target)
        shutil.rmtree(target)
        finish_swap(target)
        assert read(target) in (None, content("a"))
        number += 1


@pytest.mark.parametrize("way", WAYS)
def test_an_error_at_any_call_leaves_the_old_or_the_new_folder(tmp_path: Path, way: str) -> None:
    number, done = 0, False
    while not done:
        parent = tmp_path / str(number)
        target, before = prepared(parent, "a folder")
        error = OSError(errno.ENOSPC, "No space left on device")
        with fault(number, way, error) as log:
            try:
                save(target, "c")
            except DiskError as raised:
                assert "No space left on device" in raised.found
                assert str(target) in raised.expected
                if read(target) == before:
                    assert raised.do == "free some space or choose another disk"
                    assert raised.found.endswith("nothing that was there is lost")
                else:
                    assert raised.do.startswith("the new folder is complete")
        done = len(log) <= number
        seen = read(target)
        assert seen in (before, content("c"))
        if seen == before:
            assert [path.name for path in parent.iterdir()] == ["model"]
        number += 1
    assert number > 15


@pytest.mark.parametrize("way", WAYS)
def test_a_full_disk_at_each_write_keeps_the_old_folder(tmp_path: Path, way: str) -> None:
    target, before = prepared(tmp_path / "run", "a folder")
    with fault(None, way, Killed()) as log:
        save(target, "a")
    writes = [number for number, call in enumerate(log) if call.startswith("write ")]
    assert len(writes) == 3
    for number in writes:
        error = OSError(errno.ENOSPC, "No space left on device")
        with fault(number, way, error), pytest.raises(DiskError, match="No space left on device"):
            save(target, "b")
        assert read(target) == before
        assert [path.name for path in target.parent.iterdir()] == ["model"]


@pytest.mark.parametrize("way", WAYS)
def test_every_file_and_folder_is_synced_before_the_swap(tmp_path: Path, way: str) -> None:
    target, _ = prepared(tmp_path / "run", "a folder")
    with fault(None, way, Killed()) as log:
        save(target, "c")
    new = target.parent / ".model.new"
    before_swap = log[: log.index(f"exchange {new}")]
    opened = {call for call, after in zip(before_swap, before_swap[1:], strict=False) if "fsync" in after}
    synced = {
        f"open {path}" for path in (*(new / name for name in content("c")), new / "sub", new, new.parent)
    }
    assert opened == synced
    assert log.count(f"open {new.parent}") == 2  # and the parent once more when the swap is done


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
