"""The run log and the run's folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bertolt.errors import DiskError, FolderError
from bertolt.training.run_folder import RunFolder
from bertolt.training.runlog import NAME, RunLog, read_log


def test_records_are_read_as_they_were_written(tmp_path: Path) -> None:
    log = RunLog(tmp_path)
    log.write("step", {"step": 1, "loss": 0.5})
    log.write("validation", {"step": 1, "accuracy": 0.75})
    assert read_log(tmp_path) == [
        {"kind": "step", "step": 1, "loss": 0.5},
        {"kind": "validation", "step": 1, "accuracy": 0.75},
    ]
    assert read_log(tmp_path / "missing") == []


def test_of_a_step_done_twice_the_later_record_stands(tmp_path: Path) -> None:
    log = RunLog(tmp_path)
    for loss in (0.5, 0.25):
        log.write("step", {"step": 1, "loss": loss})
    assert read_log(tmp_path) == [{"kind": "step", "step": 1, "loss": 0.25}]


@pytest.mark.parametrize("kept", range(1, 44))
def test_a_torn_line_costs_only_itself(tmp_path: Path, kept: int) -> None:
    RunLog(tmp_path).write("step", {"step": 1, "loss": 0.5})
    file = tmp_path / NAME
    whole = file.read_bytes()
    torn = json.dumps({"kind": "step", "step": 2, "loss": 0.25}).encode()[:kept]
    file.write_bytes(whole + torn)
    resumed = RunLog(tmp_path)
    resumed.write("step", {"step": 2, "loss": 0.125})
    resumed.write("step", {"step": 3, "loss": 0.0625})
    assert [(record["step"], record["loss"]) for record in read_log(tmp_path)] == [
        (1, 0.5),
        (2, 0.125),
        (3, 0.0625),
    ]


def test_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(DiskError) as caught:
        RunLog(tmp_path).write("step", {"step": 1})
    assert caught.value.do == "free some space, then go on with `bertolt train --resume DIR`"


IDENTITY = {"data": "0123", "threads": "2"}


def _run(tmp_path: Path, **changes: str) -> None:
    with RunFolder(tmp_path / "model").open({"seed": 1}, {**IDENTITY, **changes}, resume=True):
        pass


def test_a_run_that_is_interrupted_can_be_resumed_once(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "model")
    assert run.path == tmp_path / "model.run"
    with pytest.raises(KeyboardInterrupt), run.open({"seed": 1}, IDENTITY, resume=False):
        raise KeyboardInterrupt
    for name in ("phases", ".phases.new"):
        (run.path / name).mkdir()
    assert run.read() == {
        "verb": "train", "settings": {"seed": 1}, "identity": IDENTITY, "finished": False,
    }  # fmt: skip
    _run(tmp_path)
    assert run.read()["finished"]
    assert [path.name for path in run.path.iterdir()] == ["settings.json"]
    with pytest.raises(FolderError, match="found one that is finished"):
        _run(tmp_path)


def test_what_must_be_the_same_is_named(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "model")
    with pytest.raises(KeyboardInterrupt), run.open({}, IDENTITY, resume=False):
        raise KeyboardInterrupt
    with pytest.raises(FolderError) as caught:
        _run(tmp_path, data="4567", torch="9")
    assert caught.value.found == "data '0123' is now '4567'; torch None is now '9'"
    assert not run.read()["finished"]


def test_a_run_begun_anew_forgets_the_one_before(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "model")
    with run.open({}, IDENTITY, resume=False):
        run.log.write("step", {"step": 1})
        for name in ("parts", "phases", ".parts.new", ".phases.old"):
            (run.path / name).mkdir()
    with run.open({}, IDENTITY, resume=False):
        assert sorted(path.name for path in run.path.iterdir()) == ["settings.json"]


def test_without_a_run_there_is_nothing_to_resume(tmp_path: Path) -> None:
    with pytest.raises(FolderError) as caught:
        _run(tmp_path)
    assert caught.value.expected == f"an interrupted training in {str(tmp_path / 'model.run')!r}"
    (tmp_path / "model.run").mkdir()
    (tmp_path / "model.run" / "settings.json").write_text('{"sett', encoding="utf-8")
    with pytest.raises(FolderError, match="a damaged file"):
        _run(tmp_path)
