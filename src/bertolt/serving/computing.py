"""The worker's half: rows to tokens, pieces to logits, logits to results. It knows no pipe and no queue."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from bertolt.data.features import Encoded, Feature
from bertolt.errors import InputError
from bertolt.inference.pipeline import Pipeline
from bertolt.inference.run import Model
from bertolt.serving.calls import CALLS
from bertolt.tasks.reading import input_example
from bertolt.tasks.task import Logits, typed_settings

#: Combinations of options that are kept ready. Clients use few; the bound is for those who try many.
VARIANTS = 64

Answer = dict[str, Any]


@dataclass(slots=True)
class _Held:
    """A row between its tokenising and its result."""

    model: Model
    example: Any
    encoded: Encoded
    logits: list[Logits | None] = field(default_factory=list)


@dataclass(slots=True)
class _Called:
    """A call that waits for its turn."""

    pipeline: Pipeline
    verb: str
    payload: Any


class Computing:
    """Answers the server's messages.

    A message is ``{"forget": [number], "read": [[number, model, verb, payload]], "run": [[number, first,
    end]]}``; the answer ``{"read": [[number, lengths or null, error or null]], "ran": [[number, result as
    JSON or null, error or null]]}``, where a row of which pieces are still to come is left out of ``ran``.
    An error has the kind ``input`` or ``failure`` and the three parts.

    Args:
        pipelines: the loaded models by name.
    """

    def __init__(self, pipelines: Mapping[str, Pipeline]) -> None:
        self._pipelines = pipelines
        self._held: dict[int, _Held | _Called] = {}
        self._variants: dict[str, Model] = {}

    def answer(self, message: Mapping[str, Any]) -> Answer:
        """Does what one message asks for. It raises nothing that a row could cause."""
        for number in message["forget"]:
            self._held.pop(number, None)
        return {
            "read": [self._read(*row) for row in message["read"]],
            "ran": list(self._run(message["run"])),
        }

    def _read(self, number: int, name: str, verb: str, payload: Any) -> list[Any]:
        def read() -> list[int]:
            pipeline = self._pipelines[name]
            if verb != "predict":
                self._held[number] = _Called(pipeline, verb, payload)
                return [len(json.dumps(payload))]
            model = self._variant(name, pipeline, payload)
            example = input_example(pipeline.model.task, payload["input"], _settings(model))
            encoded = model.encode([example])[0]
            self._held[number] = _Held(model, example, encoded, [None] * len(encoded.features))
            return [len(feature) for feature in encoded.features]

        return [number, *_guarded(read)]

    def _variant(self, name: str, pipeline: Pipeline, payload: Mapping[str, Any]) -> Model:
        settings, below = payload["settings"], payload["abstain_below"]
        key = json.dumps([name, settings, below], sort_keys=True)
        if key not in self._variants:
            if len(self._variants) >= VARIANTS:
                self._variants.clear()
            model = pipeline.model
            merged = typed_settings(model.task, {**model.spec.settings, **settings})
            spec = model.spec.model_copy(update={"settings": merged.model_dump()})
            self._variants[key] = replace(model, spec=spec, abstain_below=below)
        return self._variants[key]

    def _run(self, parts: Sequence[tuple[int, int, int]]) -> Iterator[list[Any]]:
        there = [(number, first, end) for number, first, end in parts if number in self._held]
        called = [part for part in there if isinstance(self._held[part[0]], _Called)]
        predicted = [part for part in there if part not in called]
        failed: dict[int, Any] = {}
        if predicted:
            _, error = _guarded(partial(self._forward, predicted))
            if error is not None:  # one of them, so each for itself
                for part in predicted:
                    _, error = _guarded(partial(self._forward, [part]))
                    if error is not None:
                        failed[part[0]] = error
        for number, _, _ in there:
            if number in failed:
                del self._held[number]
                yield [number, None, failed[number]]
            elif self._complete(number):
                yield [number, *_guarded(partial(_result, self._held.pop(number)))]

    def _forward(self, parts: Sequence[tuple[int, int, int]]) -> None:
        rows = [(self._held_row(number), first, end) for number, first, end in parts]
        features: list[Feature] = [
            feature for row, first, end in rows for feature in row.encoded.features[first:end]
        ]
        found = iter(rows[0][0].model.engine.logits(features))
        for row, first, end in rows:
            row.logits[first:end] = [next(found) for _ in range(first, end)]

    def _held_row(self, number: int) -> _Held:
        held = self._held[number]
        assert isinstance(held, _Held)
        return held

    def _complete(self, number: int) -> bool:
        held = self._held[number]
        return isinstance(held, _Called) or all(each is not None for each in held.logits)


def _settings(model: Model) -> Any:
    return model.task.Settings.model_validate(model.spec.settings)


def _result(held: _Held | _Called) -> str:
    if isinstance(held, _Called):
        return json.dumps(CALLS[held.verb](held.pipeline, held.payload), allow_nan=False)
    logits = [each for each in held.logits if each is not None]
    output = held.model.task.combine(held.example, held.encoded, logits, held.model.spec)
    return json.dumps(held.model.decoded(held.example, output).to_dict(), allow_nan=False)


def _guarded(work: Callable[[], Any]) -> tuple[Any, Any]:
    """What the work gives, or the error that it raises, whatever it is: a row fails alone."""
    try:
        return work(), None
    except InputError as error:
        return None, {"kind": "input", **error.to_dict()}
    except Exception as error:
        logging.getLogger(__name__).exception("an input failed")
        return None, {
            "kind": "failure",
            "expected": "a result",
            "found": f"an error inside the model ({type(error).__name__})",
            "do": "change the input; the server's log says more",
        }
