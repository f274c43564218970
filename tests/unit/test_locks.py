"""Of several writers of one target, the first writes and the others are refused."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bertolt.errors import BusyError, DiskError
from bertolt.locks import exclusive

#: Holds the lock of its argument until it is killed.
HOLDER = """
import sys, time
from bertolt.locks import exclusive
with exclusive(sys.argv[1], "bertolt train", "--out"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_another_process_is_refused_by_name_until_the_holder_is_killed(tmp_path: Path) -> None:
    target = tmp_path / "models" / "reviews"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(target)], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            (tmp_path / "link").symlink_to(target)  # another name of the same target
            for name in (target, tmp_path / "link"):
                with pytest.raises(BusyError) as error, exclusive(name, "bertolt adapt", "--out"):
                    pass
                assert f"bertolt train (process {holder.pid} on {socket.gethostname()}" in error.value.found
                assert error.value.do == "wait until it ends, or choose another --out"
        finally:
            holder.kill()
            holder.wait()
    left = target.with_name(".reviews.lock")
    assert left.exists()
    with exclusive(target, "bertolt adapt", "--out"):
        assert json.loads(left.read_text())["process"] == os.getpid()
    assert not left.exists()


def test_one_thread_may_take_it_twice_and_another_thread_may_not(tmp_path: Path) -> None:
    refused: list[str] = []

    def other() -> None:
        try:
            with exclusive(tmp_path / "a", "second", "--out"):
                pass
        except BusyError as error:
            refused.append(error.found)

    with exclusive(tmp_path / "a", "first", "--out"):
        with exclusive(tmp_path / "a", "first again", "--out"):
            pass
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert len(refused) == 1
    assert "first (process" in refused[0]
    other()
    assert len(refused) == 1


def test_nothing_is_left_behind_and_a_folder_with_something_in_it_stays(tmp_path: Path) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        exclusive(tmp_path / "models" / "deep" / "a", "bertolt train", "--out"),
    ):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    with exclusive(tmp_path / "models" / "a", "bertolt train", "--out"):
        (tmp_path / "models" / "a").mkdir()
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["a"]


def test_a_folder_that_cannot_be_made_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DiskError) as error, exclusive(tmp_path / "file" / "a", "bertolt train", "--out"):
        pass
    assert error.value.do == "free some space, or choose another --out"


@pytest.mark.parametrize(
    ("host", "alive", "free"), [("here", False, True), ("here", True, False), ("elsewhere", False, False)]
)
def test_without_flock_a_lock_file_counts_while_its_process_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, alive: bool, free: bool
) -> None:
    def no_flock(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOTSUP, "not supported")

    monkeypatch.setattr(fcntl, "flock", no_flock)
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    (tmp_path / ".a.lock").write_text(
        json.dumps(
            {
                "purpose": "bertolt train",
                "process": os.getpid() if alive else ended.pid,
                "host": socket.gethostname() if host == "here" else "elsewhere",
            }
        )
    )
    if free:
        with exclusive(tmp_path / "a", "bertolt train", "--out"):
            pass
        assert not (tmp_path / ".a.lock").exists()
    else:
        with pytest.raises(BusyError), exclusive(tmp_path / "a", "bertolt train", "--out"):
            pass
