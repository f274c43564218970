"""The models that a server offers: what is known without their networks, which only the worker loads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from tokenizers import Tokenizer

from bertolt.errors import FolderError, SettingError
from bertolt.inference.engines import exported_engine
from bertolt.inference.opening import open_model, settings_for
from bertolt.models.folder import EXAMPLES
from bertolt.models.spec import FolderRecord
from bertolt.results import Result
from bertolt.serving.fingerprint import CARD, fingerprint, stamp
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
        fingerprint: of the folder's contents.
        card: the model card, markdown; empty where the folder has none.
        has_examples: whether the folder keeps validation examples.
        vocabulary: where the results are candidates, the tokenizer, which knows the ids of words.
        given: the folder or the Hub id, as it was named at the start.
        home: beside which its corrections are kept.
        notes: what was guessed of a model that others trained.
    """

    name: str
    folder: Path
    record: FolderRecord
    task: Task
    settings: TaskSettings
    engine: Mapping[str, str]
    fingerprint: str
    card: str
    has_examples: bool
    vocabulary: Tokenizer | None
    given: str
    home: Path
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of its results, as in ``Result.kind``."""
        return _result(self.task).kind

    @property
    def result_fields(self) -> tuple[str, ...]:
        """The names of the members of its results."""
        return tuple(field.name for field in fields(_result(self.task)))

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
            "has_examples": self.has_examples,
            "fingerprint": self.fingerprint[:12],
        }

    def token_id(self, token: str) -> int | None:
        """The id of a word of the vocabulary, however the vocabulary marks the beginning of words."""
        if self.vocabulary is None:
            return None
        found = (self.vocabulary.token_to_id(mark + token.strip()) for mark in ("", "Ġ", "▁", "##"))
        return next((each for each in found if each is not None), None)


def _result(task: Task) -> type[Result]:
    """The class of a task's results."""
    found: type[Result] = get_type_hints(type(task).decode)["return"]
    return found


def open_folder(
    name: Path | str,
    settings: ServeSettings,
    *,
    engine: str = "auto",
    device: str = "auto",
    dtype: str = "fp32",
    task: str | None = None,
    given: Mapping[str, Any] | None = None,
) -> Served:
    """A model by the name of its folder, or by its Hub id.

    Args:
        name: of the folder or the model.
        settings: of the server.
        engine, device, dtype: what is to run it.
        task: which one, for a folder that holds several heads.
        given: settings of the task.

    Raises:
        FolderError: the folder is damaged, not ours, or changes while it is read.
        SettingError: a model whose rows do not fit into a batch, or an engine, a device and a dtype that do
            not go together.
    """
    # A model in the Hub's cache does not change.
    before = stamp(Path(name).resolve()) if Path(name).is_dir() else None
    opened = open_model(name, task=task, settings=settings_for(Path(name), given or {}))
    folder, spec = opened.folder.resolve(), opened.spec
    if spec.max_length > settings.batch_tokens:
        raise SettingError(
            f"a batch_tokens of at least {spec.max_length:,}, the longest row of {opened.title!r}",
            f"{settings.batch_tokens:,}",
            "raise batch_tokens in the file of --settings",
        )
    runs = exported_engine(folder, opened.record, opened.task, engine=engine, device=device, dtype=dtype)
    served = Served(
        name=opened.title,
        folder=folder,
        record=opened.record.model_copy(update={"spec": spec}),
        task=opened.task,
        settings=opened.task.Settings.model_validate(spec.settings),
        engine={
            "name": "torch" if runs is None else runs.name,
            "precision": dtype if runs is None else runs.precision,
        },
        fingerprint=fingerprint(folder),
        card=_card(folder),
        has_examples=(folder / EXAMPLES).is_file(),
        vocabulary=_vocabulary(folder) if _result(opened.task).kind == "candidates" else None,
        given=str(name),
        home=opened.home,
        notes=opened.notes,
    )
    if before is not None and stamp(folder) != before:
        raise FolderError(
            f"a model folder {str(folder)!r} that stays as it is while it is read",
            "that it changed",
            "try again when it is complete",
        )
    return served


def _card(folder: Path) -> str:
    file = folder / CARD
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _vocabulary(folder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def open_folders(names: Sequence[Path | str], open_one: Callable[[str], Served]) -> Mapping[str, Served]:
    """Several models by their names.

    Args:
        names: of their folders, or Hub ids.
        open_one: ``open_folder`` with the settings of the server.

    Raises:
        SettingError: two models of one name; see ``open_folder`` also.
        FolderError: see ``open_folder``.
    """
    found: dict[str, Served] = {}
    for given in names:
        served = open_one(str(given))
        if served.name in found:
            raise SettingError(
                "models of different names, which are those of their folders",
                f"{served.name!r} twice: {str(found[served.name].folder)!r} and {str(served.folder)!r}",
                "rename one of them",
            )
        found[served.name] = served
    return found
