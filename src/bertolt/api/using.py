"""The verbs that use a model: load it, predict a file, explain a result.

bertolt.pipeline("models/reviews")("A gorgeous film.").label
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Unpack

from bertolt.api.names import names
from bertolt.data.readers.options import ReadOptions, ReadSettings
from bertolt.inference.pipeline import Pipeline
from bertolt.models.device import set_threads
from bertolt.progress import say
from bertolt.training.settings import StrPath, check_settings

if TYPE_CHECKING:
    from bertolt.inference.attribution import Attribution
    from bertolt.inference.files import FilePrediction


def pipeline(
    folder: StrPath,
    *,
    task: str | None = None,
    device: str = "auto",
    dtype: str = "fp32",
    engine: str = "auto",
    threads: int | None = None,
    settings: Mapping[str, Any] | None = None,
    quiet: bool = False,
) -> Pipeline:
    """Loads a model as a callable; see ``Pipeline``.

    Args:
        folder: what training or an export wrote, a model that transformers saved, or a Hub id
            (``owner/name`` or ``owner/name@revision``).
        task: refuses a folder that is for another task; a classifier of others is read for this one.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        dtype: ``fp32`` or ``bf16``.
        engine: ``torch``, ``onnx``, or ``auto``: the one that the folder was exported for, else torch.
        threads: of the processor; None leaves them as they are.
        settings: overrides of the task's settings; of a model of others also ``names``, its labels.
        quiet: whether what was guessed of a model of others is not printed on standard error.

    Raises:
        UnknownNameError, NetworkError: no such model.
        FolderError: the folder is missing, damaged, not ours, or for another task.
        SettingError: a setting, a device, a dtype or an engine that does not exist.
        MissingExtraError: an exported folder's engine is not installed.
    """
    if threads is not None:
        set_threads(threads)
    loaded = Pipeline.from_folder(
        os.fspath(folder), task=task, device=device, dtype=dtype, engine=engine, settings=settings
    )
    for note in () if quiet else loaded.notes:
        say(note)
    return loaded


def predict_file(
    model: Pipeline | StrPath,
    source: StrPath,
    output: StrPath,
    *,
    text: str | Sequence[str] = (),
    safe_for_spreadsheets: bool = False,
    resume: bool = False,
    **options: Unpack[ReadOptions],
) -> FilePrediction:
    """Predicts a file into another, as ``bertolt predict --input F --output F`` does.

    Args:
        model: a pipeline, or a model folder.
        source: a file, or the name of a data set, of which its test part.
        output: csv, tsv, jsonl or parquet.
        text: the columns that hold the task's inputs; empty for the usual names.
        safe_for_spreadsheets: whether texts that a spreadsheet may run as formulas get an apostrophe.
        resume: go on with the rows that an interrupted prediction into ``output`` left.
        options: how the input's file is read, see ``ReadSettings``.

    Raises:
        BusyError: another process writes the output.
        DataError: the input cannot be used, or a value does not fit the output's format.
        DiskError: the output cannot be written; nothing is left of it.
    """
    from bertolt.inference.files import predict_file as run

    loaded = model if isinstance(model, Pipeline) else pipeline(model)
    read = check_settings(ReadSettings, options)
    return run(
        loaded,
        os.fspath(source),
        os.fspath(output),
        text=names(text),
        safe_for_spreadsheets=safe_for_spreadsheets,
        resume=resume,
        options=read,
    )


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

    loaded = model.in_torch() if isinstance(model, Pipeline) else pipeline(model, engine="torch")
    return run(loaded, input, Wanted(target, word), method=method)
