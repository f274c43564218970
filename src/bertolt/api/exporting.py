"""The verb that exports a model for another engine.

bertolt.export("models/reviews", out="models/reviews-onnx").engine.parity.largest
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bertolt.api.names import names
from bertolt.api.using import pipeline
from bertolt.data.sources import open_source
from bertolt.inference.pipeline import Pipeline
from bertolt.models.folder import load_examples
from bertolt.progress import say
from bertolt.tasks.reading import ColumnChoice, read_labelled, unlabelled_rows
from bertolt.training.corpus import describe
from bertolt.training.settings import StrPath

if TYPE_CHECKING:
    from bertolt.inference.export import Exported


def export(
    model: Pipeline | StrPath,
    *,
    out: StrPath,
    int8: bool = False,
    data: StrPath | None = None,
    text: str | Sequence[str] = (),
    label: str | Sequence[str] = (),
    seed: int = 0,
    quiet: bool = False,
) -> Exported:
    """Exports a model folder for ONNX Runtime, as ``bertolt export`` does; a gate refuses other answers.

    Args:
        model: a pipeline run by torch on the processor, a model folder, or a Hub id.
        out: the new folder; it may be that of the model.
        int8: whether matrix products are computed in 8 bits. Labelled rows say what that costs.
        data: a path, or the name of a data set, of which its validation part; None: the validation rows in
            the folder.
        text, label: the data's columns, in the task's order; empty for the usual names.
        seed: of the texts that the gate cuts and joins, and of its intervals.
        quiet: whether the notes on rows and figures are not printed on standard error.

    Raises:
        MissingExtraError: without the extra ``onnx``.
        DataError: the data cannot be used, or there are too few rows.
        RefusedError: the exported network does not give the same answers; nothing is written.
        FolderError: see ``pipeline``.
    """
    from bertolt.inference.export import export as run
    from bertolt.inference.onnx_graph import check_extra

    check_extra()
    tell = _nothing if quiet else say
    loaded = (
        model if isinstance(model, Pipeline) else pipeline(model, device="cpu", engine="torch", quiet=quiet)
    )
    assert loaded.folder is not None
    if data is None:
        examples = _of_folder(loaded.folder, loaded)
    else:
        examples = _of_data(os.fspath(data), loaded, ColumnChoice(names(text), names(label)), int8, tell)
    return run(loaded.folder, Path(out), loaded, examples, quantise=int8, seed=seed, say=tell)


def _of_folder(folder: Path, pipeline: Pipeline) -> list[Any]:
    from bertolt.data.table import Row

    task = pipeline.model.task
    rows = enumerate(load_examples(folder), start=1)
    return [task.example(Row(line, row), pipeline.settings) for line, row in rows]


def _of_data(data: str, pipeline: Pipeline, choice: ColumnChoice, labelled: bool, tell: Any) -> list[Any]:
    task = pipeline.model.task
    table = open_source(data, task.layouts).pick("validation")
    if not labelled:
        return [example for _, example in unlabelled_rows(task, table, pipeline.settings, choice)]
    reading = read_labelled(task, table, pipeline.settings, choice)
    for note in describe(reading):
        tell(note)
    return reading.examples


def _nothing(text: str) -> None:
    """Says nothing."""
