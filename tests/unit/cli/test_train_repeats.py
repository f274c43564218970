"""``bertolt train --seeds`` and ``--folds`` on the command line: what they print."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bertolt.cli.dispatch import main


def _words(tiny_folder: Callable[[str], Path], data: Path, out: Path, *more: str) -> list[str]:
    model = str(tiny_folder("bert"))
    return [
        "train", str(data), "--model", model, "--out", str(out), "--epochs", "1", "--threads", "1",
        "--device", "cpu", *more,
    ]  # fmt: skip


def test_seeds_in_json(
    tiny_folder: Callable[[str], Path],
    sentiment_csv: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(_words(tiny_folder, sentiment_csv, tmp_path / "model", "--seeds", "2", "--json")) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert [run["seed"] for run in document["seeds"]] == [0, 1]
    values = [run["metrics"]["accuracy"] for run in document["seeds"]]
    spread = document["spread"]["accuracy"]
    assert spread["mean"] == pytest.approx(sum(values) / 2)
    assert (spread["least"], spread["greatest"]) == (min(values), max(values))
    assert document["metrics"]["accuracy"]["value"] in values
    assert "seeds: 0 to 1 on this split" in err
    assert err.count("split: 192 train, 24 validation, 24 test") == 1
    assert err.count("time: about") == 1
    assert "the best on validation" in err


def test_folds_for_people(
    tiny_folder: Callable[[str], Path],
    sentiment_csv: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(_words(tiny_folder, sentiment_csv, tmp_path / "model", "--folds", "2")) == 0
    out, err = capsys.readouterr()
    assert out.startswith("measured on 240 rows by cross-validation, with 95% intervals:\n")
    assert "spread over 2 folds:\n" in out
    assert "greatest" in out
    assert "folds: 2 of 120 rows" in err
    assert "fold 2: accuracy" in err
    assert "warning: inside a fold under 20 rows are left to choose on" in err  # 12 of 120, and 24 of 240
    report = (tmp_path / "model" / "report.html").read_text(encoding="utf-8")
    assert "over the 2 folds of the training" in report
    assert "each row judged by a model that was trained without it" in report


def test_both_are_refused(
    tiny_folder: Callable[[str], Path],
    sentiment_csv: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = _words(tiny_folder, sentiment_csv, tmp_path / "model", "--folds", "2", "--seeds", "2", "--json")
    assert main(words) == 2
    assert json.loads(capsys.readouterr().out)["error"]["found"] == "both"
