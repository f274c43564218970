"""What a correction looks like for each kind of result, and the training row that it becomes.

- labels: the label; of labels that each hold or do not, the list of those that hold.
- tags: the list of the tags of all words.
- answers: the answer in the words of the context; empty where there is none.
- candidates: the whole text without missing words.
- grade: the name of the grade.
"""

from __future__ import annotations

from typing import Any

from bertolt.data.examples import WordsExample
from bertolt.errors import InputError
from bertolt.models.spec import ModelSpec
from bertolt.tasks.reading import input_example
from bertolt.tasks.scale import scale_of
from bertolt.tasks.task import Task, input_columns, settings_of, target_columns

KINDS = ("labels", "tags", "answers", "candidates", "grade")


def check_correction(task: Task, spec: ModelSpec, kind: str, given: Any, correction: Any) -> None:
    """Holds a correction against the model and the input.

    Args:
        task: the model's.
        spec: how it is read.
        kind: of its results.
        given: the input, as it is predicted.
        correction: what the result should have been.

    Raises:
        InputError: another form than the kind's, a label that the model does not know, an answer that does
            not stand in the context, or a kind that cannot be corrected.
    """
    example = input_example(task, given, settings_of(task, spec))
    if kind not in KINDS:
        raise InputError(f"a model whose results are {', '.join(KINDS)}", kind, "correct those of another")
    several = kind == "tags" or (kind == "labels" and spec.activation == "sigmoid")
    values = correction if several else [correction]
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        form = "a list of strings" if several else "a string"
        raise InputError(f"{form} as the correction", type(correction).__name__, "see docs/serve.md")
    known = scale_of(spec).names if kind == "grade" else spec.labels  # a grade's labels are its judgements
    if known:
        strange = next((value for value in values if value not in known), None)
        if strange is not None:
            raise InputError(
                f"one of the model's labels: {', '.join(known)}",
                repr(strange)[:100],
                "choose one of them; a new label needs a training of its own",
            )
    if kind == "tags" and isinstance(example, WordsExample) and len(values) != len(example.words):
        raise InputError(
            f"a tag for each of the {len(example.words)} words", f"{len(values)} tags", "give every word one"
        )
    if kind == "answers" and correction not in example.context:
        raise InputError(
            "an answer in the context's own words, or an empty one where there is none",
            repr(correction)[:100],
            "copy it from the context",
        )
    if kind == "candidates" and not correction.strip():
        raise InputError("the whole text as it should be", "an empty one", "write it down")
    if kind == "labels" and len(set(values)) < len(values):
        raise InputError("each label once", "one of them twice", "leave the second one out")


def training_row(task: Task, spec: ModelSpec, given: Any, correction: Any) -> dict[str, Any]:
    """A correction as a row of the task's columns that training reads; values are strings or lists.

    Raises:
        InputError: an input that the task cannot use.
    """
    settings = settings_of(task, spec)
    example = input_example(task, given, settings)
    inputs = {column.name: getattr(example, column.name, None) for column in input_columns(task)}
    if isinstance(example, WordsExample):
        inputs["words"] = [example.text[start:end] for start, end in example.words]
    target = target_columns(task)[0].name
    if target == "answers":
        # Of several occurrences the first: the correction is words, without their place.
        place = {"text": correction, "answer_start": example.context.find(correction)}
        found = [place] if correction else []
        return {**_present(inputs), "answers": found, "is_impossible": not correction}
    return {**_present(inputs), target: correction}


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
