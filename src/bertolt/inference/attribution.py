"""Attribution: which words moved a result, and by how much.

Integrated gradients (see ``attribution_methods``) of a label's log-odds (see ``attribution_targets``) over
the embeddings of a row's tokens, against a baseline in which every token of the text is a padding token
and only the special ones stay. Scores of tokens are summed over the words that they are pieces of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from bertolt.data.features import Feature
from bertolt.data.tokenizer import Tokenizer
from bertolt.errors import InputError
from bertolt.inference.attribution_methods import check_method, few_points, many_points
from bertolt.inference.attribution_targets import Predicted, RowTarget, Wanted, find_target
from bertolt.inference.attribution_words import Word, field_names, origins, words_of
from bertolt.inference.engine import MAX_TOKENS, TorchEngine
from bertolt.inference.run import Model
from bertolt.models.heads import Inputs
from bertolt.models.spec import FolderRecord
from bertolt.results import Result


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
class Unread:
    """A stretch of an input that the model did not read.

    Args:
        field: the input column.
        start, end: its place there.
    """

    field: str
    start: int
    end: int


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
            this, but for the error of the method.
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
            "result": self.result.to_dict(),
            "note": self.note,
        }


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
    read = {int(place) for each in places for place in each if place >= 0}
    words = words_of(model.task, example, tokens)
    return Attribution(
        target=target.name,
        quantity=target.quantity,
        method=chosen,
        tokens=tuple(_score(word, total) for word in words if read.intersection(word.tokens)),
        unread=_unread(words, read),
        value=target.value,
        change=change,
        texts=dict(zip(field_names(model.task, example), texts, strict=True)),
        result=result,
        note=note,
    )


class Row:
    """One row of a model's input as a function of its embeddings.

    Args:
        engine: runs the network.
        tokenizer: knows the padding token.
        feature: the row.
        target: what is explained in it.

    Attributes:
        embedded: its embeddings, shape (T, H).
        at_once: copies of it that are computed at once, at most.
    """

    def __init__(
        self, engine: TorchEngine, tokenizer: Tokenizer, feature: Feature, target: RowTarget
    ) -> None:
        self._network, self._head = engine.network.eval(), engine.head
        self._feature, self._target = feature, target
        self._device = engine.device
        self._embedding = input_embedding(self._network)
        self._pad_id = tokenizer.pad_id
        self.embedded = self._embed(torch.from_numpy(feature.ids).long())
        self.at_once = max(1, MAX_TOKENS[engine.device.type] // len(feature))

    def _embed(self, ids: Tensor) -> Tensor:
        with torch.no_grad():
            found: Tensor = self._embedding(ids.to(self._device))
        return found.detach()

    def baseline(self, of_text: Tensor) -> Tensor:
        """The embeddings with the padding token wherever ``of_text``, shape (T,), holds: shape (T, H)."""
        nothing = self._embed(torch.tensor([self._pad_id]))
        return torch.where(of_text.to(self._device)[:, None], nothing, self.embedded)

    def function(self, embedded: Tensor) -> Tensor:
        """Embeddings of copies of the row, shape (R, T, H), to what is explained, shape (R,)."""
        return self._target.score(self._head.forward(self._network, self._inputs(embedded)))

    def change(self, baseline: Tensor) -> float:
        """What is explained at the row less what it is at the baseline."""
        with torch.inference_mode():
            at_row, at_baseline = self.function(torch.stack([self.embedded, baseline])).tolist()
        return float(at_row - at_baseline)

    def _inputs(self, embedded: Tensor) -> Inputs:
        rows, width = embedded.shape[:2]
        inputs: Inputs = {"inputs_embeds": embedded}
        if self._feature.types is not None:
            types = torch.from_numpy(self._feature.types).long().to(self._device)
            inputs["token_type_ids"] = types.expand(rows, width)
        if self._target.select is not None:
            inputs["positions"] = torch.arange(rows, device=self._device) * width + self._target.select
        return inputs


def input_embedding(network: nn.Module) -> nn.Module:
    """The layer that makes embeddings of token ids."""
    found: nn.Module = network.get_input_embeddings()  # type: ignore[operator]
    return found


def _score(word: Word, scores: Tensor) -> WordScore:
    return WordScore(
        word.text, word.start, word.end, word.field, float(sum(scores[number] for number in word.tokens))
    )


def _unread(words: Sequence[Word], read: set[int]) -> tuple[Unread, ...]:
    """The words that stand in no row, neighbours as one stretch."""
    found: list[Unread] = []
    last_read = True
    for word in words:
        seen = bool(read.intersection(word.tokens))
        if not seen:
            if not last_read and found[-1].field == word.field:
                found[-1] = Unread(word.field, found[-1].start, word.end)
            else:
                found.append(Unread(word.field, word.start, word.end))
        last_read = seen
    return tuple(found)


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
