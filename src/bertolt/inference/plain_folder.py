"""A classifier that others trained, as it is: the record that its folder lacks, made from its configuration.

A folder of the Hub says what the network is (``architectures``), what its outputs mean (``problem_type``)
and how they are called (``id2label``). It does not say whether a text or a pair is read; the rule for
that is ``reads_pairs``. The values of its ``config.json`` are enough, so nothing needs to be downloaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bertolt.errors import FolderError, SettingError
from bertolt.models.spec import FolderRecord, ModelSpec
from bertolt.tasks.label_list import read_names

Values = Mapping[str, Any]

#: The end of an architecture's name to the tasks that such a network can do, the usual one first.
_TASKS = {
    "ForSequenceClassification": (
        "text-classification",
        "sentence-pair-classification",
        "multi-label-classification",
        "acceptability",
    ),
    "ForTokenClassification": ("token-classification",),
    "ForQuestionAnswering": ("question-answering",),
    "ForMaskedLM": ("fill-mask",),
    "ForPreTraining": ("fill-mask", "next-sentence-prediction"),
    "ForNextSentencePrediction": ("next-sentence-prediction",),
}

#: Families whose pre-training class has a head for missing words.
_MASKED_PRE_TRAINING = ("BertForPreTraining", "AlbertForPreTraining", "MegatronBertForPreTraining")

#: Tasks without names for their outputs in the configuration.
_UNNAMED = ("question-answering", "fill-mask")

_NEXT_SENTENCE = ("follows", "does not follow")

#: transformers' activations by the task that has them.
_SIGMOID = "multi-label-classification"

#: Where the outputs of a head are counted in the weights.
HEAD_WEIGHTS = (
    "classifier.weight",
    "classifier.out_proj.weight",
    "score.weight",
    "qa_outputs.weight",
    "logits_proj.weight",
)


@dataclass(frozen=True, slots=True)
class PlainModel:
    """What a plain folder is.

    Args:
        task: the name of what it does.
        tasks: all that its head could do, as ``--task`` may say.
        labels: names of its outputs, in their order; empty for tasks without labels.
        notes: what was guessed or is missing, in sentences.
    """

    task: str
    tasks: tuple[str, ...]
    labels: tuple[str, ...]
    notes: tuple[str, ...]


def plain_model(config: Values, where: str, *, task: str | None = None, names: Any = None) -> PlainModel:
    """What a configuration says of a network.

    Args:
        config: the values of ``config.json``.
        where: its folder or Hub id, for messages.
        task: the full name of a task; None: the usual one.
        names: other names for the labels: a list, text with commas, or a file with a name on each line.

    Raises:
        FolderError: no head, a head for no task that Bertolt has, or labels that cannot be used.
        SettingError: ``names`` that do not fit.
    """
    tasks = _head_tasks(config, where)
    usual = tasks[0]
    if len(tasks) > 1 and config.get("problem_type") == "multi_label_classification":
        usual = _SIGMOID
    elif usual == "text-classification" and reads_pairs(config):
        usual = "sentence-pair-classification"
    if task is not None and task not in tasks:
        raise FolderError(
            f"a model for {task}",
            f"one for {' or '.join(tasks)} in {where!r}",
            "leave --task out, or name another model",
        )
    chosen = task or usual
    notes = []
    if chosen in _UNNAMED:
        if names is not None:
            raise SettingError(f"no --set names for {chosen}", "some", "leave them out: it has no labels")
        labels: tuple[str, ...] = ()
    elif chosen == "next-sentence-prediction":
        labels = _NEXT_SENTENCE
    else:
        labels = _label_names(config, where, names)
        if any(label == f"LABEL_{place}" for place, label in enumerate(labels)):
            notes.append(
                f"labels: {', '.join(labels[:5])}{', …' if len(labels) > 5 else ''}: the model does not say "
                "what they mean; its card may, and --set names=A,B,… names them in this order"
            )
    if task is None and len(tasks) > 1:
        others = " or ".join(each for each in tasks[:3] if each != chosen)
        notes.insert(0, f"task: {chosen}, {_reason(chosen, config)}; if it is another: --task {others}")
    notes.append("not calibrated by bertolt: the scores are the network's probabilities as they are")
    return PlainModel(chosen, tasks, labels, tuple(notes))


def reads_pairs(config: Values) -> bool:
    """Whether a classifier reads two texts, as far as its configuration tells.

    It does where a label speaks of entailment, as in natural language inference, or where the library of
    sentence-transformers saved it as a cross-encoder.
    """
    labels = (config.get("id2label") or {}).values() if isinstance(config.get("id2label"), dict) else ()
    if any("entail" in str(label).lower() for label in labels):
        return True
    return _is_cross_encoder(config)


def _is_cross_encoder(config: Values) -> bool:
    return "sbert_ce_default_activation_function" in config or "sentence_transformers" in config


def _reason(task: str, config: Values) -> str:
    if task == _SIGMOID:
        return "as problem_type in config.json says"
    if task == "sentence-pair-classification":
        cross = (
            "config.json is a cross-encoder's"
            if _is_cross_encoder(config)
            else "its labels are those of entailment"
        )
        return f"because {cross}"
    return "the usual one of its head"


def _head_tasks(config: Values, where: str) -> tuple[str, ...]:
    """The tasks of a network's head.

    Raises:
        FolderError: it has no head, or one for no task that Bertolt has.
    """
    names = config.get("architectures") or ()
    name = str(names[0]) if isinstance(names, list | tuple) and names else ""
    ending = next((each for each in _TASKS if name.endswith(each)), None)
    if ending is None or (ending == "ForPreTraining" and name not in _MASKED_PRE_TRAINING):
        heads = ", ".join(each for each in _TASKS if each != "ForPreTraining")
        if not name or name.endswith(("Model", "Encoder", "ForPreTraining")):
            raise FolderError(
                "a model with a trained head, to be used as it is",
                f"an encoder without a trained head in {where!r} (architectures: {name or 'none'})",
                f"train it on labelled text first: bertolt train DATA --model {where}",
            )
        raise FolderError(
            f"an architecture that ends in {heads}", f"{name} in {where!r}", "name a model of another kind"
        )
    if ending == "ForSequenceClassification" and _is_regression(config):
        raise FolderError(
            "a classifier with two labels or more",
            f"a head for numbers (regression, or a ranker's score) in {where!r}; no task of bertolt answers "
            "with a number",
            "name a classifier, or use the model with transformers or sentence-transformers",
        )
    return _TASKS[ending]


def _is_regression(config: Values) -> bool:
    if config.get("problem_type") == "regression":
        return True
    labels = config.get("id2label")
    return (len(labels) if isinstance(labels, dict) else config.get("num_labels", 2)) == 1


def _label_names(config: Values, where: str, names: Any) -> tuple[str, ...]:
    count, found = _configured_labels(config, where)
    if names is not None:
        return _given_names(names, count)
    repeated = sorted({name for name in found if found.count(name) > 1})
    if repeated or not all(found):
        raise FolderError(
            "a different name for each output in id2label of config.json",
            f"{repeated[0] + ' twice' if repeated else 'an empty name'} in {where!r}",
            f"name all {count} outputs in their order: --set names=A,B,…",
        )
    return found


def _configured_labels(config: Values, where: str) -> tuple[int, tuple[str, ...]]:
    """How many outputs the configuration names, and how.

    Raises:
        FolderError: numbers that are missing or are no numbers.
    """
    given = config.get("id2label")
    if given is None:
        count = config.get("num_labels", 2)
        return count, tuple(f"LABEL_{place}" for place in range(count))
    try:
        by_place = {int(place): str(name).strip() for place, name in given.items()}
    except (AttributeError, ValueError) as error:
        raise FolderError(
            "id2label in config.json as an object from 0, 1, 2, … to names",
            f"{str(given)[:80]} in {where!r}",
            "correct config.json",
        ) from error
    missing = sorted(set(range(len(by_place))) - set(by_place))
    if missing or len(by_place) < len(given):
        raise FolderError(
            f"a name for each output from 0 to {len(given) - 1} in id2label of config.json",
            f"none for {', '.join(map(str, missing))} in {where!r}",
            "correct id2label in config.json: one name for each output, without gaps",
        )
    return len(by_place), tuple(by_place[place] for place in range(len(by_place)))


def _given_names(given: Any, count: int) -> tuple[str, ...]:
    """The names of ``--set names``.

    Raises:
        SettingError: another number of them, or one twice.
    """
    if isinstance(given, str) and Path(given).is_file():
        names = read_names(Path(given))
    else:
        listed = given.split(",") if isinstance(given, str) else given
        if not isinstance(listed, list | tuple):
            listed = [listed]
        names = tuple(str(name).strip() for name in listed)
    if len(names) != count or len(set(names)) != count or not all(names):
        raise SettingError(
            f"{count} different names in --set names, one for each output in their order",
            ", ".join(names) or "none",
            "write for example: --set names=" + ",".join("ABCDEFGH"[: min(count, 8)]),
        )
    return names


def check_outputs(config: Values, shapes: Mapping[str, Sequence[int]], where: str) -> None:
    """Holds the number of labels against the head's outputs.

    Args:
        config: the values of ``config.json``.
        shapes: of the tensors in the weights, by name.
        where: folder or Hub id, for messages.

    Raises:
        FolderError: they disagree.
    """
    if not str((config.get("architectures") or [""])[0]).endswith(
        ("ForSequenceClassification", "ForTokenClassification")
    ):
        return
    count, _ = _configured_labels(config, where)
    for name in HEAD_WEIGHTS:
        shape = shapes.get(name)
        if shape is not None and len(shape) == 2 and shape[0] != count:
            raise FolderError(
                f"as many labels in config.json as the head has outputs, {shape[0]}",
                f"{count} in {where!r}",
                f"correct id2label in config.json: one name for each of the {shape[0]} outputs",
            )


def plain_record(model: PlainModel, name: str, max_length: int) -> FolderRecord:
    """The record of a model that others trained.

    Args:
        model: what its configuration says.
        name: as the user named it.
        max_length: tokens of a row, special ones included.
    """
    spec = ModelSpec(
        task=model.task,
        labels=model.labels,
        activation="sigmoid" if model.task == _SIGMOID else "softmax",
        max_length=max_length,
    )
    return FolderRecord(
        spec=spec, trained_by="others", backbone=name, seed=0, data="", examples={}, versions={}, threads=0
    )
