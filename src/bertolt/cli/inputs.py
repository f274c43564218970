"""A TEXT of the command line as the pipeline takes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bertolt.errors import InputError

if TYPE_CHECKING:
    from bertolt.inference.pipeline import Input
    from bertolt.tasks.task import Task


def read_input(task: Task, text: str) -> Input:
    """An object where the task has several inputs and the text is one in JSON; else the text.

    Raises:
        InputError: it begins as an object and is none.
    """
    from bertolt.tasks.task import input_columns

    if len(input_columns(task)) > 1 and text.lstrip().startswith("{"):
        try:
            found: Any = json.loads(text)
        except json.JSONDecodeError as error:
            raise InputError(
                "a JSON object",
                f"{error} in {text[:60]!r}",
                "correct the JSON; quote it for the shell in '…'",
            ) from error
        if isinstance(found, Mapping):
            return found
    return text
