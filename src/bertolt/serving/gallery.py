"""Validation examples with what the model says of them: for the page's gallery and its pictures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bertolt.data.table import Row
from bertolt.errors import BertoltError
from bertolt.evaluation.judging import Judgement, gold_words, said_values
from bertolt.metrics.question_answering import exact_match
from bertolt.models.folder import load_examples
from bertolt.reports.pictures import confusion_picture, reliability_picture
from bertolt.serving.background import InUse, predict_all, progress_of
from bertolt.serving.dispatch import Dispatcher
from bertolt.serving.fingerprint import check_unchanged
from bertolt.serving.served import Served
from bertolt.serving.settings import ServeSettings
from bertolt.tasks.grades import OPEN
from bertolt.tasks.task import input_columns, target_columns

#: Examples of an answer.
PAGE = 24
#: After a failure the work begins again, if anybody asks for it, this much later.
RETRY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Shown:
    """An example of the gallery.

    Args:
        input: a string or an object, as ``inputs`` takes it.
        judgement: what is right and what the model says.
    """

    input: Any
    judgement: Judgement

    def to_dict(self) -> dict[str, Any]:
        """As the page reads it."""
        found = self.judgement
        return {
            "input": self.input,
            "gold": found.gold,
            "predicted": found.predicted,
            "score": found.score,
            "right": found.right,
            "truncated": found.truncated,
        }


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture, ready to be sent.

    Args:
        name: in its path.
        title, alt, meaning: see ``reports.style.Picture``.
        svg: the file.
    """

    name: str
    title: str
    alt: str
    meaning: str
    svg: bytes


@dataclass(slots=True)
class Gallery:
    """The examples of one model. They are predicted once, in the background, when they are first asked for.

    Args:
        served: the model.
        state: where the work stands.
        total: how many examples the folder keeps.
        shown: those that are predicted, in the folder's order.
        drawn: the pictures that apply to them, once all are predicted.
        failed: how many could not be predicted; they are left out.
        error: why the work stopped.
    """

    served: Served
    state: Literal["new", "running", "done", "failed"] = "new"
    total: int = 0
    shown: list[Shown] = field(default_factory=list)
    drawn: Sequence[Drawn] = ()
    failed: int = 0
    error: BertoltError | None = None
    _failed_at: float = 0.0
    _work: asyncio.Task[None] | None = None

    def start(self, computing: InUse, settings: ServeSettings) -> None:
        """Begins, unless that was done; again some time after a failure, which can be read until then."""
        again = self.state == "failed" and time.monotonic() > self._failed_at + RETRY_SECONDS
        if self.state == "new" or again:
            self.state, self.shown, self.failed, self.error = "running", [], 0, None
            self._work = asyncio.create_task(self._run(computing, settings))

    async def _run(self, computing: InUse, settings: ServeSettings) -> None:
        with computing.used():
            await self._predict(computing.dispatcher, settings)

    async def _predict(self, dispatcher: Dispatcher, settings: ServeSettings) -> None:
        try:
            rows = await asyncio.to_thread(_examples, self.served)
            self.total = len(rows)
            inputs = [example_input(self.served, row) for row in rows]
            number = 0
            async for found in predict_all(dispatcher, settings, self.served, inputs):
                if isinstance(found, BertoltError):
                    self.failed += 1
                else:
                    shown = needed_input(self.served, inputs[number])
                    self.shown.append(Shown(shown, judge_row(self.served, rows[number], found, number + 1)))
                number += 1
            judged = [each.judgement for each in self.shown]
            self.drawn = await asyncio.to_thread(draw, self.served, judged)
            self.state = "done"
        except BertoltError as error:
            self.state, self.error, self._failed_at = "failed", error, time.monotonic()

    def progress(self) -> dict[str, Any]:
        """Where the work stands, as the page reads it."""
        return progress_of(self.state, len(self.shown) + self.failed, self.total, self.error)

    def page(self, only: Literal["all", "right", "wrong"], offset: int) -> dict[str, Any]:
        """Some examples from an offset on; how many there are, and how many are right (None: not known)."""
        rights = [each.judgement.right for each in self.shown]
        wanted = {"all": (True, False, None), "right": (True,), "wrong": (False,)}[only]
        chosen = [each for each in self.shown if each.judgement.right in wanted]
        return {
            **self.progress(),
            "shown": len(chosen),
            "right": None if None in rights else sum(map(bool, rights)),
            "failed": self.failed,
            "examples": [each.to_dict() for each in chosen[offset : offset + PAGE]],
        }


def _examples(served: Served) -> list[dict[str, Any]]:
    """The kept rows, if they are still those of the model."""
    rows = load_examples(served.folder)
    check_unchanged(served.folder, served.fingerprint)
    return rows


def example_input(served: Served, row: Mapping[str, Any]) -> Any:
    """The input of a kept row: a string where the model reads one column, else an object."""
    columns = [column.name for column in input_columns(served.task)]
    values = {name: row[name] for name in columns if row.get(name) is not None}
    return next(iter(values.values())) if len(columns) == 1 else values


def needed_input(served: Served, value: Any) -> Any:
    """An input without the columns that may be left out, as a person would write it."""
    if isinstance(value, str):
        return value
    names = [column.name for column in input_columns(served.task) if column.required]
    values = {name: value[name] for name in names if name in value}
    return next(iter(values.values())) if len(values) == 1 else values


def judge_row(served: Served, row: Mapping[str, Any], result: Mapping[str, Any], line: int) -> Judgement:
    """A kept row and what the model made of it. Its cost is not measured."""
    example = served.task.example(Row(line, row), served.settings)
    values = example.values()
    gold = [values[column.name] for column in target_columns(served.task)]
    return Judgement(
        line=line,
        texts=served.task.texts(example),
        gold=gold_words(gold),
        predicted=said_values(result),
        score=result.get("score", result.get("probabilities", {}).get(result.get("name"))),
        right=right_whole(served.kind, result, gold),
        tokens=result["tokens"],
        truncated=result["truncated"],
        cost=0.0,
    )


def right_whole(kind: str, result: Mapping[str, Any], gold: Sequence[Any]) -> bool | None:
    """Whether a result is right as a whole; None where its kind has no such notion.

    Tags are right where every word that has one is; an answer where its normalised words are one of those
    that count (Rajpurkar et al. 2016); candidates where the likeliest ones give the text as it was; a grade
    where it is one that the label leaves open.
    """
    if kind == "labels":
        passed = result.get("passed")
        return bool(result["label"] == gold[0]) if passed is None else set(passed) == set(gold[0])
    if kind == "tags":
        pairs = zip(result["words"], gold[0], strict=True)
        return all(tag is None or word["tag"] == tag for word, tag in pairs)
    if kind == "answers":
        return exact_match(result["answer"], [answer["text"] for answer in gold[0]]) == 1.0
    if kind == "candidates":
        return bool(result["text"] == gold[0])
    if kind == "grade":
        low, high = OPEN.get(gold[0], (0, -1)) if gold[0] not in result["probabilities"] else (0, -1)
        return bool(result["name"] == gold[0] or low <= result["grade"] <= high)
    return None


def draw(served: Served, judged: Sequence[Judgement]) -> tuple[Drawn, ...]:
    """The pictures that apply to the rows."""
    spec = served.record.spec
    pictures = {
        "confusion": confusion_picture(judged, spec.labels),
        # Of several labels the score is one label's, and no probability that all are right.
        "reliability": None if spec.activation == "sigmoid" else reliability_picture(judged),
    }
    return tuple(
        Drawn(name, found.title, found.alt, found.meaning, found.svg())
        for name, found in pictures.items()
        if found is not None
    )


class Galleries:
    """The galleries of all models.

    Args:
        served: the models by name.
    """

    def __init__(self, served: Mapping[str, Served]) -> None:
        self._all = {name: Gallery(each) for name, each in served.items()}

    def of(self, name: str) -> Gallery:
        """The gallery of a model that is served."""
        return self._all[name]
