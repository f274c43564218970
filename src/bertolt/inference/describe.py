"""What a model is and what can be done with it, told from its small files: no weights are loaded."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

from pydantic import ValidationError

from bertolt.errors import FolderError
from bertolt.inference.model_files import ModelFiles, model_files
from bertolt.inference.plain_folder import check_outputs, plain_model
from bertolt.models.backbone import Backbone, shortest_length
from bertolt.models.config import unknown_model_type
from bertolt.models.families import family_of
from bertolt.models.spec import FolderRecord
from bertolt.models.tensor_shapes import Shapes

#: Verbs that need a model with a task, and those that begin from an encoder.
WITH_TASK = ("predict", "evaluate", "explain", "export", "compare", "bench", "serve")
FROM_ENCODER = ("train", "adapt", "probe")


@dataclass(frozen=True, slots=True)
class Description:
    """A model as it is.

    Args:
        model: as it was named.
        where: its folder, or its Hub id with the commit.
        made_by: ``bertolt``, or ``others``.
        family: the ``model_type`` of its configuration.
        architecture: the class of the network.
        task: what it does; None where it has no head for a task.
        tasks: all that its head may do.
        labels: of its outputs, in their order.
        parameters: how many numbers its weights hold; None where that is not known without loading them.
        max_length: tokens that it reads of a text, special ones included; None where nothing says it.
        languages, licence: as its model card says; empty where it does not.
        weights: their format.
        own_code: whether the folder holds Python code (``auto_map``); it is never run.
        data: the fingerprint of the training data, for a model of ours.
        metrics: as they were measured in training, for a model of ours.
        notes: what else is to be known, in sentences.
        verbs: each verb with "yes", or why not.
    """

    model: str
    where: str
    made_by: Literal["bertolt", "others"]
    family: str
    architecture: str
    task: str | None
    tasks: tuple[str, ...]
    labels: tuple[str, ...]
    parameters: int | None
    max_length: int | None
    languages: tuple[str, ...]
    licence: str
    weights: Literal["safetensors", "bin", "none"]
    own_code: bool
    data: str | None
    metrics: Mapping[str, Mapping[str, float | None]]
    notes: tuple[str, ...]
    verbs: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        return asdict(self)


def describe(name: str) -> Description:
    """Tells what a model is. For a Hub id nothing is downloaded but small files and the weights' headers.

    Args:
        name: a folder, a packaged encoder, or a Hub id.

    Raises:
        UnknownNameError, NetworkError: no such model.
        FolderError: a file that cannot be read.
    """
    files = model_files(name)
    config = _json(files, "config.json")
    if config is None:
        raise FolderError(
            "a model with config.json",
            f"none in {files.where!r}",
            "name a folder or Hub id of a transformers model",
        )
    weights = _weights(files)
    shapes = files.shapes() if weights == "safetensors" else {}
    record = _record(files)
    head = _Head.of_record(record) if record else _Head.of_config(config, shapes, name)
    card = _card(files.text("README.md"))
    return Description(
        model=name,
        where=files.where,
        made_by="others" if record is None else record.trained_by,
        family=str(config.get("model_type", "")),
        architecture=str(next(iter(config.get("architectures") or ()), "")),
        task=head.task,
        tasks=head.tasks,
        labels=head.labels,
        parameters=sum(math.prod(shape) for shape in shapes.values()) if shapes else None,
        max_length=_max_length(files, config) if record is None else record.spec.max_length,
        languages=card.languages,
        licence=card.licence,
        weights=weights,
        own_code=bool(config.get("auto_map")),
        data=record.data or None if record else None,
        metrics=record.metrics if record else {},
        notes=head.notes,
        verbs=_verbs(files, config, head, weights),
    )


@dataclass(frozen=True, slots=True)
class _Head:
    """What a network is for, or why it is for nothing."""

    task: str | None
    tasks: tuple[str, ...]
    labels: tuple[str, ...]
    notes: tuple[str, ...]
    problem: str = ""

    @classmethod
    def of_record(cls, record: FolderRecord) -> _Head:
        tasks = tuple(spec.task for spec in (record.spec, *record.others))
        return cls(tasks[0], tasks, record.spec.labels, ())

    @classmethod
    def of_config(cls, config: Mapping[str, Any], shapes: Shapes, name: str) -> _Head:
        try:
            found = plain_model(config, name)
            check_outputs(config, shapes, name)
        except FolderError as error:
            return cls(None, (), (), (), error.found)
        return cls(found.task, found.tasks, found.labels, found.notes)


def _verbs(files: ModelFiles, config: Mapping[str, Any], head: _Head, weights: str) -> dict[str, str]:
    family_name = str(config.get("model_type") or "")
    family = family_of(SimpleNamespace(model_type=family_name))
    if not _known_type(config):
        general = unknown_model_type(files.where, config).found
    elif weights == "none":
        general = "there are no weights in safetensors or .bin format"
    else:
        general = family.reason
    answers = {
        **dict.fromkeys(FROM_ENCODER, general),
        **dict.fromkeys(WITH_TASK, general or head.problem),
    }
    lacking = {"explain": family.embeddings_in, "export": family.exports, "probe": family.probes}
    for verb, possible in lacking.items():
        if not possible:
            answers[verb] = answers[verb] or f"not for the family {family_name}; docs/models.md lists them"
    return {verb: f"no: {problem}" if problem else "yes" for verb, problem in answers.items()}


def _known_type(config: Mapping[str, Any]) -> bool:
    """Whether transformers has the family. Its folders are looked at, because importing it takes seconds."""
    kind = str(config.get("model_type") or "")
    if kind.startswith("bertolt-"):
        return True
    found = find_spec("transformers")
    if not kind or found is None or found.origin is None:
        return False
    return (Path(found.origin).parent / "models" / kind.replace("-", "_")).is_dir()


def _weights(files: ModelFiles) -> Literal["safetensors", "bin", "none"]:
    names = [name for name in files.sizes if "/" not in name]
    if any(re.fullmatch(r"model(-\d+-of-\d+)?\.safetensors", name) for name in names):
        return "safetensors"
    return "bin" if any(re.fullmatch(r"pytorch_model(-\d+-of-\d+)?\.bin", name) for name in names) else "none"


def _record(files: ModelFiles) -> FolderRecord | None:
    found = _json(files, "bertolt.json")
    if found is None:
        return None
    try:
        return FolderRecord.model_validate(found)
    except ValidationError as error:
        raise FolderError(
            "a bertolt.json of a model folder that this version can read",
            f"another in {files.where!r}",
            "name a model folder; `bertolt compare` reads probe folders; or update bertolt",
        ) from error


def _max_length(files: ModelFiles, config: Mapping[str, Any]) -> int | None:
    stated = shortest_length(lambda file: _json(files, file) or {})
    if not isinstance(config.get("max_position_embeddings"), int):
        return stated
    found = Backbone("", Path(), SimpleNamespace(**{"pad_token_id": 0, **config})).positions
    return found if stated is None else min(found, stated)


@dataclass(frozen=True, slots=True)
class _Card:
    languages: tuple[str, ...] = ()
    licence: str = ""


def _card(text: str | None) -> _Card:
    """Languages and licence out of the front matter of a model card."""
    if text is None or not text.startswith("---"):
        return _Card()
    from huggingface_hub import RepoCard

    try:
        values = RepoCard(text, ignore_metadata_errors=True).data.to_dict()  # type: ignore[no-untyped-call]
    except ValueError:  # the front matter is no YAML object: such a card states nothing
        return _Card()
    languages = values.get("language") or ()
    listed = [languages] if isinstance(languages, str) else list(languages)
    return _Card(tuple(map(str, listed)), str(values.get("license") or values.get("license_name") or ""))


def _json(files: ModelFiles, file: str) -> dict[str, Any] | None:
    text = files.text(file)
    if text is None:
        return None
    try:
        found = json.loads(text)
    except ValueError as error:
        raise FolderError(
            f"valid JSON in {file}", f"{error} in {files.where!r}", "copy the file again"
        ) from error
    if not isinstance(found, dict):
        raise FolderError(f"a JSON object in {file}", f"another in {files.where!r}", "copy the file again")
    return found
