"""The verbs on good input: train, evaluate, predict, and what they print."""

from __future__ import annotations

import csv
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from process import Outcome, command, environment, run


def test_train_prints_one_document(trained: tuple[Path, Outcome]) -> None:
    folder, done = trained
    document = done.document
    assert set(document) == {
        "folder", "task", "metrics", "measured_on", "examples", "seconds", "spec",
    }  # fmt: skip
    assert document["folder"] == "models/reviews"
    assert document["task"] == "text-classification"
    assert document["examples"] == {"train": 192, "validation": 24, "test": 24}
    assert document["measured_on"] == "test"
    assert document["metrics"]["accuracy"]["value"] > 0.9
    assert document["spec"]["labels"] == ["negative", "positive"]
    assert (folder / "model.safetensors").is_file()
    assert "columns text = 'text', label = 'label'" in done.err
    assert "split: 192 train, 24 validation, 24 test (seed 1)" in done.err


def test_evaluate(model: Path, sentiment_csv: Path) -> None:
    done = run("evaluate", model, sentiment_csv, "--json", cwd=model.parent)
    assert done.code == 0, done.err
    assert done.document["n"] == 240
    accuracy = done.document["metrics"]["accuracy"]
    assert accuracy["low"] <= accuracy["value"] <= accuracy["high"]
    assert accuracy["value"] > 0.9
    assert done.document["left_out"] == {"without_text": 0, "without_label": 0}


def test_predict_texts_for_people(model: Path) -> None:
    done = run("predict", model, "the film was gorgeous", "映画 was dull and boring", cwd=model.parent)
    assert done.code == 0, done.err
    assert done.err == "warning: 2 of 10 tokens (20.0%) are unknown to the model's vocabulary, in 1 text.\n"
    first, second = done.out.splitlines()
    assert first.startswith("positive  ")
    assert first.endswith("the film was gorgeous")
    assert second.startswith("negative  ")


def test_lines_of_standard_input_and_arguments_give_the_same(model: Path) -> None:
    texts = ["the film was gorgeous", "", "dull"]
    given = run("predict", model, *texts, "--json", cwd=model.parent)
    piped = run(
        "predict", model, "--json", cwd=model.parent, stdin=b"\xef\xbb\xbf" + "\r\n".join(texts).encode()
    )
    assert given.code == piped.code == 0
    assert given.document == piped.document
    assert [result["tokens"] for result in given.document["results"]] == [4, 0, 1]


def test_texts_that_the_vocabulary_lacks_are_counted_and_said(model: Path, tmp_path: Path) -> None:
    rows = ["the film was gorgeous,positive", "ภาพยนตร์ ดี มาก,positive", "😀 😀 dull,negative"]
    (tmp_path / "new.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    warning = (
        "warning: 5 of 10 tokens (50.0%) are unknown to the model's vocabulary, in 2 texts; of 2 texts more "
        "than half of the tokens are unknown. The model cannot tell such tokens apart: these predictions say "
        "little"
    )
    for output in ("out.csv", "out.jsonl"):
        done = run("predict", model, "--input", "new.csv", "--output", output, cwd=tmp_path)
        assert done.code == 0, done.err
        assert warning in done.err.splitlines()
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        assert [row["unknown"] for row in csv.DictReader(file)] == ["0", "3", "2"]
    done = run("predict", model, "--input", "new.csv", "--json", cwd=tmp_path)
    assert [result["unknown"] for result in done.document["results"]] == [0, 3, 2]
    assert done.err.splitlines()[-1] == warning
    evaluated = run("evaluate", model, "new.csv", "--json", cwd=tmp_path)
    assert (evaluated.document["tokens"], evaluated.document["unknown"]) == (10, 5)
    explained = run("explain", model, "😀 😀 dull", cwd=tmp_path)
    assert "warning: 2 of 3 tokens (66.7%) are unknown" in explained.out


def test_no_line_gives_an_empty_array(model: Path) -> None:
    done = run("predict", model, "--json", cwd=model.parent)
    assert (done.code, done.document) == (0, {"results": []})


def test_an_error_after_the_start_closes_the_array(model: Path) -> None:
    lines = [b"good\n"] * 1024 + [b"bad \xff\n"]
    done = run("predict", model, "--json", cwd=model.parent, stdin=b"".join(lines))
    assert done.code == 2
    assert len(done.document["results"]) == 1024
    assert "line 1025" in done.document["error"]["found"]
    assert done.err == ""


def test_an_error_before_the_start_is_alone(model: Path) -> None:
    done = run("predict", model, "--json", cwd=model.parent, stdin=b"bad \xff\n")
    assert done.code == 2
    assert set(done.document) == {"error"}
    assert set(done.document["error"]) == {"expected", "found", "do"}


def test_a_file_keeps_its_columns(model: Path, sentiment_csv: Path, tmp_path: Path) -> None:
    done = run("predict", model, "--input", sentiment_csv, "--output", "out.csv", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.document["rows"] == 240
    assert done.document["unknown"] == 0 < done.document["tokens"]
    assert done.document["columns"]["label"] == "predicted_label"
    with sentiment_csv.open(encoding="utf-8", newline="") as file:
        before = list(csv.DictReader(file))
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        after = list(csv.DictReader(file))
    assert [{name: row[name] for name in ("text", "label")} for row in after] == before
    assert list(after[0]) == [
        "text", "label", "predicted_label", "score", "scores:negative", "scores:positive",
        "truncated", "tokens", "tokens_read", "unknown",
    ]  # fmt: skip
    right = sum(row["label"] == row["predicted_label"] for row in after)
    assert right > 0.9 * 240
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_transformers_own_pipeline_gives_the_same_probabilities(model: Path) -> None:
    from transformers import pipeline

    texts = ["the film was gorgeous and moving .", "dull", "i thought the plot was warm !"]
    theirs = pipeline("text-classification", model=str(model), top_k=None, device=-1)(texts)
    ours = run("predict", model, *texts, "--json", cwd=model.parent).document["results"]
    for mine, found in zip(ours, theirs, strict=True):
        for score in found:
            assert mine["scores"][score["label"]] == pytest.approx(score["score"], abs=1e-5)


def test_a_closed_pipe_is_quiet(model: Path, tmp_path: Path) -> None:
    with subprocess.Popen(
        [*command("predict", model, "--json"), *["good"] * 2000],
        cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        err = child.stderr.read()
    assert child.returncode == 141
    assert err == b""


def test_help_is_quick() -> None:
    """Under 0.3 s of processor time, and without the heavy imports."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "bertolt", "--help"],
        env=environment(), capture_output=True, check=True,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.decode().splitlines()}
    assert "bertolt.cli.dispatch" in imported
    assert not imported & {"torch", "transformers", "rich", "typer", "numpy", "pydantic"}
    assert after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime < 0.3
