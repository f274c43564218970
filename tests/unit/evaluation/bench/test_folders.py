"""From folders and data to inputs, and a model folder as a program that is measured."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from bertolt.errors import DataError, FolderError
from bertolt.evaluation.bench.flops import peak_flops, products
from bertolt.evaluation.bench.folders import bench, read_inputs
from bertolt.evaluation.bench.measure import Bench
from bertolt.evaluation.bench.worker import BertoltBackend
from bertolt.inference.pipeline import Pipeline
from bertolt.models.folder import load_record
from bertolt.reports.bench_picture import bench_picture
from bertolt.results import Labels
from tiny_models import train_tiny

Folder = Callable[[str], Path]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Folder) -> Path:
    return train_tiny("text-classification", tmp_path_factory.mktemp("bench"), tiny_folder)


@pytest.fixture(scope="module")
def pair_model(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Folder) -> Path:
    return train_tiny("sentence-pair-classification", tmp_path_factory.mktemp("bench"), tiny_folder)


@pytest.fixture
def texts(tmp_path: Path) -> str:
    file = tmp_path / "texts.csv"
    file.write_text(
        "text\n" + "".join(f"the film was {word}\n" for word in ("dull", "witty", "cold and long"))
    )
    return str(file)


@pytest.fixture(scope="module")
def measured(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    file = tmp_path_factory.mktemp("data") / "texts.csv"
    file.write_text("text\nthe film was dull\nwitty\n")
    return bench([model], str(file), threads=1, rounds=1)


def test_a_model_folder_is_measured_as_a_process(measured: Bench) -> None:
    (line,) = measured.lines
    assert line.name == "bertolt text-classification"
    assert line.agree == measured.work.texts == 2
    assert line.texts_per_second > 0
    assert line.p99_ms >= line.p50_ms > 0
    assert line.megabytes > 50
    assert 0 < line.share < 1
    assert {"bertolt", "torch"} <= set(line.versions)


def test_the_picture_says_what_it_shows(measured: Bench) -> None:
    picture = bench_picture(measured)
    assert "bertolt text-classification" in picture.alt
    assert picture.svg().startswith(b"<?xml")


def test_inputs_are_strings_or_objects(model: Path, pair_model: Path, texts: str, tmp_path: Path) -> None:
    assert read_inputs(load_record(model).spec, texts, ())[0] == "the film was dull"
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text(json.dumps({"text": "a", "text_pair": "b", "label": "x"}) + "\n")
    assert read_inputs(load_record(pair_model).spec, str(pairs), ()) == [{"text": "a", "text_pair": "b"}]


def test_folders_for_two_tasks_are_refused(model: Path, pair_model: Path, texts: str) -> None:
    with pytest.raises(FolderError, match="for one task, text-classification like the first"):
        bench([model, pair_model], texts)


def test_a_file_without_rows_is_refused(model: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("text\n")
    with pytest.raises(DataError):
        read_inputs(load_record(model).spec, str(tmp_path / "empty.csv"), ())


def test_ours_answers_as_the_pipeline_does(model: Path) -> None:
    ours = BertoltBackend()
    ours.load(str(model), "cpu", torch.get_num_threads(), 512)
    inputs = ["the film was dull", "witty"]
    results = Pipeline.from_folder(model)(inputs)
    assert ours.predict(inputs) == [each.label for each in results if isinstance(each, Labels)]
    assert ours.predict(inputs[:1]) == ours.predict(inputs)[:1]
    assert ours.lengths(inputs) == {"lengths": [[each.tokens + 2] for each in results]}


def test_products_are_right_and_their_rate_is_positive() -> None:
    torch.manual_seed(0)
    x, weight = torch.randn(4, 8), torch.randn(6, 8)
    with torch.inference_mode():
        for product in products(x, weight):
            torch.testing.assert_close(product(), x @ weight.T)
    assert peak_flops(hidden=8, intermediate=16, seconds=0.001) > 0
