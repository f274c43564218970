"""The verbs that train: fine-tune, go on, let a model read.

run = bertolt.train("reviews.csv", epochs=2)
run.pipeline("A gorgeous film.").label
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from bertolt.api.names import Data, NamedData, names, nothing
from bertolt.data.sources import in_memory
from bertolt.progress import say
from bertolt.training.fine_tune import Run
from bertolt.training.prepare import Say
from bertolt.training.repeats import run_training
from bertolt.training.run_folder import RunFolder, settings_of
from bertolt.training.settings import StrPath, TrainOptions, TrainSettings, check_settings
from bertolt.unlabelled.methods import find_method
from bertolt.unlabelled.settings import AdaptOptions, AdaptSettings

if TYPE_CHECKING:
    from bertolt.unlabelled.adapt import Adaptation


def train(data: Data | Sequence[Data], *, quiet: bool = False, **options: Unpack[TrainOptions]) -> Run:
    """Fine-tunes a model and writes its folder, as ``bertolt train`` does.

    Args:
        data: a path, a packaged name or a Hub id; a table in memory: a frame of pandas or polars, an Arrow
            table, a dictionary of lists; or several of them. ``validation``, ``test`` and ``unlabelled`` may
            be tables, too. A training on a table in memory cannot be resumed in another process.
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
    given = NamedData()
    values["data"] = given.names(data)
    values |= {name: names(values[name]) for name in ("text", "label") if name in values}
    if values.get("unlabelled") is not None:
        values["unlabelled"] = given.names(values["unlabelled"])
    for name in ("validation", "test"):
        if values.get(name) is not None:
            values[name] = given.name(values[name])
    with in_memory(given.tables):
        return begin(check_settings(TrainSettings, values), nothing if quiet else say)


def begin(settings: TrainSettings, tell: Say, *, resume: bool = False) -> Run:
    """Trains, and writes the report of the training into its model folder.

    Args:
        settings: what is wanted.
        tell: receives lines for people.
        resume: whether the interrupted run of this folder goes on.

    Raises:
        InputError: see ``train``.
        DiskError: the model or the report cannot be written; ``resume`` goes on.
    """

    def report(run: Run) -> None:
        from bertolt.reports.training import report_training

        file = report_training(run)
        if file is not None:
            tell(f"report: {file}")

    return run_training(settings, tell, method=find_method(settings), resume=resume, report=report)


def resume(folder: StrPath, *, quiet: bool = False) -> Run:
    """Goes on with the interrupted training of a model folder, as ``bertolt train --resume`` does.

    Args:
        folder: where the model was to go.
        quiet: see ``train``.

    Raises:
        FolderError: there is no interrupted training, or data, versions or threads have changed.
    """
    out = Path(folder)
    settings = settings_of(RunFolder(out).read_unfinished(), TrainSettings, out)
    return begin(settings, nothing if quiet else say, resume=True)


def adapt(
    model: StrPath,
    data: Data | Sequence[Data],
    *,
    out: StrPath,
    quiet: bool = False,
    **options: Unpack[AdaptOptions],
) -> Adaptation:
    """Lets a model read unlabelled text, as ``bertolt adapt`` does.

    Args:
        model: what is adapted: a name, a folder or a Hub id.
        data: see ``train``.
        out: the model folder.
        quiet: see ``train``.
        options: see ``AdaptOptions``.

    Raises:
        InputError: the data, a name, an option or the output folder cannot be used.
    """
    from bertolt.unlabelled.adapt import adapt as run

    values: dict[str, Any] = {**options, "text": names(options.get("text", ()))}
    given = NamedData()
    values |= {"model": os.fspath(model), "data": given.names(data), "out": os.fspath(out)}
    with in_memory(given.tables):
        return run(check_settings(AdaptSettings, values), nothing if quiet else say)
