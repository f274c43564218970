"""The choice of a method by cross-validation."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from safetensors.torch import load_file

from bertolt.errors import DataError, UnknownNameError
from bertolt.training import phases
from bertolt.training.checkpoints import Position
from bertolt.training.fine_tune import Run, fine_tune
from bertolt.training.method import Method, MethodSettings, Setting, split_settings, supervised_objective
from bertolt.training.objective import Objective
from bertolt.training.settings import TrainSettings
from bertolt.unlabelled import method_auto
from bertolt.unlabelled.masked_lm import MaskedLM
from bertolt.unlabelled.method_adapt import Adapt
from bertolt.unlabelled.method_auto import Auto, Score, choose_method, may_be_chosen
from bertolt.unlabelled.method_consistency import ConsistencySettings
from bertolt.unlabelled.method_few_shot import FewShotSettings
from bertolt.unlabelled.method_self_training import SelfTrainingSettings
from tiny import sentiment_rows

Folder = Callable[[str], Path]


class _Sleeps:
    """Leaves the network as it is."""

    name = "sleeps"
    needs_pool = False
    settings: type[MethodSettings] = MethodSettings
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


def _run(
    tiny_folder: Folder, labels: Path, out: Path, *, method: Method | None = None, **changes: object
) -> tuple[Run, list[str]]:
    settings = TrainSettings.model_validate(
        {
            "data": (str(labels),), "validation": str(labels), "out": str(out),
            "model": str(tiny_folder("bert")), "epochs": 1, "batch_size": 60, "device": "cpu", "threads": 1,
            "set": {"folds": 2}, **changes,
        }
    )  # fmt: skip
    said: list[str] = []
    return fine_tune(settings, said.append, method=method or _auto()), said


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
    (cost,) = [line for line in said if "trials" in line]
    assert cost.startswith(
        "auto: 2 methods (sleeps, learns) on 2 folds of 120 labels: at most 4 trials, then"
    )
    assert said.index(cost) < said.index(note)
    assert {path.name for path in (tmp_path / "model.run").iterdir()} == {"log.jsonl", "settings.json"}


def test_a_method_that_cannot_be_chosen_any_more_is_given_up(
    tiny_folder: Folder, labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 60 of 120 right by the preferred one: with 3 of the first 60 right the other could reach 63 at best.
    found = {0.5: 0.5, 0.75: 0.05}
    monkeypatch.setattr(
        method_auto, "accuracy", lambda setting: found[float(setting.model.engine.network.right)]
    )
    _Learns.trained_on.clear()
    run, _ = _run(tiny_folder, labels, tmp_path / "model")
    record = run.record.method
    assert record is not None
    (note,) = record.notes
    assert note.startswith("auto chose sleeps: it was right most often")
    assert note.endswith("learns 5% ± 3% of 60 labels, folds 5% to 5%, then given up)")
    assert _Learns.trained_on == [60]


def _pool(folder: Path) -> str:
    """A file of 40 texts."""
    file = folder / "pool.csv"
    file.write_text("text\n" + "".join(f"{text} again\n" for text, _ in sentiment_rows()[130:170]))
    return str(file)


def test_the_pool_is_read_once_for_all_trials_and_whole_for_the_last_training(
    tiny_folder: Folder, labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    train = phases.train

    def counted(objective: Objective, *rest: Any) -> Position:
        if isinstance(objective, MaskedLM):
            read.append(len(objective.steps(0)))
        return train(objective, *rest)

    monkeypatch.setattr(phases, "train", counted)
    options: dict[str, object] = {"unlabelled": (_pool(tmp_path),), "max_length": 32, "batch_size": 5}
    auto = Auto({"adapt": Adapt()}, ["adapt"])
    _run(tiny_folder, labels, tmp_path / "auto", method=auto, **options)
    of_trials, of_last = read  # once for both folds
    assert of_trials * 4 == of_last
    _run(tiny_folder, labels, tmp_path / "alone", method=Adapt(), set={}, **options)
    weights = [load_file(tmp_path / name / "model.safetensors") for name in ("auto", "alone")]
    assert all(torch.equal(tensor, weights[1][name]) for name, tensor in weights[0].items())


def test_a_trial_has_its_share_of_the_pool_and_of_the_steps_and_the_last_training_all(
    tiny_folder: Folder, labels: Path, tmp_path: Path
) -> None:
    seen: list[tuple[list[str], int, int]] = []

    class Reads(_Sleeps):
        needs_pool = True
        settings = ConsistencySettings

        def train(self, setting: Setting) -> None:
            texts = [each.text for each in setting.pool]
            assert len(setting.pool_rows) == len(texts)
            tokens = setting.prepared.encode(setting.pool)
            assert [each.tokens for each in tokens] == [each.tokens for each in setting.pool_rows]
            own = setting.own(ConsistencySettings)
            seen.append((texts, own.steps, own.ramp))

    auto = Auto({"reads": Reads()}, ["reads"])
    _run(tiny_folder, labels, tmp_path / "m", method=auto, unlabelled=(_pool(tmp_path),), set={"trial": 0.3})
    *trials, last = seen
    assert len(trials) == 3
    assert trials[0] == trials[1] == trials[2]
    assert trials[0][1:] == (120, 15)
    assert len(trials[0][0]) == 12
    assert last[1:] == (400, 50)
    assert len(last[0]) == 40
    assert [text for text in last[0] if text in trials[0][0]] == trials[0][0]


def test_shortened_settings_keep_their_proportions() -> None:
    short = ConsistencySettings(teacher=0.99, check_every=50).shortened(0.25)
    assert (short.steps, short.ramp, short.check_every) == (100, 13, 13)
    assert short.teacher == pytest.approx(0.96)
    assert ConsistencySettings(teacher=0.0).shortened(0.25).teacher == 0.0
    assert ConsistencySettings(teacher=0.5).shortened(0.25).teacher == 0.0
    assert SelfTrainingSettings().shortened(0.25) == SelfTrainingSettings(consistency=100)
    assert FewShotSettings(kind="all").shortened(0.25) == FewShotSettings(kind="all")


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


def test_what_is_to_come_decides_who_may_still_be_chosen() -> None:
    rows, first = (10, 10), Score("first", (0.8, 0.8), (10, 10))
    assert may_be_chosen([0.1], rows, [])
    assert may_be_chosen([], rows, [first])
    assert not may_be_chosen([0.5], rows, [first])  # 15 of 20 at best
    assert not may_be_chosen([0.7], rows, [first])  # 17 of 20: 5 points, a standard error has 8
    assert may_be_chosen([0.9], rows, [first])
    better = Score("better", (1.0, 0.9), (10, 10))
    assert not may_be_chosen([0.9], rows, [first, better])  # the equal that stands before it
    assert may_be_chosen([1.0], rows, [first, better])
    assert may_be_chosen([0.9], rows, [first, Score("lucky", (1.0,), (10,), given_up=True)])
    assert not may_be_chosen([], rows, [Score("first", (1.0, 1.0), (10, 10))])


def test_one_that_was_given_up_is_not_chosen_for_its_first_fold() -> None:
    first = _score("first", 0.9, 0.9)
    lucky, untried = Score("lucky", (1.0,), (50,), given_up=True), Score("untried", (), (), given_up=True)
    chosen, why = choose_method([first, lucky, untried], ["first", "lucky", "untried"])
    assert chosen == "first"
    assert why.endswith("folds 100% to 100%, then given up; untried not tried, as it could not be chosen)")


def test_settings_of_method_and_task_share_one_option() -> None:
    settings = TrainSettings(data=("x.csv",), task="text-classification", set={"folds": 4})
    of_task, own = split_settings(settings, _auto())
    assert of_task.set == {}
    assert own.model_dump() == {"folds": 4, "methods": (), "trial": 0.25}
