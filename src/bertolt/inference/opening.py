"""A model by its name, for every verb that uses one: a folder of ours, or a model that others trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bertolt.errors import FolderError, SettingError, UnknownNameError
from bertolt.inference.plain_folder import check_outputs, plain_model, plain_record
from bertolt.models.backbone import Backbone, find_folder, model_title, stated_length
from bertolt.models.config import config_values, read_config
from bertolt.models.folder import EXAMPLES, is_ours, load_record
from bertolt.models.spec import FolderRecord, ModelSpec
from bertolt.models.tensor_shapes import tensor_shapes
from bertolt.models.weights import check_weights
from bertolt.tasks.registry import get_task
from bertolt.tasks.task import Task, typed_settings


@dataclass(frozen=True, slots=True)
class OpenModel:
    """A model that can be used; its network is not loaded.

    Args:
        name: as the user named it.
        title: a short name.
        folder: where it lies.
        record: its ``bertolt.json``, or what stands for it.
        spec: the one of its specs that is asked for, with the settings that were given.
        task: what it does.
        notes: what was guessed of a model that others trained, in sentences; empty for ours.
    """

    name: str
    title: str
    folder: Path
    record: FolderRecord
    spec: ModelSpec
    task: Task
    notes: tuple[str, ...] = ()

    @property
    def home(self) -> Path:
        """Beside which files of the user about the model are kept: not in the Hub's cache."""
        return self.folder.resolve() if Path(self.name).is_dir() else Path.cwd() / self.title


def open_model(
    name: Path | str, *, task: str | None = None, settings: Mapping[str, Any] | None = None
) -> OpenModel:
    """Finds a model and reads how it is used.

    Args:
        name: a model folder, a Hub id, or a folder that transformers saved.
        task: refuses a model for another task; chooses where a folder holds several heads, or where a
            classifier of others may be for several tasks. None: the model's first.
        settings: overrides of the task's settings; for a model of others also ``names``, its labels.

    Raises:
        UnknownNameError, NetworkError: no such model.
        FolderError: the folder is damaged, for another task, or has no head.
        SettingError: a setting that the task does not have.
    """
    folder = find_folder(str(name))
    if Path(name).is_dir():
        folder = Path(name)  # as the user wrote it, for messages
    given = dict(settings or {})
    wanted = None if task is None else get_task(task)
    notes: tuple[str, ...] = ()
    if is_ours(folder) or (folder / EXAMPLES).is_file():  # the second alone: ours, and damaged
        record = load_record(folder)
        _check_spec(record.spec, folder)
        spec = _spec_for(record, wanted, folder)
        found = get_task(spec.task)
    else:
        record, notes = _read_plain(folder, str(name), wanted, given.pop("names", None))
        found = get_task(record.spec.task)
        spec = record.spec.model_copy(update={"long": found.policies[0]})
    merged = typed_settings(found, {**spec.settings, **given})
    spec = spec.model_copy(update={"settings": merged.model_dump()})
    if notes:
        record = record.model_copy(update={"spec": spec})
    return OpenModel(str(name), model_title(str(name)), folder, record, spec, found, notes)


def settings_for(folder: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """Of settings that are given for several models, those for one of them.

    ``names`` names the labels of models that others trained; a folder of ours has the names of its data.
    """
    return {name: value for name, value in given.items() if name != "names" or not is_ours(folder)}


def _read_plain(
    folder: Path, name: str, wanted: Task | None, names: Any
) -> tuple[FolderRecord, tuple[str, ...]]:
    values = config_values(folder)
    model = plain_model(values, name, task=None if wanted is None else wanted.name, names=names)
    config = read_config(folder)
    check_weights(folder)
    check_outputs(values, tensor_shapes(folder), name)
    limit = Backbone(name, folder, config).positions
    return plain_record(model, name, min(limit, stated_length(folder) or limit)), model.notes


def _check_spec(spec: ModelSpec, folder: Path) -> None:
    """Refuses a task or settings of the record that do not exist; those of the caller are another matter."""
    try:
        typed_settings(get_task(spec.task), spec.settings)
    except (UnknownNameError, SettingError) as error:
        raise FolderError(
            f"a bertolt.json with {error.expected}",
            f"{error.found} in {str(folder)!r}",
            "copy the whole model folder again, or update bertolt",
        ) from error


def _spec_for(record: FolderRecord, wanted: Task | None, folder: Path) -> ModelSpec:
    there = [record.spec, *record.others]
    if wanted is None:
        return record.spec
    for spec in there:
        if get_task(spec.task) is wanted:
            return spec
    raise FolderError(
        f"a model for {wanted.name}",
        f"one for {' and '.join(get_task(spec.task).name for spec in there)} in {str(folder)!r}",
        "name another model folder, or leave --task out",
    )
