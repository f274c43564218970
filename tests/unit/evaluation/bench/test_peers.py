"""Which programs are found, and how they are started."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.bench_peers import peer_backends

from bertolt.errors import FolderError
from bertolt.evaluation.bench.folders import model_backends
from bertolt.inference.opening import OpenModel
from bertolt.inference.plain_folder import PlainModel, plain_record
from bertolt.tasks.registry import get_task


def peer(home: Path, name: str, text: str) -> Path:
    (home / name / "bin").mkdir(parents=True)
    (home / name / "bin" / "python").write_text("")
    (home / name / "peer.json").write_text(text)
    return home / name


def test_each_mode_of_each_peer_is_a_backend(tmp_path: Path) -> None:
    two = peer(tmp_path, "two", '{"command": ["bin/python", "peer.py"], "modes": ["fp32", "int8"]}')
    peer(tmp_path, "one", '{"command": ["anything"], "modes": ["x"]}')
    (tmp_path / "none").mkdir()
    found = peer_backends(tmp_path, tmp_path / "model", threads=3)
    assert [(each.name, each.mode) for each in found] == [
        ("one x", "x"),
        ("two fp32", "fp32"),
        ("two int8", "int8"),
    ]
    assert found[0].command == ("anything",)
    assert found[1].command == (str(two / "bin/python"), "peer.py")
    assert found[1].folder == two
    assert found[1].environment["OMP_NUM_THREADS"] == "3"


def _opened(name: str) -> OpenModel:
    record = plain_record(PlainModel("text-classification", (), ("a", "b"), ()), name, 512)
    return OpenModel(name, Path(name).name, Path(name), record, record.spec, get_task(record.spec.task))


def test_only_our_models_inherit_the_wait_policy_of_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")
    peer(tmp_path, "one", '{"command": ["x"], "modes": ["y"]}')
    assert "OMP_WAIT_POLICY" not in peer_backends(tmp_path, tmp_path, 1)[0].environment
    assert model_backends([_opened("x")], 1, {})[0].environment["OMP_WAIT_POLICY"] == "passive"


def test_folders_of_one_name_keep_their_paths() -> None:
    models = [_opened(name) for name in ("a/model", "b/model", "c/small")]
    names = [each.name for each in model_backends(models, 1, {})]
    assert names == ["bertolt a/model", "bertolt b/model", "bertolt small"]


@pytest.mark.parametrize(
    "text", ["no json", "{}", '{"command": [], "modes": ["a"]}', '{"command": ["a"], "modes": ["b"], "c": 1}']
)
def test_a_damaged_peer_is_one_message(tmp_path: Path, text: str) -> None:
    peer(tmp_path, "one", text)
    with pytest.raises(FolderError, match=r'peer.json with \{"command": \[…\]'):
        peer_backends(tmp_path, tmp_path, 1)


def test_a_folder_without_peers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=r"make some with benchmarks/peers/make\.sh"):
        peer_backends(tmp_path, tmp_path, 1)
