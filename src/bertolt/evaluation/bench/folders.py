"""Model folders and a data set: what is measured, and on which inputs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bertolt.data.sources import open_source
from bertolt.errors import DataError, FolderError
from bertolt.evaluation.bench.backend import BackendSpec, backend_environment
from bertolt.evaluation.bench.flops import shape_of
from bertolt.evaluation.bench.measure import Bench, Plan, measure
from bertolt.models.device import set_threads
from bertolt.models.folder import load_record
from bertolt.models.spec import ModelSpec
from bertolt.progress import progress_bar
from bertolt.tasks.reading import ColumnChoice, unlabelled_rows
from bertolt.tasks.registry import get_task
from bertolt.tasks.task import Task, input_values, settings_of


def bench(
    folders: Sequence[Path],
    data: str,
    *,
    others: Sequence[BackendSpec] = (),
    text: Sequence[str] = (),
    threads: int | None = None,
    rounds: int = 5,
) -> Bench:
    """Measures model folders, the first of which is the reference.

    Args:
        folders: for one task.
        data: a path, or the name of a data set, of which its test part; labels are not read.
        others: other programs that are measured in the same rounds.
        text: the data's columns, in the task's order; empty for the usual names.
        threads: of each program; None: every core.
        rounds: turns of each program.

    Raises:
        FolderError: a model folder cannot be used, or the folders' tasks differ.
        DataError: the data cannot be used.
    """
    specs = [load_record(folder).spec for folder in folders]
    for folder, spec in zip(folders, specs, strict=True):
        if spec.task != specs[0].task:
            raise FolderError(
                f"model folders for one task, {specs[0].task} like the first",
                f"{spec.task} in {str(folder)!r}",
                "measure them one by one",
            )
    inputs = read_inputs(specs[0], data, text)
    count = set_threads(threads)
    backends = [*model_backends(folders, count), *others]
    plan = Plan(rounds, count, specs[0].max_length, shape_of(read_config(folders[0])))
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


def model_backends(folders: Sequence[Path], threads: int) -> list[BackendSpec]:
    """A backend for each model folder. Folders of the same name are called by their path."""
    names = [folder.resolve().name for folder in folders]
    waiting = {"OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "passive")}  # as the command line sets it
    return [
        BackendSpec(
            name=f"bertolt {name if names.count(name) == 1 else folder}",
            model=folder.resolve(),
            mode="cpu",
            command=(sys.executable, "-m", "bertolt.evaluation.bench.worker"),
            folder=Path.cwd(),
            environment=backend_environment(threads, waiting),
        )
        for folder, name in zip(folders, names, strict=True)
    ]


def read_config(model: Path) -> dict[str, object]:
    """The ``config.json`` of a model folder, as it stands there.

    Raises:
        FolderError: it is missing, or no JSON.
    """
    try:
        found = json.loads((model / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FolderError(
            "a model folder with a config.json", f"none that can be read in {str(model)!r}", "name another"
        ) from error
    return dict(found)
