"""The verbs that measure a model: evaluate, and compare two.

bertolt.evaluate("models/reviews", "more-reviews.csv").metrics["accuracy"]
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from bertolt.api.names import Data, NamedData, names
from bertolt.api.using import pipeline
from bertolt.data.readers.options import DEFAULT, ReadOptions, ReadSettings
from bertolt.data.sources import in_memory, open_source
from bertolt.evaluation.evaluate import Evaluation, evaluate_examples
from bertolt.inference.pipeline import Pipeline
from bertolt.progress import progress_bar, say
from bertolt.tasks.reading import ColumnChoice, Reading, read_labelled
from bertolt.tasks.table_labels import strange_labels, unknown_labels_error
from bertolt.training.corpus import describe
from bertolt.training.settings import StrPath, check_settings

if TYPE_CHECKING:
    from bertolt.evaluation.bench.measure import Bench
    from bertolt.evaluation.compare import Comparison


def evaluate(
    model: Pipeline | StrPath,
    data: Data,
    *,
    text: str | Sequence[str] = (),
    label: str | Sequence[str] = (),
    quiet: bool = False,
    **options: Unpack[ReadOptions],
) -> Evaluation:
    """Measures a model on labelled data, as ``bertolt evaluate`` does.

    Args:
        model: a pipeline, a model folder, or a Hub id.
        data: a path, or the name of a data set, of which its test part; or a table in memory: a frame of
            pandas or polars, an Arrow table, a dictionary of lists.
        text, label: the data's columns, in the task's order; empty for the usual names.
        quiet: whether the notes on columns and rows are not printed on standard error.
        options: how a file is read, see ``ReadSettings``.

    Raises:
        DataError: the data cannot be used, or has a label that the model does not know.
        FolderError: see ``pipeline``.
    """
    loaded = model if isinstance(model, Pipeline) else pipeline(model, quiet=quiet)
    return measure(
        loaded,
        read_test_data(loaded, data, text=text, label=label, options=check_settings(ReadSettings, options)),
        quiet=quiet,
    )


def measure(model: Pipeline, reading: Reading, *, quiet: bool = False) -> Evaluation:
    """Measures a model on examples that were read, and says what was taken and left out."""
    for note in () if quiet else describe(reading):
        say(note)
    with progress_bar("evaluating", len(reading.examples)) as progress:
        return evaluate_examples(model.model, reading.examples, progress=progress)


def read_test_data(
    model: Pipeline,
    data: Data,
    *,
    text: str | Sequence[str] = (),
    label: str | Sequence[str] = (),
    options: ReadSettings = DEFAULT,
) -> Reading:
    """The labelled examples of DATA for a verb that measures a model, with what was left out.

    Raises:
        UnknownNameError: no such file or data set.
        DataError: the data cannot be used.
    """
    task = model.model.task
    given = NamedData()
    name = given.name(data)
    with in_memory(given.tables):
        table = open_source(name, task.layouts, options).pick("test")
    folder = "DIR" if model.folder is None else str(model.folder)
    choice = ColumnChoice(names(text), names(label), verb=("evaluate", folder))
    labels = model.model.spec.labels
    reading = read_labelled(task, table, model.settings, choice, known=labels)
    if strange := strange_labels(task, reading.examples, labels, ()):
        raise unknown_labels_error(strange, labels)
    return reading


def compare(
    model_a: Pipeline | StrPath,
    model_b: Pipeline | StrPath,
    data: Data | None = None,
    *,
    text: str | Sequence[str] = (),
    label: str | Sequence[str] = (),
    device: str = "auto",
    engine: str = "auto",
    quiet: bool = False,
    **options: Unpack[ReadOptions],
) -> Comparison:
    """Says whether model B is better than model A on the same rows, as ``bertolt compare`` does.

    Args:
        model_a, model_b: pipelines, model folders or Hub ids, for one task.
        data: as ``evaluate`` takes it; None: the validation rows in
            A's folder, if both models were trained on the same rows.
        text, label: the data's columns, in the task's order; empty for the usual names.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        engine: see ``pipeline``.
        quiet: whether the notes on columns and rows are not printed on standard error.
        options: how a file is read, see ``ReadSettings``.

    Raises:
        InputError: the models are for different tasks, or, without data, not trained on the same rows.
        DataError: the data cannot be used, or has a label that a model does not know.
        FolderError: see ``pipeline``.
    """
    from bertolt.evaluation.compare import compare_models
    from bertolt.evaluation.shared import shared_examples

    a, b = (
        model if isinstance(model, Pipeline) else pipeline(model, device=device, engine=engine, quiet=quiet)
        for model in (model_a, model_b)
    )
    if data is None:
        examples = shared_examples(a, b)
    else:
        reading = read_test_data(
            a, data, text=text, label=label, options=check_settings(ReadSettings, options)
        )
        examples = reading.examples
        for note in () if quiet else describe(reading):
            say(note)
    with progress_bar("comparing", 2 * len(examples)) as progress:
        return compare_models(a.model, b.model, examples, progress=progress)


def bench(
    folders: StrPath | Sequence[StrPath],
    data: StrPath,
    *,
    text: str | Sequence[str] = (),
    threads: int | None = None,
    rounds: int = 5,
    task: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Bench:
    """Measures the speed of model folders on this machine, as ``bertolt bench`` does.

    Args:
        folders: model folders or Hub ids for one task, the reference first.
        data: a path, or the name of a data set, of which its test part; labels are not read.
        text: the data's columns, in the task's order; empty for the usual names.
        threads: of each program; None: every core.
        rounds: turns of each program.
        task, settings: see ``pipeline``.

    Raises:
        InputError: a folder or the data cannot be used.
    """
    from bertolt.evaluation.bench.folders import bench as run

    return run(
        names(folders),
        os.fspath(data),
        text=names(text),
        threads=threads,
        rounds=rounds,
        task=task,
        settings=settings,
    )
