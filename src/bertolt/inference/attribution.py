"""Attribution: which words moved a result, and by how much.

Integrated gradients (see ``attribution_methods``) of a label's log-odds (see ``attribution_targets``) over
the embeddings of a row's tokens, against a baseline in which every token of the text is a padding token
and only the special ones stay. Scores of tokens are summed over the words that they are pieces of.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from bertolt.errors import InputError
from bertolt.inference.attribution_methods import check_method, few_points, many_points
from bertolt.inference.attribution_row import Row
from bertolt.inference.attribution_targets import Predicted, Wanted, find_target
from bertolt.inference.attribution_words import Word, field_names, origins, words_of
from bertolt.inference.engine import TorchEngine
from bertolt.inference.pipeline import Input, Pipeline
from bertolt.inference.run import Model
from bertolt.inference.unread import Unread, tokens_read, unread_stretches
from bertolt.models.families import family_of
from bertolt.models.spec import FolderRecord
from bertolt.results import Result
from bertolt.tasks.reading import input_example


@dataclass(frozen=True, slots=True)
class WordScore:
    """A word of an input, and how much it moved what is explained.

    Args:
        text: the word.
        start, end: its place in the input.
        field: the input column, such as ``"text"``.
        score: above 0 where the word speaks for the target, below where against; in units of the quantity.
    """

    text: str
    start: int
    end: int
    field: str
    score: float


@dataclass(frozen=True, slots=True)
class Attribution:
    """Why the model says what it says.

    Args:
        target: the label, the tag or the answer that is explained.
        quantity: the number that the scores are parts of, in words.
        method: ``fast`` or ``integrated-gradients``.
        tokens: the words that the model read, in the order of the inputs, with their scores.
        unread: what it did not read, in the same order; empty where it read all.
        value: the number for the inputs as they were read.
        change: how much of it the inputs make: the number, less that of the baseline. The scores add up to
            this, but for the error of the method, which few steps leave.
        texts: the inputs by their columns.
        result: the prediction.
        note: what else must be known, such as that other weights predict; empty where nothing.
    """

    target: str
    quantity: str
    method: str
    tokens: tuple[WordScore, ...]
    unread: tuple[Unread, ...]
    value: float
    change: float
    texts: dict[str, str]
    result: Result
    note: str = ""

    @property
    def sum(self) -> float:
        """What the scores add up to: beside ``change`` it tells how far the method is from exact."""
        return math.fsum(each.score for each in self.tokens)

    def to_dict(self) -> dict[str, Any]:
        """As ``--json`` prints it; the texts are left out, as whoever asked has them."""
        return {
            "target": self.target,
            "quantity": self.quantity,
            "method": self.method,
            "tokens": [asdict(each) for each in self.tokens],
            "unread": [asdict(each) for each in self.unread],
            "value": self.value,
            "change": self.change,
            "sum": self.sum,
            "result": self.result.to_dict(),
            "note": self.note,
        }


def explain(
    pipeline: Pipeline, value: Input, wanted: Wanted | None = None, *, method: str = "fast"
) -> Attribution:
    """Explains what a pipeline says of one input; arguments and errors otherwise as of ``attribute``.

    Raises:
        InputError: an input in another form.
    """
    example = input_example(pipeline.model.task, value, pipeline.settings)
    return attribute(pipeline.model, example, wanted, method=method, note=weights_note(pipeline.record))


def attribute(
    model: Model, example: Any, wanted: Wanted | None = None, *, method: str = "fast", note: str = ""
) -> Attribution:
    """Explains a prediction.

    Args:
        model: its engine runs the network in torch.
        example: as ``input_example`` reads it.
        wanted: what is explained; None: the label, or the answer, that the model gives.
        method: ``fast``, or ``integrated-gradients``, the reference, which needs captum.
        note: what else the reader must know.

    Raises:
        SettingError: another method, or a word or a label where there is none to name.
        UnknownNameError: a label that the model does not have.
        InputError: a kind of result, or an engine, that cannot be explained.
        MissingExtraError: the reference without captum.
    """
    chosen = check_method(method)
    engine = model.engine
    if not isinstance(engine, TorchEngine):
        raise InputError(
            "a model that torch runs, for its gradients", type(engine).__name__, "load it with engine torch"
        )
    config: Any = engine.network.config
    if not family_of(config).embeddings_in:
        raise InputError(
            "a model that gives the same answer for embeddings as for tokens",
            f"model type {config.model_type!r}, which does not",
            "explain a model of another family; docs/models.md lists them",
        )
    texts = model.task.texts(example)
    tokens = model.tokenizer.tokens(texts, offsets=True)
    encoded = model.task.encode(example, tokens, model.spec, model.tokenizer)
    logits = engine.logits(encoded.features)
    output = model.task.combine(example, encoded, logits, model.spec)
    result = model.task.decode(example, output, model.spec)
    target = find_target(model, Predicted(encoded, logits, result), wanted or Wanted())
    places = origins(model.task, example, tokens, model.spec, model.tokenizer)
    total = torch.zeros(sum(len(each.ids) for each in tokens), dtype=torch.float64)
    change = 0.0
    for part in target.rows:
        row = Row(engine, model.tokenizer, encoded.features[part.row], part)
        where = torch.from_numpy(places[part.row])
        baseline = row.baseline(where >= 0)
        find = few_points if chosen == "fast" else many_points
        scores = find(row.function, row.embedded, baseline, rows=row.at_once).double().cpu()
        total.index_add_(0, where[where >= 0], scores[where >= 0])
        change += row.change(baseline)
    read = tokens_read(places)
    words = words_of(model.task, example, tokens)
    return Attribution(
        target=target.name,
        quantity=target.quantity,
        method=chosen,
        tokens=tuple(_score(word, total) for word in words if read.intersection(word.tokens)),
        unread=unread_stretches(words, read),
        value=target.value,
        change=change,
        texts=dict(zip(field_names(model.task, example), texts, strict=True)),
        result=result,
        note=note,
    )


def _score(word: Word, scores: Tensor) -> WordScore:
    return WordScore(
        word.text, word.start, word.end, word.field, float(sum(scores[number] for number in word.tokens))
    )


def weights_note(record: FolderRecord) -> str:
    """What must be said where the explained weights are not those that predict; else empty.

    An exported folder names its engine and keeps the float32 weights that it was made from.
    """
    engine = str(getattr(record, "engine", None) or "")
    if "int8" not in engine:
        return ""
    return (
        f"This folder predicts with {engine}. Explained are the float32 weights that it was made from: "
        "their numbers are near those of the prediction, but not the same."
    )
