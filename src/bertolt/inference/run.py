"""Examples to outputs: the one loop behind the pipeline, evaluation, validation and the server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from bertolt.data.features import Encoded
from bertolt.data.tokenizer import Tokenizer, Tokens
from bertolt.inference.abstain import abstain
from bertolt.inference.engine import Engine
from bertolt.models.spec import ABSTAIN, ModelSpec
from bertolt.results import Result
from bertolt.tasks.task import Task

# Examples are sorted by length within a window of this size: enough for full batches of equal lengths,
# little enough that an endless iterable stays in constant memory.
WINDOW_EXAMPLES = 1024
WINDOW_CHARACTERS = 4_000_000


@dataclass(frozen=True, slots=True)
class Model:
    """All that prediction needs.

    Args:
        task: what it does.
        spec: how it was trained to do it.
        tokenizer: text to ids.
        engine: ids to logits.
        abstain_below: probability under which an answer is withheld (see ``abstain``), or None for what the
            model folder says.
    """

    task: Task
    spec: ModelSpec
    tokenizer: Tokenizer
    engine: Engine
    abstain_below: float | None = None

    @property
    def withheld_below(self) -> float | None:
        """The probability under which an answer is withheld: the caller's, else the model's, else None."""
        return self.spec.choices.get(ABSTAIN) if self.abstain_below is None else self.abstain_below

    def encode(self, examples: Sequence[Any]) -> list[Encoded]:
        """What the model reads of each example."""
        return encode(self.task, self.spec, self.tokenizer, examples)

    def outputs(self, examples: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """Each example with its output, in order, in constant memory: two windows at most are held."""
        for window, encoded in ahead(windows(self.task, examples), self.encode):
            logits = self.engine.logits([row for each in encoded for row in each.features])
            position = 0
            for example, each in zip(window, encoded, strict=True):
                rows = logits[position : position + len(each.features)]
                position += len(each.features)
                yield example, self.task.combine(example, each, rows, self.spec)

    def results(self, examples: Iterable[Any]) -> Iterator[Result]:
        """The result of each example, in order, in constant memory."""
        for example, output in self.outputs(examples):
            yield self.decoded(example, output)

    def decoded(self, example: Any, output: Any) -> Result:
        """An output as a person reads it, withheld where the model is to abstain."""
        result = self.task.decode(example, output, self.spec)
        below = self.withheld_below
        return result if below is None else abstain(result, below)


def encode(task: Task, spec: ModelSpec, tokenizer: Tokenizer, examples: Sequence[Any]) -> list[Encoded]:
    """What the model reads of each example; a text that stands in several is tokenised once."""
    texts = [task.texts(example) for example in examples]
    different = list(dict.fromkeys(text for each in texts for text in each))
    tokens: dict[str, Tokens] = dict(
        zip(different, tokenizer.tokens(different, offsets=task.offsets), strict=True)
    )
    return [
        task.encode(example, [tokens[text] for text in each], spec, tokenizer)
        for example, each in zip(examples, texts, strict=True)
    ]


def ahead(
    windows: Iterable[list[Any]], encode: Callable[[Sequence[Any]], list[Encoded]]
) -> Iterator[tuple[list[Any], list[Encoded]]]:
    """Each window with what the model reads of it, tokenised while the one before is computed.

    The windows are drawn in the caller's thread, one ahead. A fault, of the input or of the tokeniser, is
    raised in its place: after the windows before it.

    Args:
        windows: of examples.
        encode: see ``Model.encode``.
    """
    iterator = iter(windows)
    window = next(iterator, None)
    if window is None:
        return
    encoded = encode(window)  # there is nothing yet to do beside it, and one text alone needs no thread
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="tokens") as thread:
        while True:
            following, coming, fault = _draw(iterator, encode, thread)
            yield window, encoded
            if fault is not None:
                raise fault
            if following is None or coming is None:
                return
            window, encoded = following, coming.result()


def _draw(
    iterator: Iterator[list[Any]], encode: Callable[[Sequence[Any]], list[Encoded]], thread: Executor
) -> tuple[list[Any] | None, Future[list[Encoded]] | None, Exception | None]:
    """The next window, on its way to be tokenised; or nothing, where there is none; or why there is none."""
    try:
        window = next(iterator, None)
    except Exception as error:  # noqa: BLE001 (raised by the caller, when its turn comes)
        return None, None, error
    return window, None if window is None else thread.submit(encode, window), None


def windows(task: Task, examples: Iterable[Any]) -> Iterator[list[Any]]:
    """Cuts an iterable into windows of bounded size, by examples and by characters."""
    window: list[Any] = []
    characters = 0
    for example in examples:
        window.append(example)
        characters += sum(len(text) for text in task.texts(example))
        if len(window) >= WINDOW_EXAMPLES or characters >= WINDOW_CHARACTERS:
            yield window
            window, characters = [], 0
    if window:
        yield window
