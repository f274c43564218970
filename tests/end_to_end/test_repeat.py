"""Equal seeds give equal bits; an interrupted training goes on as if it had not been."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from process import command, environment, run

TRAIN = ("--epochs", "25", "--batch-size", "16", "--threads", "1", "--max-length", "64", "--patience", "0")


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory, backbone: Path, sentiment_csv: Path) -> Path:
    """A folder with a model that was trained without an interruption, and its data."""
    folder = tmp_path_factory.mktemp("straight")
    shutil.copy(sentiment_csv, folder / "reviews.csv")
    done = run("train", "reviews.csv", "--model", backbone, "--out", "model", *TRAIN, cwd=folder)
    assert done.code == 0, done.err
    return folder


def test_two_runs_write_equal_weights(
    straight: Path, backbone: Path, sentiment_csv: Path, tmp_path: Path
) -> None:
    done = run("train", sentiment_csv, "--model", backbone, "--out", "again", *TRAIN, cwd=tmp_path)
    assert done.code == 0, done.err
    first = (straight / "model" / "model.safetensors").read_bytes()
    assert (tmp_path / "again" / "model.safetensors").read_bytes() == first


def _heed_interrupts() -> None:
    # A shell that runs the tests in the background has its children ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupted_training_goes_on(straight: Path, backbone: Path, tmp_path: Path) -> None:
    shutil.copy(straight / "reviews.csv", tmp_path)
    words = ("train", "reviews.csv", "--model", backbone, "--out", "model", *TRAIN, "--json")
    with subprocess.Popen(
        command(*words),
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=_heed_interrupts,
    ) as child:
        log = tmp_path / "model.run" / "log.jsonl"
        end = time.monotonic() + 60
        while not (log.is_file() and '"epoch": 2' in log.read_text(encoding="utf-8")):
            assert child.poll() is None, child.communicate()
            assert time.monotonic() < end
            time.sleep(0.005)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert child.returncode == 130, err
    assert b"bertolt train --resume model" in out
    assert b"Traceback" not in err
    assert not (tmp_path / "model").exists()
    done = run("train", "--resume", "model", cwd=tmp_path)
    assert done.code == 0, done.err
    whole = (straight / "model" / "model.safetensors").read_bytes()
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == whole
    again = run("train", "--resume", "model", cwd=tmp_path)
    assert again.code == 2
    assert "one that is finished" in again.err
