"""The verb adapt as a person uses it: read, fill in, and begin a training from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from process import Outcome, run
from tiny import sentiment_rows


@pytest.fixture(scope="module")
def adapted(tmp_path_factory: pytest.TempPathFactory, backbone: Path) -> tuple[Path, Outcome]:
    """The folder that the model lies in, and how ``bertolt adapt --json`` ended."""
    folder = tmp_path_factory.mktemp("adapted")
    lines = "".join(f"{text}\n" for text, _ in sentiment_rows())
    (folder / "reviews.txt").write_text(lines, encoding="utf-8")
    done = run(
        "adapt", backbone, "reviews.txt", "--out", "models/adapted", "--epochs", "12", "--lr", "0.01",
        "--warm-up", "5", "--threads", "1", "--json", cwd=folder,
    )  # fmt: skip
    assert done.code == 0, done.err
    return folder, done


def test_adapt_prints_one_document(adapted: tuple[Path, Outcome]) -> None:
    folder, done = adapted
    document = done.document
    assert document["folder"] == "models/adapted"
    assert document["task"] == "fill-mask"
    assert document["examples"] == {"train": 216, "validation": 24, "test": 0}
    assert document["metrics"]["perplexity"]["value"] < document["before"]["perplexity"]
    assert "before (new head only): " in done.err
    assert (folder / "models" / "adapted" / "model.safetensors").is_file()


def test_a_missing_word_is_filled_in(adapted: tuple[Path, Outcome]) -> None:
    done = run("predict", "models/adapted", "the film was [MASK]", "--set", "targets=gorgeous,dull", "--json",
               cwd=adapted[0])  # fmt: skip
    assert done.code == 0, done.err
    (result,) = done.document["results"]
    (candidates,) = result["masks"]
    assert {each["token"] for each in candidates} == {"gorgeous", "dull"}
    assert result["text"] == f"the film was {candidates[0]['token']}"


def test_a_text_without_a_mask_is_refused(adapted: tuple[Path, Outcome]) -> None:
    done = run("predict", "models/adapted", "the film was gorgeous", "--json", cwd=adapted[0])
    assert done.code == 2
    assert "[MASK]" in json.dumps(done.document["error"])


def test_a_training_begins_from_it_and_compares_with_one_that_does_not(
    adapted: tuple[Path, Outcome], backbone: Path, sentiment_csv: Path
) -> None:
    folder, _ = adapted
    for model, out in (("models/adapted", "models/with"), (str(backbone), "models/without")):
        done = run("train", sentiment_csv, "--model", model, "--out", out, "--epochs", "2", "--lr", "0.01",
                   "--threads", "1", "--json", cwd=folder)  # fmt: skip
        assert done.code == 0, done.err
    done = run("compare", "models/without", "models/with", sentiment_csv, "--json", cwd=folder)
    assert done.code == 0, done.err
    assert done.document["n"] == 240
    assert "accuracy" in done.document["metrics"]


def test_train_does_not_go_on_with_an_adaptation(adapted: tuple[Path, Outcome]) -> None:
    done = run("train", "--resume", "models/adapted", cwd=adapted[0])
    assert done.code == 2
    assert "bertolt adapt --resume models/adapted" in done.err
