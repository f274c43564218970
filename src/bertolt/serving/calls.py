"""What a worker can do with an input beside predicting it. Each is computed alone, not in a batch."""

from __future__ import annotations

from typing import Any, Protocol

from bertolt.inference.pipeline import Pipeline
from bertolt.serving.explaining import explain_input, unread_of_input


class Call(Protocol):
    """A function of a loaded model and a payload of JSON's types; it runs in the worker."""

    def __call__(self, pipeline: Pipeline, payload: Any) -> dict[str, Any]:
        """The answer, in JSON's types.

        Raises:
            InputError: the payload cannot be used; the request is answered with 422.
        """


#: By the verb that a route asks for. A row here and a function are all that a new one needs.
CALLS: dict[str, Call] = {"explain": explain_input, "unread": unread_of_input}
