"""A model is exported, predicts, is evaluated and served, as processes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from process import run, serve
from tiny_models import train_tiny


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Callable[[str], Path]) -> Path:
    """A home with the model text-classification and its export, onnx."""
    home = tmp_path_factory.mktemp("home")
    train_tiny("text-classification", home, tiny_folder)
    done = run("export", "text-classification", "--out", "onnx", "--threads", "1", "--json", cwd=home)
    assert done.code == 0, done.err
    assert done.document["folder"] == "onnx"
    assert done.document["engine"]["precision"] == "fp32"
    assert done.document["engine"]["parity"]["rows"] == 1000
    assert done.document["engine"]["parity"]["largest"] < 1e-4
    assert "1,000 texts, largest difference from torch" in done.err
    return home


def test_an_exported_folder_predicts_as_before(folders: Path) -> None:
    words = ("the film was gorgeous .", "the plot was dull and boring from start to end .", "--json")
    before = run("predict", "text-classification", *words, cwd=folders).document["results"]
    after = run("predict", "onnx", *words, cwd=folders).document["results"]
    assert [each["label"] for each in after] == [each["label"] for each in before]
    for one, other in zip(before, after, strict=True):
        assert one["score"] == pytest.approx(other["score"], abs=1e-5)


def test_an_exported_folder_is_evaluated(folders: Path) -> None:
    results = [
        run("evaluate", "onnx", "data.jsonl", "--engine", engine, "--json", cwd=folders).document
        for engine in ("onnx", "torch")
    ]
    accuracy = [each["metrics"]["accuracy"]["value"] for each in results]
    assert accuracy[0] == accuracy[1]
    refused = run("evaluate", "text-classification", "data.jsonl", "--engine", "onnx", cwd=folders)
    assert refused.code == 2
    assert "do: run: bertolt export text-classification --out DIR2" in refused.err


def test_too_few_labelled_rows_for_eight_bits(folders: Path) -> None:
    done = run("export", "text-classification", "--out", "int8", "--int8", cwd=folders)
    assert done.code == 2
    assert "expected at least 200 labelled rows" in done.err
    assert "--data" in done.err
    assert not (folders / "int8").exists()


def test_an_exported_folder_is_served_and_explained(folders: Path) -> None:
    with serve(folders / "onnx", cwd=folders) as (_, address):
        (listed,) = httpx.get(f"{address}/v1/models").json()["models"]
        assert listed["engine"] == {"name": "onnx", "precision": "fp32"}
        given = {"inputs": "the film was gorgeous ."}
        (found,) = httpx.post(f"{address}/v1/models/onnx/predict", json=given, timeout=60).json()["results"]
        printed = run("predict", "text-classification", given["inputs"], "--json", cwd=folders).document
        assert found["scores"] == pytest.approx(printed["results"][0]["scores"], abs=1e-5)
        why = httpx.post(f"{address}/v1/models/onnx/explain", json={"input": given["inputs"]}, timeout=60)
        assert why.status_code == 200, why.text
