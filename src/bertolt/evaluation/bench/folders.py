"""Model folders and a data set: what is measured, and on which inputs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bertolt.data.sources import open_source
from bertolt.errors import DataError, FolderError
from bertolt.evaluation.bench.backend import BackendSpec, backend_environment
from bertolt.evaluation.bench.flops import shape_of
from bertolt.evaluation.bench.measure import Bench, Plan, measure
from bertolt.inference.opening import OpenModel, open_model, settings_for
from bertolt.models.config import config_values
from bertolt.models.device import set_threads
from bertolt.models.spec import ModelSpec
from bertolt.progress import progress_bar, say
from bertolt.tasks.reading import ColumnChoice, unlabelled_rows
from bertolt.tasks.registry import get_task
from bertolt.tasks.task import Task, input_values, settings_of


def bench(
    folders: Sequence[Path | str],
    data: str,
    *,
    others: Sequence[BackendSpec] = (),
    text: Sequence[str] = (),
    threads: int | None = None,
    rounds: int = 5,
    task: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Bench:
    """Measures model folders, the first of which is the reference.

    Args:
        folders: model folders or Hub ids, for one task.
        data: a path, or the name of a data set, of which its test part; labels are not read.
        others: other programs that are measured in the same rounds.
        text: the data's columns, in the task's order; empty for the usual names.
        threads: of each program; None: every core.
        rounds: turns of each program.
        task, settings: see ``open_model``.

    Raises:
        FolderError: a model folder cannot be used, or the folders' tasks differ.
        DataError: the data cannot be used.
    """
    given = settings or {}
    models = [open_model(name, task=task, settings=settings_for(Path(name), given)) for name in folders]
    first = models[0]
    for model in models:
        if model.task is not first.task:
            raise FolderError(
                f"model folders for one task, {first.spec.task} like the first",
                f"{model.spec.task} in {model.name!r}",
                "measure them one by one",
            )
        for note in model.notes:
            say(f"{model.title}: {note}")
    inputs = read_inputs(first.spec, data, text)
    count = set_threads(threads)
    backends = [*model_backends(models, count, {"task": task, "settings": given}), *others]
    plan = Plan(rounds, count, first.spec.max_length, shape_of(config_values(first.folder)))
    with progress_bar("measuring", len(backends) * (rounds + 1)) as progress:
        return measure(backends, inputs, plan, progress)


def read_inputs(spec: ModelSpec, data: str, text: Sequence[str]) -> list[Any]:
    """The inputs of a data set as people give them: strings, or objects where a task has several columns.

    Raises:
        DataError: a column is missing, a value cannot be used, or there is no text.
    """
    task = get_task(spec.task)
    table = open_source(data, task.layouts).pick("test")
    rows = unlabelled_rows(
        task, table, settings_of(task, spec), ColumnChoice(tuple(text), verb=("bench", "DIR"))
    )
    found = [as_input(task, example) for _, example in rows]
    if not found:
        raise DataError(f"rows with a text in {table.name}", "none", "name a file with texts")
    return found


def as_input(task: Task, example: Any) -> Any:
    """An example as the pipeline takes it: a string where that says all."""
    given = input_values(task, example)
    only = next(iter(given.values())) if len(given) == 1 else None
    return only if isinstance(only, str) else given


def model_backends(
    models: Sequence[OpenModel], threads: int, loading: Mapping[str, Any]
) -> list[BackendSpec]:
    """A backend for each model. Models of the same title are called by their path or id.

    Args:
        models: which.
        threads: of each program.
        loading: ``task`` and ``settings`` as they were given; see ``worker.main``.
    """
    titles = [model.title for model in models]
    waiting = {"OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "passive")}  # as the command line sets it
    return [
        BackendSpec(
            name=f"bertolt {model.title if titles.count(model.title) == 1 else model.name}",
            model=model.folder.resolve(),
            mode="cpu",
            command=(sys.executable, "-m", "bertolt.evaluation.bench.worker", json.dumps(loading)),
            folder=Path.cwd(),
            environment=backend_environment(threads, waiting),
        )
        for model in models
    ]
