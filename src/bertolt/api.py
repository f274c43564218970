"""The verbs as Python functions.

run = bertolt.train("reviews.csv", epochs=2)
run.pipeline("A gorgeous film.").label
bertolt.evaluate(run.folder, "more-reviews.csv").metrics["accuracy"]
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

from bertolt.data.sources import open_source
from bertolt.errors import FolderError
from bertolt.evaluation.evaluate import Evaluation, evaluate_examples
from bertolt.inference.files import FilePrediction
from bertolt.inference.files import predict_file as _predict_file
from bertolt.inference.pipeline import Pipeline
from bertolt.models.device import set_threads
from bertolt.progress import progress_bar, say
from bertolt.tasks.reading import ColumnChoice, Reading, read_labelled
from bertolt.training.corpus import describe
from bertolt.training.fine_tune import Run
from bertolt.training.prepare import Say
from bertolt.training.repeats import run_training
from bertolt.training.run_folder import RunFolder, settings_of
from bertolt.training.settings import StrPath, TrainOptions, TrainSettings, check_settings
from bertolt.unlabelled.settings import AdaptOptions, AdaptSettings

if TYPE_CHECKING:
    from bertolt.evaluation.compare import Comparison
    from bertolt.inference.attribution import Attribution
    from bertolt.unlabelled.adapt import Adaptation


def train(data: StrPath | Sequence[StrPath], *, quiet: bool = False, **options: Unpack[TrainOptions]) -> Run:
    """Fine-tunes a model and writes its folder, as ``bertolt train`` does.

    Args:
        data: a path, a packaged name or a Hub id, or several of them.
        quiet: whether the notes on columns, split, lengths and time are not printed on standard error.
        options: see ``TrainOptions``.

    Returns:
        The finished run: ``folder``, ``pipeline``, ``metrics``, ``evaluation``, ``record``, ``seconds``.

    Raises:
        InputError: the data, a name, an option or the output folder cannot be used.
        DiskError: the disk is full; ``resume`` goes on.
    """
    values: dict[str, Any] = {
        name: os.fspath(value) if isinstance(value, os.PathLike) else value for name, value in options.items()
    }
    values["data"] = names(data)
    values |= {name: names(values[name]) for name in ("text", "label") if name in values}
    tell = _nothing if quiet else say
    return finish(run_training(check_settings(TrainSettings, values), tell), tell)


def finish(run: Run, tell: Say) -> Run:
    """Writes the report of a training into its model folder, and says where it is.

    Raises:
        DiskError: it cannot be written; the model folder is complete without it.
    """
    from bertolt.reports.training import report_training

    file = report_training(run)
    if file is not None:
        tell(f"report: {file}")
    return run


def resume(folder: StrPath, *, quiet: bool = False) -> Run:
    """Goes on with the interrupted training of a model folder, as ``bertolt train --resume`` does.

    Args:
        folder: where the model was to go.
        quiet: see ``train``.

    Raises:
        FolderError: there is no interrupted training, or data, versions or threads have changed.
    """
    out = Path(folder)
    found = RunFolder(out).read()
    if found.get("finished"):
        raise FolderError(
            f"an interrupted training of {str(out)!r}",
            "one that is finished",
            f"use its model, such as: bertolt predict {out} TEXT",
        )
    settings = settings_of(found, TrainSettings, out)
    tell = _nothing if quiet else say
    return finish(run_training(settings, tell, resume=True), tell)


def adapt(
    model: StrPath,
    data: StrPath | Sequence[StrPath],
    *,
    out: StrPath,
    quiet: bool = False,
    **options: Unpack[AdaptOptions],
) -> Adaptation:
    """Lets a model read unlabelled text, as ``bertolt adapt`` does.

    Args:
        model: what is adapted: a name, a folder or a Hub id.
        data: a path, a packaged name or a Hub id, or several of them.
        out: the model folder.
        quiet: see ``train``.
        options: see ``AdaptOptions``.

    Raises:
        InputError: the data, a name, an option or the output folder cannot be used.
    """
    from bertolt.unlabelled.adapt import adapt as run

    values: dict[str, Any] = {**options, "text": names(options.get("text", ()))}
    values |= {"model": os.fspath(model), "data": names(data), "out": os.fspath(out)}
    return run(check_settings(AdaptSettings, values), _nothing if quiet else say)


def pipeline(
    folder: StrPath,
    *,
    task: str | None = None,
    device: str = "auto",
    dtype: str = "fp32",
    threads: int | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Pipeline:
    """Loads a model folder as a callable; see ``Pipeline``.

    Args:
        folder: what training wrote.
        task: refuses a folder that is for another task.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        dtype: ``fp32`` or ``bf16``.
        threads: of the processor; None leaves them as they are.
        settings: overrides of the task's settings.

    Raises:
        FolderError: the folder is missing, damaged, not ours, or for another task.
        SettingError: a setting, a device or a dtype that does not exist.
    """
    if threads is not None:
        set_threads(threads)
    return Pipeline.from_folder(os.fspath(folder), task=task, device=device, dtype=dtype, settings=settings)


def evaluate(
    model: Pipeline | StrPath,
    data: StrPath,
    *,
    text: str | Sequence[str] = (),
    label: str | Sequence[str] = (),
    quiet: bool = False,
) -> Evaluation:
    """Measures a model on labelled data, as ``bertolt evaluate`` does.

    Args:
        model: a pipeline, or a model folder.
        data: a path, or the name of a data set, of which its test part.
        text, label: the data's columns, in the task's order; empty for the usual names.
        quiet: whether the notes on columns and rows are not printed on standard error.

    Raises:
        DataError: the data cannot be used, or has a label that the model does not know.
        FolderError: see ``pipeline``.
    """
    loaded = model if isinstance(model, Pipeline) else pipeline(model)
    return measure(loaded, read_test_data(loaded, data, text=text, label=label), quiet=quiet)


def measure(model: Pipeline, reading: Reading, *, quiet: bool = False) -> Evaluation:
    """Measures a model on examples that were read, and says what was taken and left out."""
    for note in () if quiet else describe(reading):
        say(note)
    with progress_bar("evaluating", len(reading.examples)) as progress:
        return evaluate_examples(model.model, reading.examples, progress=progress)


def read_test_data(
    model: Pipeline, data: StrPath, *, text: str | Sequence[str] = (), label: str | Sequence[str] = ()
) -> Reading:
    """The labelled examples of DATA for a verb that measures a model, with what was left out.

    Raises:
        UnknownNameError: no such file or data set.
        DataError: the data cannot be used.
    """
    task = model.model.task
    table = open_source(os.fspath(data), task.layouts).pick("test")
    return read_labelled(task, table, model.settings, ColumnChoice(names(text), names(label)))


def compare(
    folder_a: StrPath,
    folder_b: StrPath,
    data: StrPath | None = None,
    *,
    text: str | Sequence[str] = (),
    label: str | Sequence[str] = (),
    device: str = "auto",
    quiet: bool = False,
) -> Comparison:
    """Says whether model B is better than model A on the same rows, as ``bertolt compare`` does.

    Args:
        folder_a, folder_b: model folders for one task.
        data: a path, or the name of a data set, of which its test part; None: the validation rows in
            A's folder, if both models were trained on the same rows.
        text, label: the data's columns, in the task's order; empty for the usual names.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        quiet: whether the notes on columns and rows are not printed on standard error.

    Raises:
        InputError: the models are for different tasks, or, without data, not trained on the same rows.
        DataError: the data cannot be used, or has a label that a model does not know.
        FolderError: see ``pipeline``.
    """
    from bertolt.evaluation.compare import compare_models
    from bertolt.evaluation.shared import shared_examples

    a, b = (pipeline(folder, device=device) for folder in (folder_a, folder_b))
    if data is None:
        examples = shared_examples(Path(folder_a), a, b)
    else:
        reading = read_test_data(a, data, text=text, label=label)
        examples = reading.examples
        for note in () if quiet else describe(reading):
            say(note)
    with progress_bar("comparing", 2 * len(examples)) as progress:
        return compare_models(a.model, b.model, examples, progress=progress)


def predict_file(
    model: Pipeline | StrPath, source: StrPath, output: StrPath, *, text: str | Sequence[str] = ()
) -> FilePrediction:
    """Predicts a file into another, as ``bertolt predict --input F --output F`` does.

    Args:
        model: a pipeline, or a model folder.
        source: a file, or the name of a data set, of which its test part.
        output: csv, tsv, jsonl or parquet.
        text: the columns that hold the task's inputs; empty for the usual names.

    Raises:
        DataError: the input cannot be used, or a value does not fit the output's format.
        DiskError: the output cannot be written; nothing is left of it.
    """
    loaded = model if isinstance(model, Pipeline) else pipeline(model)
    return _predict_file(loaded, os.fspath(source), os.fspath(output), text=names(text))


def explain(
    model: Pipeline | StrPath,
    input: str | Mapping[str, Any],
    *,
    target: str | None = None,
    word: int | None = None,
    method: Literal["fast", "integrated-gradients"] = "fast",
) -> Attribution:
    """Says which words moved a result, as ``bertolt explain`` does.

    Args:
        model: a pipeline, or a model folder.
        input: a string, or an object of the task's columns.
        target: the label or tag that is explained; None: the one that the model gives.
        word: the number of the word whose tag is explained, from 0, for a model that tags words.
        method: ``fast``, or the reference, which takes longer and needs the extra ``explain``.

    Raises:
        InputError: an input in another form, or a kind of result that cannot be explained.
        UnknownNameError: a label that the model does not have.
        SettingError: another method, or a word or a label where there is none to name.
        MissingExtraError: the reference without its extra.
    """
    from bertolt.inference.attribution import explain as run
    from bertolt.inference.attribution_targets import Wanted

    loaded = model if isinstance(model, Pipeline) else pipeline(model)
    return run(loaded, input, Wanted(target, word), method=method)


def names(given: StrPath | Sequence[StrPath]) -> tuple[str, ...]:
    """One name or several as a tuple of strings."""
    if isinstance(given, str | os.PathLike):
        return (os.fspath(given),)
    return tuple(os.fspath(each) for each in given)


def _nothing(text: str) -> None:
    """Says nothing."""
