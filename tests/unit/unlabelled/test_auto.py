"""The choice of a method by cross-validation."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
import torch
from pydantic import BaseModel

from bertolt.errors import DataError, UnknownNameError
from bertolt.training.fine_tune import Run, fine_tune
from bertolt.training.method import MethodSettings, Setting, split_settings, supervised_objective
from bertolt.training.settings import TrainSettings
from bertolt.unlabelled import method_auto
from bertolt.unlabelled.method_auto import Auto, Score, choose_method
from tiny import sentiment_rows

Folder = Callable[[str], Path]


class _Sleeps:
    """Leaves the network as it is."""

    name = "sleeps"
    needs_pool = False
    settings: type[BaseModel] = MethodSettings
    right = 0.5

    def train(self, setting: Setting) -> None:
        setting.model.engine.network.register_buffer("right", torch.tensor(self.right), persistent=False)


class _Learns(_Sleeps):
    """Is right more often."""

    name = "learns"
    right = 0.75
    trained_on: ClassVar[list[int]] = []

    def train(self, setting: Setting) -> None:
        super().train(setting)
        self.trained_on.append(len(setting.prepared.encoded))
        setting.run.run("learning", supervised_objective(setting), setting.plan)


class _Pool(_Sleeps):
    """Cannot be tried without a pool."""

    name = "pool"
    needs_pool = True


def _auto() -> Auto:
    methods = [_Sleeps(), _Pool(), _Learns()]
    return Auto({method.name: method for method in methods}, [method.name for method in methods])


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("data") / "labels.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("text", "label"), *sentiment_rows()[:120]])
    return file


def _run(tiny_folder: Folder, labels: Path, out: Path, **changes: object) -> tuple[Run, list[str]]:
    settings = TrainSettings.model_validate(
        {
            "data": (str(labels),), "validation": str(labels), "out": str(out),
            "model": str(tiny_folder("bert")), "epochs": 1, "batch_size": 60, "device": "cpu", "threads": 1,
            "set": {"folds": 2}, **changes,
        }
    )  # fmt: skip
    said: list[str] = []
    return fine_tune(settings, said.append, method=_auto()), said


def test_the_better_method_is_chosen_and_said(
    tiny_folder: Folder, labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def planted(setting: Setting) -> float:
        assert not {each.text for each in setting.prepared.corpus.test} & {
            each.text for each in setting.prepared.corpus.train
        }
        return float(setting.model.engine.network.right)  # type: ignore[arg-type]

    monkeypatch.setattr(method_auto, "accuracy", planted)
    _Learns.trained_on.clear()
    run, said = _run(tiny_folder, labels, tmp_path / "model")
    record = run.record.method
    assert record is not None
    assert record.name == "auto"
    (note,) = record.notes
    assert note.startswith("auto chose learns: it was right most often on labels held out (learns ")
    assert "(learns 75% ± 4% of 120 labels, folds 75% to 75%; sleeps 50% ± 5% of 120 labels" in note
    assert "pool" not in note  # there is no pool
    assert _Learns.trained_on == [60, 60, 120]
    (cost,) = [line for line in said if "trainings" in line]
    assert cost.startswith("auto: 2 methods (sleeps, learns) on 2 folds of 120 labels: 4 trainings")
    assert said.index(cost) < said.index(note)
    assert {path.name for path in (tmp_path / "model.run").iterdir()} == {"log.jsonl", "settings.json"}


def test_a_method_to_try_that_is_not_there_is_refused(
    tiny_folder: Folder, labels: Path, tmp_path: Path
) -> None:
    with pytest.raises(UnknownNameError, match="sleeps"):
        _run(tiny_folder, labels, tmp_path / "model", set={"methods": ["sleep"]})


def test_a_class_of_one_label_has_no_folds(tiny_folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text("text,label\n" + "good,a\n" * 8 + "bad,b\n")
    with pytest.raises(DataError, match="1 of 'b'"):
        _run(tiny_folder, tmp_path / "few.csv", tmp_path / "model")


def test_accuracy_is_the_share_of_the_own_rows_that_are_right(
    tiny_folder: Folder, labels: Path, tmp_path: Path
) -> None:
    seen: list[tuple[float, float]] = []

    class Measured(_Sleeps):
        def train(self, setting: Setting) -> None:
            corpus = setting.prepared.corpus
            part = replace(setting.prepared, corpus=replace(corpus, test=corpus.validation))
            said = method_auto.accuracy(replace(setting, prepared=part))
            results = setting.model.results(corpus.validation)
            right = [found.label == row.label for found, row in zip(results, corpus.validation, strict=True)]  # type: ignore[union-attr]
            seen.append((said, sum(right) / len(right)))

    settings = TrainSettings(
        data=(str(labels),), model=str(tiny_folder("bert")), out=str(tmp_path / "m"), device="cpu", threads=1
    )
    fine_tune(settings, lambda line: None, method=Measured())
    assert seen[0][0] == seen[0][1]


def _score(method: str, *accuracies: float) -> Score:
    return Score(method, accuracies, (50,) * len(accuracies))


def test_the_preferred_one_is_kept_among_equals() -> None:
    first, second = _score("first", 0.60, 0.64), _score("second", 0.62, 0.66)
    assert second.accuracy == pytest.approx(0.64)
    assert second.error == pytest.approx((0.64 * 0.36 / 100) ** 0.5)
    chosen, why = choose_method([first, second], ["first", "second"])
    assert chosen == "first"
    assert why.startswith("none is better by more than a standard error")
    chosen, why = choose_method([first, _score("second", 0.72, 0.70)], ["first", "second"])
    assert chosen == "second"
    assert "second 71% ± 5% of 100 labels, folds 70% to 72%" in why


def test_no_mistake_among_few_labels_is_not_certainty() -> None:
    assert Score("x", (1.0,), (9,)).error == pytest.approx((0.9 * 0.1 / 9) ** 0.5)


def test_settings_of_method_and_task_share_one_option() -> None:
    settings = TrainSettings(data=("x.csv",), task="text-classification", set={"folds": 4})
    of_task, own = split_settings(settings, _auto())
    assert of_task.set == {}
    assert own.model_dump() == {"folds": 4, "methods": ()}
