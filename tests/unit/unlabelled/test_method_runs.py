"""Whole trainings by each method that reads a pool: killed in any phase, they end with the same bits."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoModelForMaskedLM, AutoModelForSequenceClassification

from bertolt.models.families import encoder_of
from bertolt.models.folder import load_record
from bertolt.reports.training import report_training
from bertolt.training.fine_tune import Run, fine_tune
from bertolt.training.repeats import run_training
from bertolt.training.runlog import read_log
from bertolt.training.settings import TrainSettings
from bertolt.unlabelled.method_adapt import take_body
from bertolt.unlabelled.methods import find_method
from faults import killed_before
from tiny import sentiment_rows

Folder = Callable[[str], Path]
OWN = {
    "self-training": {"rounds": 2, "consistency": 20},
    "adapt": {"warm_up": 2, "mlm_lr": 0.01, "min_steps": 5},
}
#: A step of each phase of each method.
PLACES = [
    ("adapt", "reading-head", 2),
    ("adapt", "reading", 2),
    ("adapt", "supervised", 1),
    ("self-training", "round-1", 3),
    ("self-training", "round-2", 1),
    ("self-training", "consistency", 7),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 labels, 20 for validation, and a pool of 60 of which 4 are in validation and 2 repeated."""
    folder = tmp_path_factory.mktemp("data")
    rows = sentiment_rows()
    for name, part in (("labels", rows[:24]), ("validation", rows[24:44])):
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("text", "label"), *part])
    pool = [text for text, _ in [*rows[40:98], *rows[96:98]]]
    (folder / "pool.txt").write_text("\n".join(pool), encoding="utf-8")
    return folder


def _settings(backbone: Path, data: Path, out: Path, method: str, **changes: Any) -> TrainSettings:
    return TrainSettings.model_validate({
        "data": (str(data / "labels.csv"),), "validation": str(data / "validation.csv"),
        "model": str(backbone), "out": str(out), "unlabelled": (str(data / "pool.txt"),),
        "method": method, "set": OWN[method],
        "epochs": 2, "lr": 5e-3, "batch_size": 12, "device": "cpu", "threads": 1, **changes,
    })  # fmt: skip


def _train(settings: TrainSettings, *, resume: bool = False) -> Run:
    return fine_tune(
        settings, lambda line: None, method=find_method(settings), resume=resume, checkpoint_seconds=0
    )


@pytest.fixture(scope="module")
def whole(tiny_folder: Folder, data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Trainings that were never interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    return {name: _train(_settings(tiny_folder("bert"), data, folder / name, name)) for name in OWN}


@pytest.mark.parametrize("place", PLACES)
def test_killed_and_resumed_is_never_killed(
    tiny_folder: Folder, data: Path, tmp_path: Path, whole: dict[str, Run], place: tuple[str, str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    method, phase, step = place
    settings = _settings(tiny_folder("bert"), data, tmp_path / "model", method)
    with killed_before(monkeypatch, "step", phase=phase, step=step):
        _train(settings)
    resumed = _train(settings, resume=True)
    weights = [(run.folder / "model.safetensors").read_bytes() for run in (resumed, whole[method])]
    assert weights[0] == weights[1]
    assert resumed.record.metrics == whole[method].record.metrics
    assert resumed.record.method == whole[method].record.method


def test_the_folder_says_how_it_was_trained(whole: dict[str, Run]) -> None:
    record = load_record(whole["self-training"].folder).method
    assert record is not None
    assert record.name == "self-training"
    assert record.settings["rounds"] == 2
    assert record.pool == {"texts": 54, "test": 0, "validation": 4, "labelled": 0, "repeated": 2}
    assert any("reads the mean of layer" in note for note in record.notes)


def test_each_round_has_as_many_texts_of_each_class(whole: dict[str, Run]) -> None:
    log = read_log(whole["self-training"].folder.with_name("self-training.run"))
    texts = [each["text"] for each in log if each["kind"] == "event"]
    # Half of 54, then three quarters of it, cut to whole texts a class.
    assert [text.partition(", at")[0] for text in texts] == [
        "round 1: 26 of 54 unlabelled texts are learnt from (13 negative, 13 positive)",
        "round 2: 40 of 54 unlabelled texts are learnt from (20 negative, 20 positive)",
    ]
    steps = [each for each in log if each["kind"] == "step" and each["phase"].startswith("round-")]
    names = {name for each in steps for name in each}
    assert names >= {"labelled_loss", "unlabelled_loss", "confidence", "entropy", "share negative"}
    assert all(each["share negative"] + each["share positive"] == pytest.approx(1) for each in steps)


def test_the_last_student_goes_on_by_consistency(whole: dict[str, Run]) -> None:
    log = read_log(whole["self-training"].folder.with_name("self-training.run"))
    steps = [each for each in log if each["kind"] == "step"]
    assert [each["phase"] for each in steps[-20:]] == ["consistency"] * 20
    assert steps[-21]["phase"] == "round-2"
    # It goes on from the student, which is sure of itself, and not from a new head, which is not.
    assert steps[-20]["confidence"] > 0.6


def test_the_report_names_the_method_and_its_phases(whole: dict[str, Run]) -> None:
    file = report_training(whole["self-training"])
    assert file is not None
    page = file.read_text(encoding="utf-8")
    assert "Trained by self-training, with 54 unlabelled texts; 6 others were left out" in page
    assert "Loss over " in page


def test_what_was_read_is_in_the_body_and_the_head_is_its_own(tiny_folder: Folder) -> None:
    folder = tiny_folder("bert")
    network = AutoModelForSequenceClassification.from_pretrained(folder)
    source = AutoModelForMaskedLM.from_pretrained(folder)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    for parameter in source.parameters():
        parameter.data.add_(1.0)
    take_body(network, source)
    for name, value in encoder_of(network).state_dict().items():
        moved = 0.0 if "pooler" in name else 1.0
        assert value.tolist() == (before[f"bert.{name}"] + moved).tolist(), name
    assert network.classifier.weight.tolist() == before["classifier.weight"].tolist()


def test_a_pool_goes_with_folds(tiny_folder: Folder, data: Path, tmp_path: Path) -> None:
    settings = _settings(tiny_folder("bert"), data, tmp_path / "model", "self-training", folds=2, epochs=1)
    settings = settings.model_copy(
        update={"validation": None, "set": {"rounds": 1, "tfidf_view": False, "consistency": 0}}
    )
    run = run_training(settings, lambda line: None, method=find_method(settings))
    assert run.record.measured_on == "folds"
    assert run.record.repeats is not None
    assert [each.rows for each in run.record.repeats.runs] == [12, 12]
    assert run.record.method is not None
    assert run.record.method.pool["texts"] == 58
