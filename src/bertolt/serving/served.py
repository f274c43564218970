"""The models that a server offers: what is known without their networks, which only the worker loads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from tokenizers import Tokenizer

from bertolt.errors import SettingError
from bertolt.inference.engines import exported_engine
from bertolt.inference.opening import open_model, settings_for
from bertolt.models.folder import EXAMPLES
from bertolt.models.spec import FolderRecord
from bertolt.results import Result
from bertolt.serving.settings import ServeSettings
from bertolt.tasks.task import Task, TaskSettings, input_columns


@dataclass(frozen=True, slots=True)
class Served:
    """A model behind HTTP.

    Args:
        name: in paths; the folder's name, or a Hub id without its owner.
        folder: where it lies.
        record: its ``bertolt.json``.
        task: what it does.
        settings: the task's, typed.
        engine: what runs it, and the precision of its numbers.
        home: beside which its corrections are kept.
        notes: what was guessed of a model that others trained.
    """

    name: str
    folder: Path
    record: FolderRecord
    task: Task
    settings: TaskSettings
    engine: Mapping[str, str]
    home: Path
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of its results, as in ``Result.kind``."""
        kind: str = self._result.kind
        return kind

    @property
    def result_fields(self) -> tuple[str, ...]:
        """The names of the members of its results."""
        return tuple(field.name for field in fields(self._result))

    @property
    def _result(self) -> type[Result]:
        found: type[Result] = get_type_hints(type(self.task).decode)["return"]
        return found

    def summary(self) -> dict[str, Any]:
        """What ``GET /v1/models`` says of it."""
        return {
            "name": self.name,
            "task": self.task.name,
            "kind": self.kind,
            "fields": [
                {"name": column.name, "optional": not column.required} for column in input_columns(self.task)
            ],
            "labels": list(self.record.spec.labels),
            "engine": dict(self.engine),
            "max_length": self.record.spec.max_length,
            "has_examples": (self.folder / EXAMPLES).is_file(),
        }

    def token_id(self, token: str) -> int | None:
        """The id of a word of the vocabulary, however the vocabulary marks the beginning of words."""
        vocabulary = _vocabulary(self.folder)
        found = (vocabulary.token_to_id(mark + token.strip()) for mark in ("", "Ġ", "▁", "##"))
        return next((each for each in found if each is not None), None)

    def card(self) -> str:
        """The model card, markdown; empty where the folder has none."""
        file = self.folder / "README.md"
        return file.read_text(encoding="utf-8") if file.is_file() else ""


@cache
def _vocabulary(folder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def open_folders(
    folders: Sequence[Path | str],
    settings: ServeSettings,
    *,
    engine: str = "auto",
    device: str = "auto",
    dtype: str = "fp32",
    task: str | None = None,
    task_settings: Mapping[str, Any] | None = None,
) -> Mapping[str, Served]:
    """The models of some folders by their names.

    Raises:
        FolderError: a folder is damaged or not ours.
        SettingError: two folders of one name, a model whose rows do not fit into a batch, or an engine, a
            device and a dtype that do not go together.
    """
    found: dict[str, Served] = {}
    for given in folders:
        opened = open_model(given, task=task, settings=settings_for(Path(given), task_settings or {}))
        name, spec = opened.title, opened.spec
        if name in found:
            raise SettingError(
                "models of different names, which are those of their folders",
                f"{name!r} twice: {str(found[name].folder)!r} and {str(opened.folder)!r}",
                "rename one of them",
            )
        if spec.max_length > settings.batch_tokens:
            raise SettingError(
                f"a batch_tokens of at least {spec.max_length:,}, the longest row of {name!r}",
                f"{settings.batch_tokens:,}",
                "raise batch_tokens in the file of --settings",
            )
        typed = opened.task.Settings.model_validate(spec.settings)
        folder = opened.folder.resolve()
        runs = exported_engine(folder, opened.record, opened.task, engine=engine, device=device, dtype=dtype)
        shown = (
            {"name": "torch", "precision": dtype}
            if runs is None
            else {"name": runs.name, "precision": runs.precision}
        )
        record = opened.record.model_copy(update={"spec": spec})
        found[name] = Served(name, folder, record, opened.task, typed, shown, opened.home, opened.notes)
    return found
