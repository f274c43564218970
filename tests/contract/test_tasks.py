"""Every task keeps the same promises. The rows that a task is tried on are in ``rows.py``."""

from __future__ import annotations

import importlib
import inspect
import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pytest
import torch
import transformers

from bertolt.data.table import Column
from bertolt.data.truncation import POLICIES
from bertolt.errors import FolderError
from bertolt.inference.engine import TorchEngine
from bertolt.inference.pipeline import Pipeline
from bertolt.models.folder import load_examples
from bertolt.tasks.registry import all_tasks, get_task
from bertolt.tasks.task import Task, TaskSettings, input_columns, target_columns
from bertolt.training.fine_tune import Run, fine_tune
from bertolt.training.runlog import read_log
from bertolt.training.settings import TrainSettings
from contract.rows import ROWS, Row
from tiny import FAMILIES

NAMES = tuple(all_tasks())
TRAINED = [(name, family) for name in NAMES if name in ROWS for family in ROWS[name].families]
METHODS = tuple(
    name for name, member in vars(Task).items() if inspect.isfunction(member) and not name.startswith("_")
)

Train = Callable[[str, str, Path], Run]


@dataclass(frozen=True)
class Trained:
    """A task's model on one family, and the inputs that it was trained on."""

    run: Run
    inputs: list[Row]
    logits: list[np.ndarray]


@pytest.fixture(scope="session")
def train(tiny_folder: Callable[[str], Path]) -> Train:
    """Trains a task on a tiny family for two steps; writes the model into a new folder."""

    def call(name: str, family: str, folder: Path) -> Run:
        given = ROWS[name]
        data, validation = folder / "train.jsonl", folder / "validation.jsonl"
        data.write_text("".join(json.dumps(row) + "\n" for row in given.rows), encoding="utf-8")
        # So many that the task fits its thresholds and the like on them.
        validation.write_text(data.read_text(encoding="utf-8") * 4, encoding="utf-8")
        settings = TrainSettings(
            data=(str(data),), validation=str(validation), task=name, out=str(folder / "model"),
            model=str(tiny_folder(family)), epochs=1, batch_size=math.ceil(len(given.rows) / 2),
            lr=1e-3, seed=1, device="cpu", threads=1, set=dict(given.settings),
        )  # fmt: skip
        return fine_tune(settings, lambda line: None)

    return call


@pytest.fixture(scope="module", params=TRAINED, ids=lambda pair: "-".join(pair))
def trained(
    request: pytest.FixtureRequest, train: Train, tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    name, family = request.param
    run = train(name, family, tmp_path_factory.mktemp(name))
    asked = [column.name for column in input_columns(run.pipeline.model.task)]
    inputs = [{key: row[key] for key in asked if key in row} for row in ROWS[name].rows]
    return Trained(run, inputs, _logits(run.pipeline, inputs))


def _logits(pipeline: Pipeline, inputs: list[Row]) -> list[np.ndarray]:
    """What the network says of every row that it reads."""
    task = pipeline.model.task
    settings = task.Settings.model_validate(pipeline.model.spec.settings)
    columns = {column.name: None for column in task.columns}
    examples = [task.example(_row(line, {**columns, **each}), settings) for line, each in enumerate(inputs)]
    features = [row for each in pipeline.model.encode(examples) for row in each.features]
    return pipeline.model.engine.logits(features)


def _row(line: int, values: Row) -> Any:
    from bertolt.data.table import Row as Record

    return Record(line, values)


@pytest.mark.parametrize("name", NAMES)
def test_every_task_has_rows_here(name: str) -> None:
    assert name in ROWS, f"tests/contract/rows.py: give ROWS an entry for the task {name!r}"
    rows = ROWS[name].rows
    assert len(rows) >= 6, f"tests/contract/rows.py: {name!r} needs at least 6 rows"
    targets = [column.name for column in target_columns(all_tasks()[name])]
    assert all(target in row for row in rows for target in targets)


def test_rows_are_of_tasks() -> None:
    assert set(ROWS) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_has_the_members_of_the_protocol(name: str) -> None:
    task = all_tasks()[name]
    for member in get_type_hints(Task):
        assert hasattr(task, member), f"{name} lacks {member}"
    for method in METHODS:
        wanted = list(inspect.signature(getattr(Task, method)).parameters)[1:]
        assert list(inspect.signature(getattr(task, method)).parameters) == wanted, f"{name}.{method}"
    assert all(isinstance(column, Column) for column in task.columns)
    assert issubclass(task.Settings, TaskSettings)
    assert task.activation in ("softmax", "sigmoid", "none")
    assert task.policies
    assert set(task.policies) <= set(POLICIES)
    for member in ("build", "load", "forward", "split", "fold_temperature"):
        assert callable(getattr(task.head, member)), f"the head of {name} lacks {member}"


@pytest.mark.parametrize("name", NAMES)
def test_it_is_named_as_its_file(name: str) -> None:
    task = all_tasks()[name]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    module = importlib.import_module("bertolt.tasks." + name.replace("-", "_"))
    assert module.TASK is task
    assert all(get_task(alias) is task for alias in (name, *task.aliases))
    others = [other for other in all_tasks().values() if other is not task]
    for alias in task.aliases:
        assert all(alias not in (other.name, *other.aliases) for other in others), alias


@pytest.mark.parametrize("name", NAMES)
def test_its_columns_can_be_told_apart(name: str) -> None:
    task = all_tasks()[name]
    columns = [column.name for column in task.columns]
    assert len(set(columns)) == len(columns)
    assert input_columns(task)
    assert input_columns(task)[0].required
    for one in task.columns:
        for other in task.columns:
            assert one is other or other.name not in one.aliases, f"{other.name} is an alias of {one.name}"


@pytest.mark.parametrize("name", NAMES)
def test_it_is_documented(name: str) -> None:
    task = all_tasks()[name]
    module = inspect.getmodule(type(task))
    assert task.summary
    assert not task.summary.endswith(".")
    for thing in (module, type(task), task.Settings, *(getattr(task, method) for method in METHODS)):
        assert inspect.getdoc(thing), f"{name}: {thing} has no docstring"
    for field, info in task.Settings.model_fields.items():
        documented = info.description or f"{field}:" in (inspect.getdoc(task.Settings) or "")
        assert documented, f"{name}: the setting {field} is not explained"


@pytest.mark.parametrize("name", [name for name in NAMES if name in ROWS])
def test_a_family_that_it_cannot_use_is_refused(name: str, train: Train, tmp_path: Path) -> None:
    for family in set(FAMILIES) - set(ROWS[name].families):
        with pytest.raises(FolderError):
            train(name, family, tmp_path)
        assert not (tmp_path / "model").exists()
        assert not (tmp_path / "model.run").exists()


def test_it_trains_two_steps(trained: Trained) -> None:
    log = read_log(trained.run.folder.with_name("model.run"))
    losses = [record["loss"] for record in log if record["kind"] == "step"]
    assert len(losses) == 2
    assert all(math.isfinite(loss) and loss > 0 for loss in losses)


def test_its_folder_gives_equal_results(trained: Trained) -> None:
    again = Pipeline.from_folder(trained.run.folder, device="cpu")
    assert again.model.spec == trained.run.pipeline.model.spec
    assert again(trained.inputs) == trained.run.pipeline(trained.inputs)
    for one, other in zip(_logits(again, trained.inputs), trained.logits, strict=True):
        np.testing.assert_array_equal(one, other)


def test_its_auto_class_gives_the_same_logits(trained: Trained) -> None:
    model = trained.run.pipeline.model
    auto_class = model.task.head.auto_class
    kind = json.loads((trained.run.folder / "config.json").read_text(encoding="utf-8"))["model_type"]
    if auto_class is None or kind.startswith("bertolt-"):  # no such class, or not for this family:
        assert kind not in transformers.CONFIG_MAPPING  # any other would have a random head
        return
    found, report = getattr(transformers, auto_class).from_pretrained(
        trained.run.folder, output_loading_info=True, dtype=torch.float32
    )
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    auto = Pipeline.from_folder(trained.run.folder, device="cpu")
    engine = TorchEngine(found, model.task.head, pad_id=model.tokenizer.pad_id, device=torch.device("cpu"))
    object.__setattr__(auto.model, "engine", engine)
    for one, other in zip(_logits(auto, trained.inputs), trained.logits, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)


def test_its_folder_names_its_labels_and_keeps_its_examples(trained: Trained) -> None:
    spec = trained.run.record.spec
    config = json.loads((trained.run.folder / "config.json").read_text(encoding="utf-8"))
    if spec.labels:
        assert config["id2label"] == {str(index): label for index, label in enumerate(spec.labels)}
    kept = load_examples(trained.run.folder)
    assert len(kept) == trained.run.record.examples["validation"]
    task = trained.run.pipeline.model.task
    columns = {column.name for column in task.columns}
    assert columns == set(kept[0]), "Example.values() must be a row of the task's columns"
    settings = task.Settings.model_validate(spec.settings)
    for line, row in enumerate(kept):
        assert task.example(_row(line, row), settings).values() == {**row}


def test_its_results_are_plain(trained: Trained) -> None:
    name = trained.run.record.spec.task
    for result in trained.run.pipeline(trained.inputs):
        assert result.kind == ROWS[name].kind
        assert 0 < result.tokens_read == result.tokens
        assert not result.truncated
        assert json.loads(json.dumps(result.to_dict(), allow_nan=False))


def test_tokens_that_the_vocabulary_lacks_are_counted_over_all_texts_and_windows(trained: Trained) -> None:
    pipeline = trained.run.pipeline
    model = pipeline.model
    asked = [
        {
            key: [*value, "ภาษาไทย"] if isinstance(value, list) else f"{value} ภาษาไทย 😀"
            for key, value in each.items()
        }
        for each in trained.inputs[:2]
    ]
    examples = [model.task.example(_row(0, values), pipeline.settings) for values in asked]
    known = pipeline(trained.inputs[:2])
    for example, result, before in zip(examples, pipeline(asked), known, strict=True):
        counts = [tokens.unknown for tokens in model.tokenizer.tokens(model.task.texts(example))]
        assert result.unknown == sum(counts)
        assert before.unknown == 0
        byte_level = trained.run.record.backbone.rstrip("/").endswith(("roberta", "modernbert"))
        assert (result.unknown == 0) == byte_level


def test_results_do_not_depend_on_the_form_of_the_input(trained: Trained) -> None:
    pipeline = trained.run.pipeline
    together = pipeline(trained.inputs)
    assert list(pipeline(iter(trained.inputs))) == together
    alone = [pipeline(each) for each in trained.inputs]
    assert [type(result) for result in alone] == [type(result) for result in together]
    for one, other in zip(alone, together, strict=True):
        _assert_near(one.to_dict(), other.to_dict())


def _assert_near(one: Any, other: Any) -> None:
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            _assert_near(one[key], other[key])
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for first, second in zip(one, other, strict=True):
            _assert_near(first, second)
    elif isinstance(one, float):
        assert one == pytest.approx(other, abs=1e-5)
    else:
        assert one == other


def test_its_metrics_are_finite_and_the_primary_one_comes_first(trained: Trained) -> None:
    assert trained.run.evaluation is not None
    task = trained.run.pipeline.model.task
    metrics = trained.run.evaluation.metrics
    assert next(iter(metrics)) == task.metric
    found = metrics[task.metric]
    assert math.isfinite(found.value)
    assert found.low <= found.value <= found.high
    assert trained.run.record.metrics[task.metric]["value"] == pytest.approx(found.value)
