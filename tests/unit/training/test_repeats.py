"""Several trainings: each is the ordinary one, and what is told of them is what they gave."""

from __future__ import annotations

import csv
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertolt.errors import DataError, SettingError
from bertolt.models.folder import load_record
from bertolt.tasks.registry import get_task
from bertolt.tasks.task import typed_settings
from bertolt.training.corpus import read_all
from bertolt.training.fine_tune import Run, fine_tune
from bertolt.training.folds import fold_corpora
from bertolt.training.repeats import run_training, spread
from bertolt.training.runlog import RunLog, read_log
from bertolt.training.settings import TrainSettings
from faults import Killed
from tiny import sentiment_rows

Folder = Callable[[str], Path]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three files: 60 sentences, 20 for validation, 20 to test; the first also with groups of 4 rows."""
    folder = tmp_path_factory.mktemp("data")
    rows = sentiment_rows()
    for name, part in (("train", rows[:60]), ("validation", rows[60:80]), ("test", rows[80:100])):
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("text", "label"), *part])
    with (folder / "groups.csv").open("w", newline="", encoding="utf-8") as file:
        grouped = [(*row, f"film {number // 4}") for number, row in enumerate(rows[:60])]
        csv.writer(file).writerows([("text", "label", "film"), *grouped])
    return folder


def _settings(backbone: Path, folder: Path, out: Path, **changes: Any) -> TrainSettings:
    values = {
        "data": (str(folder / "train.csv"),), "out": str(out), "model": str(backbone), "epochs": 2,
        "lr": 2e-3, "batch_size": 16, "device": "cpu", "threads": 1,
    }  # fmt: skip
    return TrainSettings.model_validate({**values, **changes})


def _parts(data: Path) -> dict[str, str]:
    return {"validation": str(data / "validation.csv"), "test": str(data / "test.csv")}


def _run(settings: TrainSettings, *, resume: bool = False) -> Run:
    return run_training(settings, lambda line: None, resume=resume, checkpoint_seconds=0)


def _weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def seeds(tiny_folder: Folder, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two seeds, from 3 on."""
    out = tmp_path_factory.mktemp("seeds") / "model"
    return _run(_settings(tiny_folder("bert"), data, out, seed=3, seeds=2, **_parts(data)))


@pytest.fixture(scope="module")
def folds(tiny_folder: Folder, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Three folds."""
    out = tmp_path_factory.mktemp("folds") / "model"
    return _run(_settings(tiny_folder("bert"), data, out, folds=3, class_weight="balanced"))


def test_one_training_is_an_ordinary_one(tiny_folder: Folder, data: Path, tmp_path: Path) -> None:
    run = _run(_settings(tiny_folder("bert"), data, tmp_path / "model", epochs=1))
    assert run.record.repeats is None


def test_each_seed_is_an_ordinary_training_and_the_best_on_validation_is_kept(
    seeds: Run, tiny_folder: Folder, data: Path, tmp_path: Path
) -> None:
    alone = [
        fine_tune(
            _settings(tiny_folder("bert"), data, tmp_path / str(seed), seed=seed, **_parts(data)),
            lambda line: None,
        )
        for seed in (3, 4)
    ]
    repeats = seeds.record.repeats
    assert repeats is not None
    assert (repeats.kind, [run.number for run in repeats.runs]) == ("seeds", [3, 4])
    for run, one in zip(repeats.runs, alone, strict=True):
        assert run.metrics == {name: figure["value"] for name, figure in one.record.metrics.items()}
        best = [record["accuracy"] for record in read_log(one.folder.with_name(f"{one.folder.name}.run"))
                if record["kind"] == "validation"]  # fmt: skip
        assert run.validation == pytest.approx(max(best))
        assert run.rows == 20
    scores = [run.validation or 0.0 for run in repeats.runs]
    best_run = alone[scores.index(max(scores))]
    assert _weights(seeds.folder) == _weights(best_run.folder)
    assert seeds.record.seed == best_run.record.seed
    assert seeds.record.metrics == best_run.record.metrics
    assert seeds.record.measured_on == "test"
    first, second = (run.metrics["log_loss"] or 0.0 for run in repeats.runs)
    found = repeats.spread["log_loss"]
    assert found.mean == pytest.approx((first + second) / 2)
    assert found.std == pytest.approx(abs(first - second) / 2**0.5)
    assert (found.least, found.greatest) == (min(first, second), max(first, second))


def test_the_folder_is_complete_and_says_so(seeds: Run) -> None:
    assert load_record(seeds.folder) == seeds.record
    assert seeds.record.training["seeds"] == 2
    assert seeds.record.training["out"] == str(seeds.folder)
    assert "over 2 seeds" in (seeds.folder / "README.md").read_text(encoding="utf-8")
    run_folder = seeds.folder.with_name("model.run")
    assert sorted(path.name for path in run_folder.iterdir()) == ["log.jsonl", "settings.json"]
    assert [record["step"] for record in read_log(run_folder) if record["kind"] == "step"] == [*range(1, 9)]


def test_every_row_is_judged_by_a_model_that_was_trained_without_it(
    folds: Run, tiny_folder: Folder, data: Path, tmp_path: Path
) -> None:
    settings = _settings(tiny_folder("bert"), data, tmp_path / "one", class_weight="balanced")
    task = get_task(settings.task)
    whole, groups = read_all(task, typed_settings(task, {}), settings)
    assert folds.evaluation is not None
    assert folds.evaluation.examples == whole.train
    assert groups is None
    right = {}
    for each in fold_corpora(task, whole, groups, 3, settings.seed):
        parts = (each.corpus.train, each.corpus.validation, each.corpus.test)
        assert sorted(example.line for part in parts for example in part) == [*range(2, 62)]
        assert [example.line - 2 for example in each.corpus.test] == list(each.rows)
        one = fine_tune(settings, lambda line: None, corpus=each.corpus)
        said: Any = one.pipeline([example.text for example in each.corpus.test])
        for row, result in zip(each.rows, said, strict=True):
            right[row] = result.label == whole.train[row].label
    assert folds.metrics["accuracy"].value == pytest.approx(sum(right.values()) / 60)
    assert folds.record.metrics["accuracy"] == folds.metrics["accuracy"].to_dict()


def test_folds_tell_their_figures_and_their_spread(folds: Run) -> None:
    record = folds.record
    assert record.measured_on == "folds"
    assert record.examples == {"train": 54, "validation": 6, "test": 0}
    assert record.repeats is not None
    assert [(run.number, run.rows) for run in record.repeats.runs] == [(1, 20), (2, 20), (3, 20)]
    values = [run.metrics["accuracy"] or 0.0 for run in record.repeats.runs]
    found = record.repeats.spread["accuracy"]
    assert found.mean == pytest.approx(folds.metrics["accuracy"].value)
    assert found.std == pytest.approx(statistics.stdev(values))
    assert "trained without it" in (folds.folder / "README.md").read_text(encoding="utf-8")
    assert load_record(folds.folder) == record


def test_groups_stay_in_one_fold(tiny_folder: Folder, data: Path, tmp_path: Path) -> None:
    settings = _settings(
        tiny_folder("bert"), data, tmp_path / "model", group="film", data=(str(data / "groups.csv"),)
    )
    task = get_task(settings.task)
    whole, groups = read_all(task, typed_settings(task, {}), settings)
    assert groups is not None
    for each in fold_corpora(task, whole, groups, 5, 0):
        parts = (each.corpus.train, each.corpus.validation, each.corpus.test)
        films = [{groups[example.line - 2] for example in part} for part in parts]
        assert all(films)
        assert not films[0] & films[1]
        assert not films[0] & films[2]
        assert not films[1] & films[2]


@pytest.mark.parametrize(("kind", "place"), [("seeds", 3), ("seeds", 11), ("folds", 10), ("folds", 13)])
def test_killed_and_resumed_is_never_killed(
    tiny_folder: Folder,
    data: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    place: int,
) -> None:
    never: Run = request.getfixturevalue(kind)
    settings = TrainSettings.model_validate({**never.record.training, "out": str(tmp_path / "model")})
    write, steps = RunLog.write, 0

    def killing(log: RunLog, record: str, figures: dict[str, float]) -> None:
        nonlocal steps
        steps += record == "step"
        if steps == place:
            raise Killed
        write(log, record, figures)

    with monkeypatch.context() as patched:
        patched.setattr(RunLog, "write", killing)
        with pytest.raises(Killed):
            _run(settings)
        steps, before = -1000, place - 1
        resumed = _run(settings, resume=True)
    assert steps + 1000 + before == {"seeds": 2 * 8, "folds": 3 * 6 + 8}[kind]  # none was made twice
    assert _weights(resumed.folder) == _weights(never.folder)
    assert resumed.record.repeats == never.record.repeats
    assert resumed.record.metrics == never.record.metrics
    assert resumed.record.spec == never.record.spec


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seeds": 2, "folds": 2}, "--seeds or --folds; found both"),
        ({"folds": 1}, "--folds of 2 or more; found 1"),
        ({"folds": 2, "test": "test.csv"}, "found also --test"),
        ({"folds": 2, "validation": "test.csv"}, "found also --validation"),
        ({"seeds": 2, "max_length": 513}, "--max-length of at most 512"),
        ({"folds": 2, "class_weight": "missing.json"}, "--class-weight"),
    ],
)
def test_what_cannot_be_used_leaves_nothing_behind(
    tiny_folder: Folder, data: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        _run(_settings(tiny_folder("bert"), data, tmp_path / "model", **changes))
    assert list(tmp_path.iterdir()) == []


def test_more_folds_than_rows_of_a_label(tiny_folder: Folder, data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at least 50 rows of every label"):
        _run(_settings(tiny_folder("bert"), data, tmp_path / "model", folds=50))
    assert list(tmp_path.iterdir()) == []


def test_a_spread_is_not_told_where_a_run_has_no_figure() -> None:
    found = spread([{"a": 1.0, "b": None, "c": 0.0}, {"a": 4.0, "b": 2.0}])
    assert found.keys() == {"a", "b"}
    assert found["a"].model_dump() == {
        "mean": 2.5, "std": pytest.approx(1.5 * 2**0.5), "least": 1.0, "greatest": 4.0
    }  # fmt: skip
    assert set(found["b"].model_dump().values()) == {None}
