"""Bertolt as a program that is measured: ``python -m bertolt.evaluation.bench.worker``.

Beside what every peer answers it is asked for the lengths of the rows that the model reads, so that
operations and tokens are counted and not guessed, and for the machine's rate of matrix products.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bertolt.evaluation.bench.flops import peak_flops
from bertolt.evaluation.bench.protocol import Answer, serve
from bertolt.inference.opening import settings_for
from bertolt.inference.pipeline import Pipeline
from bertolt.models.device import set_threads
from bertolt.results import Answers, Candidates, Grade, Labels, Result, Tags
from bertolt.tasks.reading import input_example
from bertolt.version import __version__


class BertoltBackend:
    """A model of any task, through the pipeline that every verb uses.

    Args:
        task: see ``open_model``.
        settings: see ``open_model``; those that are for models of others are left out for ours.
    """

    def __init__(self, task: str | None = None, settings: Mapping[str, Any] | None = None) -> None:
        self._task = task
        self._settings = settings or {}
        self._pipeline: Pipeline | None = None
        self._folder = ""

    def load(self, folder: str, mode: str, threads: int, max_length: int) -> dict[str, str]:
        """See ``Backend.load``. ``mode`` is the device; ``max_length`` is the folder's own."""
        set_threads(threads)
        chosen = settings_for(Path(folder), self._settings)
        self._pipeline = Pipeline.from_folder(folder, task=self._task, device=mode, settings=chosen)
        self._folder = folder
        versions = {name: importlib.metadata.version(name) for name in ("torch", "transformers")}
        return {"bertolt": __version__, **versions}

    def predict(self, inputs: Sequence[Any]) -> list[str]:
        """See ``Backend.predict``."""
        results = [self._loaded(inputs[0])] if len(inputs) == 1 else self._loaded(list(inputs))
        return [format_answer(result) for result in results]

    def lengths(self, inputs: Sequence[Any]) -> Answer:
        """The tokens of each row that the network reads, special ones included, input by input."""
        model, settings = self._loaded.model, self._loaded.settings
        encoded = model.encode([input_example(model.task, value, settings) for value in inputs])
        return {"lengths": [[len(row) for row in each.features] for each in encoded]}

    def rate(self, shape: Sequence[int]) -> Answer:
        """See ``peak_flops``; ``shape`` is hidden and intermediate size."""
        return {"gflops": peak_flops(hidden=shape[0], intermediate=shape[1])}

    @property
    def _loaded(self) -> Pipeline:
        assert self._pipeline is not None
        return self._pipeline


def format_answer(result: Result) -> str:
    """What a result says, without its numbers: two programs agree on it or they do not."""
    match result:
        case Labels():
            return result.label
        case Tags():
            return " ".join(word.tag for word in result.words)
        case Answers():
            return result.answer
        case Candidates():
            return result.text
        case Grade():
            return result.name
    raise TypeError(f"a kind of result that cannot be compared: {result.kind}")


def main() -> None:
    """Answers until standard input ends. The first argument is a JSON object of task and settings."""
    ours = BertoltBackend(**json.loads(sys.argv[1])) if len(sys.argv) > 1 else BertoltBackend()
    serve(ours, {"lengths": ours.lengths, "rate": ours.rate})


if __name__ == "__main__":
    main()
