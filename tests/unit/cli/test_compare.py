"""``bertolt compare``, ``evaluate --report`` and ``--abstain-below``, in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import bertolt
from bertolt.cli import main


@pytest.fixture(scope="module")
def models(
    tiny_folder: Callable[[str], Path], sentiment_csv: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with three models: a and b of one data, c of other."""
    folder = tmp_path_factory.mktemp("models")
    for name, lr, seed in (("a", 1e-6, 0), ("b", 3e-3, 0), ("c", 1e-6, 7)):
        bertolt.train(
            sentiment_csv, out=folder / name, model=tiny_folder("bert"), epochs=3, lr=lr,
            batch_size=16, seed=seed, threads=1, device="cpu", quiet=True,
        )  # fmt: skip
    return folder


def document(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, dict[str, object]]:
    code = main([*map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_training_leaves_a_report(models: Path) -> None:
    text = (models / "b" / "report.html").read_text(encoding="utf-8")
    assert "the test part of" in text
    assert "<h2>Confusion</h2>" in text


def test_the_better_model_is_found(
    models: Path, sentiment_csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(models / "a"), str(models / "b"), str(sentiment_csv)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("compared on 240 rows")
    assert "\nB is better by " in out
    assert out.endswith(f"A is {models / 'a'}, B is {models / 'b'}\n")


def test_without_data_the_validation_rows_of_a_are_used(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = document(capsys, "compare", models / "a", models / "b")
    assert (code, found["n"], found["data"]) == (0, 24, None)


def test_models_of_other_training_rows_need_data(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = document(capsys, "compare", models / "a", models / "c")
    assert code == 2
    assert "different training rows" in str(found["error"])


def test_evaluate_tells_what_unsure_buys_and_writes_a_report(
    models: Path, sentiment_csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "r.html"
    code, found = document(
        capsys, "evaluate", models / "b", sentiment_csv, "--abstain-below", "0.5", "--report", report
    )
    assert code == 0
    abstention = found["abstention"]
    assert isinstance(abstention, dict)
    assert abstention["coverage"]["value"] == 1.0  # of two labels the likelier one has at least a half
    assert abstention["accuracy"] == abstention["accuracy_all"]
    assert found["report"] == str(report)
    assert "Unsure below 0.5: 100.0% of the texts are answered" in report.read_text()


def test_predict_abstains(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, found = document(capsys, "predict", models / "b", "the film was gorgeous", "--abstain-below", "0.9999")
    (result,) = found["results"]  # type: ignore[misc]
    assert result["label"] == "unsure"  # type: ignore[index]
    assert max(result["scores"].values()) == result["score"]  # type: ignore[index]
