"""The swap is stopped before each of its file-system calls, in each of its two ways."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from bertolt.errors import DiskError
from bertolt.models.swap import finish_swap
from faults import WAYS, Killed, content, fault, killed, prepared, read, save


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of real fsyncs would only take time: what is lost with the power is not tested here."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


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
    opened = {call for call, after in pairwise(before_swap) if "fsync" in after}
    synced = {
        f"open {path}" for path in (*(new / name for name in content("c")), new / "sub", new, new.parent)
    }
    assert opened == synced
    assert log.count(f"open {new.parent}") == 2  # and the parent once more when the swap is done
