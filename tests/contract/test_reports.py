"""Checking, judging, reporting and comparing work for every task, by what its rows and results have."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bertolt.data.tokenizer import TokenCount
from bertolt.evaluation.compare import compare_models
from bertolt.reports.report import REPORT
from bertolt.reports.training import report_training
from bertolt.tasks.checking import check_data
from bertolt.tasks.reading import ColumnChoice
from bertolt.tasks.registry import all_tasks
from bertolt.training.fine_tune import Run, fine_tune
from bertolt.training.settings import TrainSettings
from contract.rows import ROWS


@pytest.fixture(scope="module", params=all_tasks())
def run(
    request: pytest.FixtureRequest,
    tiny_folder: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    given = ROWS[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    data, validation = folder / "train.jsonl", folder / "validation.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in given.rows), encoding="utf-8")
    validation.write_text(data.read_text(encoding="utf-8") * 4, encoding="utf-8")
    settings = TrainSettings(
        data=(str(data),), validation=str(validation), task=request.param, out=str(folder / "model"),
        model=str(tiny_folder(given.families[0])), epochs=1, batch_size=3, lr=1e-3, device="cpu", threads=1,
        set=dict(given.settings),
    )  # fmt: skip
    return fine_tune(settings, lambda line: None)


def test_it_is_reported(run: Run) -> None:
    assert run.evaluation is not None
    assert report_training(run) == run.folder / REPORT
    text = (run.folder / REPORT).read_text(encoding="utf-8")
    titles = re.findall("<h2>(.*?)</h2>", text)
    assert titles[0] == "Figures"
    assert "Training" in titles
    assert titles[-2:] == ["Worst rows", "Where it comes from"]
    for name in run.evaluation.metrics:
        assert name.replace("_", " ") in text


def test_it_equals_itself(run: Run) -> None:
    assert run.evaluation is not None
    model = run.pipeline.model
    found = compare_models(model, model, run.evaluation.examples)
    assert found.primary == next(iter(run.evaluation.metrics))
    assert found.flips == []
    assert all(each.difference.value in (0.0, pytest.approx(float("nan"), nan_ok=True))
               for each in found.metrics.values())  # fmt: skip
    json.dumps(found.to_dict(), allow_nan=False)


def test_its_data_is_checked(run: Run) -> None:
    task = run.pipeline.model.task
    data = [*run.record.training["data"], run.record.training["validation"]]
    found = check_data(
        data,
        task,
        run.pipeline.settings,
        ColumnChoice(),
        counter=lambda texts: [TokenCount(len(each), 0) for each in texts],
    )
    assert not found.of("error")
    across = [each for each in found.findings if each.code == "duplicate-across"]
    assert len(across) == 1  # the validation rows are the training rows
    json.dumps(found.to_dict(), allow_nan=False)
