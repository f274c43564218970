"""Attributions, and what was not read, in the worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bertolt.errors import InputError
from bertolt.inference.attribution import explain
from bertolt.inference.attribution_targets import Wanted
from bertolt.inference.pipeline import Pipeline
from bertolt.inference.unread import find_unread
from bertolt.tasks.reading import input_example

#: Tokens of an input, all its windows together. Explaining one costs some twenty times its prediction,
#: during which nothing else is computed: about five seconds of two cores.
MOST_TOKENS = 1024


def explain_input(pipeline: Pipeline, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Explains one input: ``{"input", "target", "word"}``, of which the last two may be None.

    Raises:
        InputError: an input that is too long, a label that the model does not have, or a kind of result
            that cannot be explained.
    """
    example = input_example(pipeline.model.task, payload["input"], pipeline.settings)
    (encoded,) = pipeline.model.encode([example])
    tokens = sum(len(feature) for feature in encoded.features)
    if tokens > MOST_TOKENS:
        raise InputError(
            f"an input of at most {MOST_TOKENS:,} tokens to explain, all its windows together",
            f"{tokens:,}",
            "explain a part of it, or use `bertolt explain`",
        )
    return explain(
        pipeline.in_torch(), payload["input"], Wanted(payload["target"], payload["word"])
    ).to_dict()


def unread_of_input(pipeline: Pipeline, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What of one input, ``{"input"}``, is not read.

    Raises:
        InputError: an input in another form.
    """
    return {"unread": [asdict(each) for each in find_unread(pipeline, payload["input"])]}
