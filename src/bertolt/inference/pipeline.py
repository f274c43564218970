"""The pipeline: human text in, result out. One in, one out; list in, list out; iterable in, iterator out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, overload

from bertolt.data.tokenizer import Tokenizer
from bertolt.inference.abstain import check_abstain
from bertolt.inference.engine import TorchEngine
from bertolt.inference.engines import choose_engine
from bertolt.inference.opening import open_model
from bertolt.inference.run import Model
from bertolt.models.spec import FolderRecord
from bertolt.results import Result
from bertolt.tasks.reading import input_example

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
        tokenizer = Tokenizer.from_folder(found.folder)
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
            inputs: a string or an object of the task's columns; a list of them; or any iterable of them.

        Returns:
            One ``Result``, a list of them, or an iterator over them, in order. The numbers are the same
            for one text and for a million.

        Raises:
            InputError: an input in another form.
        """
        several = isinstance(inputs, Iterable) and not isinstance(inputs, str | bytes | Mapping)
        if not several:
            return next(self._results([inputs]))
        if isinstance(inputs, list | tuple):
            return list(self._results(inputs))
        return self._results(inputs)

    def _results(self, inputs: Iterable[Input]) -> Iterator[Result]:
        task = self.model.task
        return self.model.results(input_example(task, value, self.settings) for value in inputs)
