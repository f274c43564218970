"""What is explained: the number out of a model's logits that belongs to a label, a tag or an answer.

Of labels and tags it is the log-odds ``log(p / (1 - p))``: of labels that each hold or do not the logit
itself, of a closed list the logit less the logarithm of the sum of the exponentials of all others. A bare
logit of a closed list would say nothing: what raises all of them alike changes no probability.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bertolt.data.alignment import token_spans
from bertolt.data.features import Encoded
from bertolt.errors import InputError, SettingError, UnknownNameError
from bertolt.inference.run import Model
from bertolt.models.spec import ModelSpec
from bertolt.results import Answers, Labels, Result, Tags
from bertolt.tasks.task import Logits

#: The logits of R rows that are alike but for their embeddings to one number a row, shape (R,).
Score = Callable[[Tensor], Tensor]

LOG_ODDS = "log-odds"
SPAN_LOGITS = "sum of the start and the end logit"
NO_ANSWER = "no answer"


@dataclass(frozen=True, slots=True)
class RowTarget:
    """What is explained in one row of an example.

    Args:
        row: its number among the example's features.
        score: told the logits of copies of this row.
        select: the positions at which outputs are wanted in place of the row's own, or None.
    """

    row: int
    score: Score
    select: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What is explained.

    Args:
        name: the label, the tag or the answer.
        quantity: the number of it, in words.
        value: that number, for the text as the model read it.
        rows: the rows that it is made of. Of several windows each is explained while the others stand.
    """

    name: str
    quantity: str
    value: float
    rows: tuple[RowTarget, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked for.

    Args:
        label: a label or a tag; None for the model's own.
        word: the number of the word whose tag is explained, from 0; None for other kinds of results.
    """

    label: str | None = None
    word: int | None = None


@dataclass(frozen=True, slots=True)
class Predicted:
    """A prediction with what it was made of: the example's rows and the logits of each."""

    encoded: Encoded
    logits: Sequence[Logits]
    result: Result


def find_target(model: Model, predicted: Predicted, wanted: Wanted) -> Target:
    """What is to be explained of a prediction.

    Raises:
        UnknownNameError: a label that the model does not have.
        SettingError: a word or a label where there is none to name, or no word where one is needed.
        InputError: a kind of result that cannot be explained.
    """
    result = predicted.result
    if wanted.word is not None and not isinstance(result, Tags):
        raise SettingError(
            "a word only of a model that tags words", f"a result of the kind {result.kind}", "leave it out"
        )
    if isinstance(result, Labels):
        return _label(model.spec, predicted, result, wanted)
    if isinstance(result, Tags):
        return _tag(model.spec, predicted, result, wanted)
    if isinstance(result, Answers):
        return _answer(predicted, result, wanted)
    raise InputError(
        "a model whose results are labels, tags or answers",
        f"one for {model.task.name}, whose results are {result.kind}",
        "explain a model of another task",
    )


def log_odds(logits: Tensor, place: int, *, sigmoid: bool) -> Tensor:
    """The log-odds of one output: shape (R, K) to (R,)."""
    if sigmoid:
        return logits[:, place]
    others = [index for index in range(logits.shape[1]) if index != place]
    return logits[:, place] - torch.logsumexp(logits[:, others], dim=1)


def _place(spec: ModelSpec, wanted: str | None, usual: str, kind: str) -> int:
    name = usual if wanted is None else wanted
    if name not in spec.labels:
        raise UnknownNameError(kind, name, spec.labels)
    return spec.labels.index(name)


def _label(spec: ModelSpec, predicted: Predicted, result: Labels, wanted: Wanted) -> Target:
    likeliest = max(result.scores, key=lambda label: result.scores[label])
    place = _place(spec, wanted.label, likeliest, "label")
    sigmoid = spec.activation == "sigmoid"
    features = predicted.encoded.features
    shares = np.asarray([feature.weight for feature in features]) if len(features) > 1 else np.ones(1)
    shares = shares / shares.sum()
    parts = torch.from_numpy(np.stack(predicted.logits) * shares[:, None]).float()
    whole = parts.sum(dim=0)

    def score_of(row: int) -> Score:
        rest, share = whole - parts[row], float(shares[row])
        return lambda logits: log_odds(logits * share + rest.to(logits.device), place, sigmoid=sigmoid)

    value = float(log_odds(whole[None], place, sigmoid=sigmoid))
    rows = tuple(RowTarget(row, score_of(row)) for row in range(len(features)))
    return Target(spec.labels[place], LOG_ODDS, value, rows)


def _tag(spec: ModelSpec, predicted: Predicted, result: Tags, wanted: Wanted) -> Target:
    word, words = wanted.word, len(result.words)
    if word is None or not 0 <= word < words:
        raise SettingError(
            f"the number of a word, 0 to {words - 1}, whose tag is explained",
            "none" if word is None else str(word),
            "give one (--word N); the words are numbered from 0 in the order of the text",
        )
    place = _place(spec, wanted.label, result.words[word].tag, "tag")
    row, position = _place_of_word(predicted.encoded, word)
    select = predicted.encoded.features[row].select
    assert select is not None
    value = log_odds(torch.from_numpy(predicted.logits[row][position : position + 1]), place, sigmoid=False)

    def score(logits: Tensor) -> Tensor:
        return log_odds(logits, place, sigmoid=False)

    rows = (RowTarget(row, score, int(select[position])),)
    return Target(f"{spec.labels[place]} of {result.words[word].text}", LOG_ODDS, float(value), rows)


def _place_of_word(encoded: Encoded, word: int) -> tuple[int, int]:
    """The row that a word's tag is read in, and its place among those that the row selects."""
    homes = encoded.context
    row = int(homes[word])
    return row, int((homes[:word] == row).sum())


def _answer(predicted: Predicted, result: Answers, wanted: Wanted) -> Target:
    if wanted.label is not None:
        raise SettingError(
            "no label to explain, as the model answers in words of the text",
            repr(wanted.label),
            "leave it out; what is explained is the answer",
        )
    passage: Any = predicted.encoded.context
    spans: list[tuple[float, int, int, int]] = []
    if result.end > result.start:
        (found,) = token_spans(passage.offsets, [(result.start, result.end)]).tolist()
        for row, (start, stop) in enumerate(passage.windows):
            first, last = max(found[0], start), min(found[1], stop) - 1
            if first <= last:
                a, b = passage.first + first - start, passage.first + last - start
                spans.append((_span_logits(predicted.logits[row], a, b), row, a, b))
        value, row, a, b = max(spans)
    else:  # no answer is read at the first token of the row that is the least sure of it
        value, row, a, b = min(
            (_span_logits(logits, 0, 0), row, 0, 0) for row, logits in enumerate(predicted.logits)
        )

    def score(logits: Tensor) -> Tensor:
        return logits[:, a, 0] + logits[:, b, 1]

    return Target(result.answer or NO_ANSWER, SPAN_LOGITS, value, (RowTarget(row, score),))


def _span_logits(logits: Logits, first: int, last: int) -> float:
    return float(logits[first, 0]) + float(logits[last, 1])
