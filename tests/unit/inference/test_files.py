"""File to file: names of columns, and the order and number of rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bertolt.data.readers import open_table
from bertolt.data.writers import Writer
from bertolt.errors import DataError, SettingError, StoppedError
from bertolt.inference import run as inference_run
from bertolt.inference.files import flatten, free_names, predict_file
from bertolt.inference.pipeline import Pipeline
from bertolt.progress import say
from bertolt.results import Labels
from bertolt.training.fine_tune import fine_tune
from bertolt.training.settings import TrainSettings


@pytest.fixture(scope="module")
def pipeline(
    tmp_path_factory: pytest.TempPathFactory, tiny_folder: Callable[[str], Path], sentiment_csv: Path
) -> Pipeline:
    """A model that was trained for a moment."""
    settings = TrainSettings(
        data=(str(sentiment_csv),), out=str(tmp_path_factory.mktemp("files") / "model"),
        model=str(tiny_folder("bert")), epochs=1, threads=1, max_length=64,
    )  # fmt: skip
    return fine_tune(settings, say).pipeline


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_flatten() -> None:
    result = Labels(
        label="a", score=0.75, scores={"a": 0.75, "b": 0.25}, truncated=False, tokens=3, tokens_read=3
    )
    flat = flatten(result)
    assert list(flat.items()) == [
        ("label", "a"), ("score", 0.75), ("scores:a", 0.75), ("scores:b", 0.25),
        ("truncated", False), ("tokens", 3), ("tokens_read", 3), ("unknown", 0),
    ]  # fmt: skip


def test_free_names() -> None:
    taken = ["text", "label", "predicted_label", "score"]
    assert free_names(["label", "score", "tokens"], taken) == {
        "label": "predicted_predicted_label",
        "score": "predicted_score",
        "tokens": "tokens",
    }
    assert free_names(["label", "predicted_label"], ["label"]) == {
        "label": "predicted_label",
        "predicted_label": "predicted_predicted_label",
    }


def test_rows_stay_in_order_over_windows(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference_run, "WINDOW_EXAMPLES", 7)
    texts = ["gorgeous " * (number % 13) for number in range(50)]
    rows = [{"number": number, "text": text} for number, text in enumerate(texts)]
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    done = predict_file(pipeline, source, tmp_path / "out.jsonl")
    assert done.rows == 50
    assert done.without_text == 4
    found = lines(tmp_path / "out.jsonl")
    assert [row["number"] for row in found] == list(range(50))
    # A row without text keeps its place and has no result.
    assert [row["tokens"] for row in found] == [number % 13 or None for number in range(50)]
    assert done.lines_without_text == [1, 14, 27, 40]
    alone = [pipeline(text).to_dict() for text in texts]
    for row, result in zip(found, alone, strict=True):
        if row["number"] % 13 == 0:
            assert row["label"] is row["score"] is None
            continue
        assert row["label"] == result["label"]
        assert row["score"] == pytest.approx(result["score"], abs=1e-5)


def test_text_column_and_truncation(pipeline: Pipeline, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text,body\nx," + "film " * 100 + "\n", encoding="utf-8")
    done = predict_file(pipeline, source, tmp_path / "out.jsonl", text=["body"])
    assert done.truncated == 1
    (row,) = lines(tmp_path / "out.jsonl")
    assert (row["truncated"], row["tokens"], row["tokens_read"]) == (True, 100, 62)
    with pytest.raises(DataError, match="'boddy'"):
        predict_file(pipeline, source, tmp_path / "out.jsonl", text=["boddy"])


def test_the_older_output_stands_until_the_end(pipeline: Pipeline, tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    target.write_text("older", encoding="utf-8")
    source.write_text('{"text": "good"}\n{"text": 3}\n', encoding="utf-8")
    with pytest.raises(DataError, match="line 2"):
        predict_file(pipeline, source, target)
    assert target.read_text(encoding="utf-8") == "older"
    source.write_text('{"text": "good"}\n', encoding="utf-8")
    predict_file(pipeline, source, target)
    assert len(lines(target)) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_a_link_to_the_input_is_the_input(pipeline: Pipeline, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text\ngood\n", encoding="utf-8")
    (tmp_path / "out.csv").symlink_to(source)
    with pytest.raises(SettingError, match="another file than the input"):
        predict_file(pipeline, source, tmp_path / "out.csv")


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.parquet"])
def test_an_interrupted_prediction_goes_on_with_the_same_rows(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text\n" + "".join(f"a good film {number}\n" for number in range(40)))
    monkeypatch.setattr("bertolt.inference.unfinished.EVERY_SECONDS", 0)
    whole = predict_file(pipeline, source, tmp_path / f"whole-{name}")
    write = Writer.write

    def interrupted(writer: Writer, values: Any) -> None:
        if writer.rows == 25:
            raise KeyboardInterrupt
        write(writer, values)

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "write", interrupted)
        with pytest.raises(StoppedError, match="--resume"):
            predict_file(pipeline, source, tmp_path / name)
    with pytest.raises(SettingError, match="--abstain-below"):
        predict_file(pipeline.abstaining(0.7), source, tmp_path / name, resume=True)
    done = predict_file(pipeline, source, tmp_path / name, resume=True)
    assert (done.rows, done.truncated, done.columns) == (40, whole.truncated, whole.columns)
    assert "went on after 25 rows of the interrupted prediction" in done.notes
    rows = [[row.values for row in open_table(tmp_path / each)] for each in (name, f"whole-{name}")]
    assert [row["text"] for row in rows[0]] == [row["text"] for row in rows[1]]
    assert [row["label"] for row in rows[0]] == [row["label"] for row in rows[1]]
    assert {path.name for path in tmp_path.iterdir()} == {"in.csv", name, f"whole-{name}"}
    with pytest.raises(SettingError, match="an interrupted prediction"):
        predict_file(pipeline, source, tmp_path / name, resume=True)
