"""From a request's inputs and options to rows for the queue, without tokenising anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bertolt.errors import InputError
from bertolt.inference.abstain import check_abstain
from bertolt.serving.bodies import count_characters
from bertolt.serving.refusals import TooLargeError
from bertolt.serving.rows import NewRow
from bertolt.serving.served import Served
from bertolt.serving.settings import ServeSettings
from bertolt.tasks.reading import input_example
from bertolt.tasks.task import TaskSettings, typed_settings


def new_rows(served: Served, inputs: Any, options: Mapping[str, Any], limits: ServeSettings) -> list[NewRow]:
    """Checks inputs and options without tokenising anything, and makes rows of them.

    Raises:
        InputError: an input or an option that cannot be used.
        TooLargeError: too many inputs, or too long a one.
    """
    given = inputs if isinstance(inputs, list) else [inputs]
    if not given:
        raise InputError("at least one input", "an empty list", "leave the request out")
    if len(given) > limits.request_rows:
        raise TooLargeError(
            f"at most {limits.request_rows:,} inputs in a request", f"{len(given):,}", "send several requests"
        )
    size = len(json.dumps(options))
    if size > limits.option_characters:
        raise TooLargeError(
            f"at most {limits.option_characters:,} characters of options", f"{size:,}", "name fewer values"
        )
    chosen = dict(options)
    below = chosen.pop("abstain_below", None)
    if below is not None:
        if isinstance(below, bool) or not isinstance(below, int | float):
            raise InputError("a number in abstain_below", type(below).__name__, "give for example 0.8")
        check_abstain(served.record.spec, below)
    settings = typed_settings(served.task, {**served.record.spec.settings, **chosen})
    rows: list[NewRow] = []
    candidates = 0
    for index, value in enumerate(given):
        where = f" (input {index + 1} of {len(given)})" if len(given) > 1 else ""
        example = _example(served, value, settings, limits, where)
        if served.kind == "candidates":
            candidates += candidate_characters(served.task.texts(example)[0], settings)
        payload = {"input": value, "settings": chosen, "abstain_below": below}
        rows.append(NewRow(served.name, "predict", payload, count_characters(value)))
    if candidates > limits.result_characters:
        raise TooLargeError(
            f"at most {limits.result_characters:,} characters of candidates for a request",
            f"{candidates:,}: missing words x top_k x length of each input",
            "lower top_k, leave fewer words out, or send several requests",
        )
    return rows


def _example(served: Served, value: Any, settings: TaskSettings, limits: ServeSettings, where: str) -> Any:
    """One input that can be used, typed."""
    characters = count_characters(value)
    if characters > limits.input_characters:
        raise TooLargeError(
            f"at most {limits.input_characters:,} characters in an input",
            f"{characters:,}{where}",
            "cut it into several inputs",
        )
    try:
        return input_example(served.task, value, settings)
    except InputError as error:
        raise InputError(error.expected, error.found + where, error.do) from error


def candidate_characters(text: str, settings: TaskSettings) -> int:
    """The characters of the texts that fill-mask answers with, at most."""
    each = max(getattr(settings, "top_k", 0), len(getattr(settings, "targets", ())))
    return text.lower().count("mask") * each * len(text)
