"""The unlabelled texts: none that is measured or chosen on, and an account of those that are left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertolt.data.documents import Document
from bertolt.data.examples import TextExample
from bertolt.errors import DataError, SettingError, UnknownNameError
from bertolt.tasks.registry import get_task
from bertolt.training.corpus import Corpus
from bertolt.training.fine_tune import fine_tune
from bertolt.training.pool import without_known
from bertolt.training.settings import TrainSettings
from bertolt.unlabelled.methods import METHODS, find_method
from tiny import sentiment_rows

Folder = Callable[[str], Path]


def test_known_texts_are_left_out_and_counted() -> None:
    corpus = Corpus(
        train=[TextExample(text="A film.", label="a")],
        validation=[TextExample(text="A play!", label="a")],
        test=[TextExample(text="A song", label="b"), TextExample(text=":-)", label="b")],
    )
    texts = ["new", "a  FILM", "a play", "A song.", "a song", "New!", ":-)", ":-(", "newer"]
    examples, counts = without_known([Document(line, text) for line, text in enumerate(texts, 1)], corpus)
    assert [(each.line, each.text, each.label) for each in examples] == [
        (1, "new", None), (8, ":-(", None), (9, "newer", None)
    ]  # fmt: skip
    assert counts == {"texts": 3, "test": 3, "validation": 1, "labelled": 1, "repeated": 1}


def _settings(**changes: Any) -> TrainSettings:
    return TrainSettings.model_validate({"data": ("x.csv",), **changes})


def test_the_method_that_is_meant() -> None:
    assert find_method(_settings()).name == "supervised"
    assert find_method(_settings(unlabelled=("pool.txt",))).name == "self-training"
    assert find_method(_settings(method="few-shot")).name == "few-shot"
    assert set(METHODS) == {"supervised", "adapt", "consistency", "self-training", "few-shot"}


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"method": "consistency"}, SettingError, "--unlabelled FILE.*for --method consistency"),
        ({"method": "self-trainig"}, UnknownNameError, "self-training"),
        ({"method": "few-shot", "unlabelled": ("p.txt",)}, SettingError, "found p.txt"),
        ({"unlabelled": ("p.txt",), "task": "token-classification"}, SettingError, "one label a text"),
        (
            {"unlabelled": ("p.txt",), "task": "sentence-pair-classification"},
            SettingError,
            "one label a text",
        ),
        ({"method": "few-shot", "task": "multi-label-classification"}, SettingError, "one label a text"),
    ],
)
def test_what_does_not_go_together_is_refused(
    changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        find_method(_settings(**changes))


def test_no_two_owners_of_a_setting() -> None:

    theirs = {
        name
        for task in ("text-classification", "acceptability")
        for name in get_task(task).Settings.model_fields
    }
    for method in METHODS.values():
        assert not theirs & set(method.settings.model_fields), method.name


@pytest.fixture
def files(tmp_path: Path) -> Path:
    rows = sentiment_rows()
    lines = ["text,label", *(f'"{text}",{label}' for text, label in rows[:20])]
    (tmp_path / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "known.txt").write_text("\n".join(text for text, _ in rows[:20]), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"unlabelled": ("known.txt",)}, DataError, "found none among 20"),
        (
            {"unlabelled": ("known.txt",), "set": {"round": 2}},
            SettingError,
            "of text-classification: no_label; or of --method self-training: rounds, .*found 'round'",
        ),
        ({"unlabelled": ("known.txt",), "set": {"rounds": 0}}, SettingError, "a value for rounds"),
        ({"set": {"rounds": 2}}, SettingError, "a setting of text-classification: no_label"),
    ],
)
def test_what_cannot_be_used_leaves_nothing_behind(
    tiny_folder: Folder, files: Path, changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    values = {
        "data": (str(files / "labels.csv"),), "model": str(tiny_folder("bert")), "out": str(files / "model"),
        "device": "cpu", "threads": 1, **changes,
    }  # fmt: skip
    if "unlabelled" in changes:
        values["unlabelled"] = tuple(str(files / name) for name in changes["unlabelled"])
    settings = TrainSettings.model_validate(values)
    with pytest.raises(error, match=message):
        fine_tune(settings, lambda line: None, method=find_method(settings))
    assert not (files / "model.run").exists()
