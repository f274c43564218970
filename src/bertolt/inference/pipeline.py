"""The pipeline: human text in, result out. One in, one out; list in, list out; iterable in, iterator out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, overload

from bertolt.data.frames import frame_table, is_frame, refuse_other_collections, values_of
from bertolt.data.tokenizer import Tokenizer
from bertolt.inference.abstain import check_abstain
from bertolt.inference.engine import TorchEngine
from bertolt.inference.engines import choose_engine
from bertolt.inference.opening import open_model
from bertolt.inference.run import Model
from bertolt.models.config import config_values
from bertolt.models.spec import FolderRecord
from bertolt.progress import say
from bertolt.results import Result
from bertolt.tasks.reading import ColumnChoice, input_example, locate_columns

Input = str | Mapping[str, Any]


class Pipeline:
    """A trained model as a callable.

    Args:
        model: what predicts.
        record: the ``bertolt.json`` that it was loaded from.
        folder: where that stands, or None.
        notes: what was guessed of a model that others trained, in sentences.

    Attributes:
        settings: the task's settings, typed.
    """

    def __init__(
        self, model: Model, record: FolderRecord, folder: Path | None = None, notes: Sequence[str] = ()
    ) -> None:
        self.model = model
        self.record = record
        self.folder = folder
        self.notes = tuple(notes)
        self._torch: Pipeline | None = None
        self.settings = model.task.Settings.model_validate(model.spec.settings)

    @classmethod
    def from_folder(
        cls,
        folder: Path | str,
        *,
        task: str | None = None,
        device: str = "auto",
        dtype: str = "fp32",
        engine: str = "auto",
        settings: Mapping[str, Any] | None = None,
    ) -> Pipeline:
        """Loads a model.

        Args:
            folder: what training or an export wrote, a classifier that transformers saved, or a Hub id
                (``owner/name`` or ``owner/name@revision``).
            task: which one, for a folder that holds several heads or a classifier of others; one that it
                does not hold is refused. None: the folder's first.
            device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
            dtype: ``fp32``, or ``bf16``, which is faster on a GPU and no longer keeps results free of
                batch-mates.
            engine: ``torch``, ``onnx``, or ``auto``: the one that the folder was exported for, else torch.
            settings: overrides of the task's settings, such as ``top_k``; for a classifier of others also
                ``names``, the names of its labels in their order.

        Raises:
            UnknownNameError, NetworkError: no such model.
            FolderError: the folder is damaged, for another task, or has no head.
            SettingError: a setting, a device, a dtype or an engine that does not exist.
            MissingExtraError: an exported folder's engine is not installed.
        """
        found = open_model(folder, task=task, settings=settings)
        tokenizer = Tokenizer.from_folder(
            found.folder, embeddings=config_values(found.folder).get("vocab_size")
        )
        runs = choose_engine(
            found.folder, found.record, found.task, tokenizer, engine=engine, device=device, dtype=dtype
        )
        return cls(Model(found.task, found.spec, tokenizer, runs), found.record, found.folder, found.notes)

    def abstaining(self, below: float) -> Pipeline:
        """The same pipeline, but that answers with the label ``"unsure"`` where the score is under ``below``.

        Raises:
            SettingError: not a probability, or a model without labels to withhold.
        """
        check_abstain(self.model.spec, below)
        return Pipeline(replace(self.model, abstain_below=below), self.record, self.folder, self.notes)

    def in_torch(self) -> Pipeline:
        """The same model run by torch, for what needs its gradients; loaded when it is first asked for."""
        if self.folder is None or isinstance(self.model.engine, TorchEngine):
            return self
        if self._torch is None:
            self._torch = Pipeline.from_folder(
                self.folder, task=self.model.task.name, engine="torch", settings=self.model.spec.settings
            )
        return self._torch

    @overload
    def __call__(self, inputs: Input) -> Result: ...
    @overload
    def __call__(self, inputs: list[str] | list[dict[str, Any]]) -> list[Result]: ...
    @overload
    def __call__(self, inputs: Iterator[Input]) -> Iterator[Result]: ...
    def __call__(self, inputs: Any) -> Any:
        """Predicts.

        Args:
            inputs: a string or an object of the task's columns; a list, a series or an array of them; a frame
                of pandas or polars or an Arrow table, whose columns are found as those of a file; or any
                other iterable of strings and objects.

        Returns:
            One ``Result``, a list of them, or an iterator over them, in order. The numbers are the same
            for one text and for a million.

        Raises:
            InputError: an input in another form.
            DataError: a frame without the task's columns.
        """
        if is_frame(inputs):
            return list(self.model.results(self._frame_examples(inputs)))
        single: Any = inputs
        if isinstance(inputs, str | bytes | Mapping) or not isinstance(inputs, Iterable):
            return next(self._results([single]))
        refuse_other_collections(inputs)
        values = values_of(inputs)
        if values is None:
            return self._results(inputs)
        if not isinstance(inputs, list | tuple):  # of a series or an array, what is missing is no text
            values = ["" if value is None else value for value in values]
        return list(self._results(values))

    def _frame_examples(self, frame: Any) -> Iterator[Any]:
        """The rows of a frame; which columns were guessed is said on standard error."""
        table = frame_table(frame)
        located = locate_columns(self.model.task, table, self.settings, ColumnChoice(), targets=False)
        for note in filter(None, (located.guess, located.warning)):
            say(f"{table.name}: {note}")
        for _, renamed in located.rows():
            yield self.model.task.example(renamed, self.settings)

    def _results(self, inputs: Iterable[Input]) -> Iterator[Result]:
        task = self.model.task
        return self.model.results(input_example(task, value, self.settings) for value in inputs)
