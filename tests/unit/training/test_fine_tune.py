"""Whole trainings of a tiny model: equal seeds, equal bits, whether or not they were killed."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from bertolt.errors import DataError, FolderError, SettingError
from bertolt.models.folder import load_examples, load_record
from bertolt.training.fine_tune import Run, fine_tune
from bertolt.training.runlog import read_log
from bertolt.training.settings import TrainSettings
from faults import Killed, fault, killed_before
from tiny import FAMILIES, sentiment_rows

Folder = Callable[[str], Path]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 sentences, and apart from them 20 for validation."""
    folder = tmp_path_factory.mktemp("data")
    rows = sentiment_rows()
    for name, part in (("train", rows[:60]), ("validation", rows[60:80])):
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("text", "label"), *part])
    return folder


def _settings(backbone: Path, folder: Path, out: Path, **changes: Any) -> TrainSettings:
    values = {
        "data": (str(folder / "train.csv"),), "validation": str(folder / "validation.csv"), "out": str(out),
        "model": str(backbone), "epochs": 2, "lr": 2e-3, "batch_size": 16, "device": "cpu", "threads": 1,
    }  # fmt: skip
    return TrainSettings.model_validate({**values, **changes})


def _train(settings: TrainSettings, *, resume: bool = False) -> Run:
    return fine_tune(settings, lambda line: None, resume=resume, checkpoint_seconds=0)


def _weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


@pytest.mark.parametrize("family", FAMILIES)
def test_equal_seeds_give_equal_bits_and_others_do_not(
    tiny_folder: Folder, data: Path, tmp_path: Path, family: str
) -> None:
    runs = []
    for before, (name, seed) in enumerate((("one", 3), ("two", 3), ("three", 4))):
        torch.manual_seed(before)  # what was drawn before does not matter
        runs.append(_train(_settings(tiny_folder(family), data, tmp_path / name, seed=seed)))
    one, two, three = (_weights(run.folder) for run in runs)
    assert one == two
    assert one != three
    assert runs[0].record.metrics == runs[1].record.metrics
    logs = [
        [{**record, "tokens_per_second": 0} for record in read_log(tmp_path / f"{name}.run")]
        for name in ("one", "two")
    ]
    assert logs[0] == logs[1]


@pytest.fixture(scope="module")
def whole(tiny_folder: Folder, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A training that was never interrupted: 8 steps."""
    return _train(_settings(tiny_folder("bert"), data, tmp_path_factory.mktemp("whole") / "model"))


def _kill(settings: TrainSettings, patch: pytest.MonkeyPatch, place: tuple[str, int]) -> None:
    """Stops a training before or after a record of its log is written, or in the swap after one."""
    kind, number = place
    with killed_before(patch, kind, step=number):
        _train(settings)


@pytest.mark.parametrize("place", [("step", 1), ("step", 6), ("validation", 4), ("validation", 8)])
def test_killed_and_resumed_is_never_killed(
    tiny_folder: Folder,
    data: Path,
    tmp_path: Path,
    whole: Run,
    monkeypatch: pytest.MonkeyPatch,
    place: tuple[str, int],
) -> None:
    settings = _settings(tiny_folder("bert"), data, tmp_path / "model")
    _kill(settings, monkeypatch, place)
    assert not (tmp_path / "model").exists()
    resumed = _train(settings, resume=True)
    assert _weights(resumed.folder) == _weights(whole.folder)
    assert resumed.record.spec == whole.record.spec
    assert resumed.record.metrics == whole.record.metrics
    steps = [record["step"] for record in read_log(tmp_path / "model.run") if record["kind"] == "step"]
    assert sorted(steps) == [*range(1, 9)]
    assert sorted(path.name for path in (tmp_path / "model.run").iterdir()) == ["log.jsonl", "settings.json"]


@pytest.mark.parametrize("way", ["exchange", "two renames"])
@pytest.mark.parametrize("number", [10, 51, 54, 80])
def test_killed_while_files_are_written(
    tiny_folder: Folder, data: Path, tmp_path: Path, whole: Run, way: str, number: int
) -> None:
    settings = _settings(tiny_folder("bert"), data, tmp_path / "model")
    with pytest.raises(Killed), fault(number, way, Killed()):
        _train(settings)
    assert {path.name for path in (tmp_path / "model.run").glob("*/")} <= {"phases"}
    names = {path.name for path in (tmp_path / "model.run" / "phases" / "supervised").glob("*/")}
    assert {name.strip(".").partition(".")[0] for name in names} <= {"last", "best", "done"}
    assert len(names) <= 3  # two, and the one that was being written
    resumed = _train(settings, resume=(tmp_path / "model.run" / "settings.json").exists())
    assert _weights(resumed.folder) == _weights(whole.folder)


def test_changed_data_is_refused_on_resuming(
    tiny_folder: Folder, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = _settings(tiny_folder("bert"), data, tmp_path / "model")
    _kill(settings, monkeypatch, ("step", 2))
    for change, named in (
        ({"data": (str(data / "validation.csv"),)}, "data "),
        ({"validation": str(data / "train.csv")}, "validation "),
        ({"threads": 2}, "threads '1' is now '2'"),
    ):
        with pytest.raises(FolderError, match=f"found {named}"):
            _train(_settings(tiny_folder("bert"), data, tmp_path / "model", **change), resume=True)
    torch.set_num_threads(1)


def test_the_folder_says_where_it_comes_from(whole: Run, tiny_folder: Folder, data: Path) -> None:
    record = load_record(whole.folder)
    assert record == whole.record
    assert record.backbone == str(tiny_folder("bert"))
    assert record.examples == {"train": 60, "validation": 20, "test": 0}
    assert record.measured_on == "validation"
    assert (record.seed, record.threads) == (0, 1)
    assert record.versions.keys() >= {"bertolt", "python", "torch", "transformers", "tokenizers"}
    assert record.training["lr"] == 2e-3
    assert record.spec.labels == ("negative", "positive")
    rows = sentiment_rows()[60:80]
    assert load_examples(whole.folder) == [{"text": text, "label": label} for text, label in rows]
    figure = record.metrics["accuracy"]
    predicted = [result.label for result in whole.pipeline([text for text, _ in rows])]  # type: ignore[attr-defined]
    right = [label == gold for label, (_, gold) in zip(predicted, rows, strict=True)]
    assert figure["value"] == pytest.approx(sum(right) / 20)
    assert figure["low"] <= figure["value"] <= figure["high"]  # type: ignore[operator]


def test_private_examples_stay_out(tiny_folder: Folder, data: Path, tmp_path: Path) -> None:
    run = _train(_settings(tiny_folder("bert"), data, tmp_path / "model", epochs=1, keep_examples=0))
    assert not (run.folder / "examples.parquet").exists()
    assert load_examples(run.folder) == []
    run = _train(_settings(tiny_folder("bert"), data, tmp_path / "model", epochs=1, keep_examples=7))
    assert len(load_examples(run.folder)) == 7


def test_it_learns(tiny_folder: Folder, sentiment_csv: Path, tmp_path: Path) -> None:
    settings = _settings(tiny_folder("bert"), sentiment_csv.parent, tmp_path / "model", epochs=10, lr=5e-3)
    settings = settings.model_copy(update={"data": (str(sentiment_csv),), "validation": None})
    run = fine_tune(settings, lambda line: None)
    assert run.record.examples == {"train": 192, "validation": 24, "test": 24}
    assert run.record.measured_on == "test"
    assert run.metrics["accuracy"].value > 0.9


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"data": ("missing.csv",)}, DataError),
        ({"max_length": 513}, SettingError),
        ({"device": "mps"}, SettingError),
        ({"set": {"no_such": 1}}, SettingError),
        ({"class_weight": "missing.json"}, SettingError),
        ({"text": ("no_such",)}, DataError),
    ],
)
def test_what_cannot_be_used_leaves_nothing_behind(
    tiny_folder: Folder, data: Path, tmp_path: Path, changes: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        _train(_settings(tiny_folder("bert"), data, tmp_path / "model", **changes))
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_ours_is_not_replaced(tiny_folder: Folder, data: Path, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(FolderError, match="which bertolt did not write"):
        _train(_settings(tiny_folder("bert"), data, tmp_path / "model"))
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
