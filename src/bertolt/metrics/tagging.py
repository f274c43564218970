"""Metrics of tagged tokens and of the spans that tags mark. All are fractions, not percent.

An example is a sentence: resamples draw whole sentences.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bertolt.errors import InputError
from bertolt.metrics.statistic import FloatArray, Statistic, ratio, same_length

Span = tuple[str, int, int]
"""Type, first token, token after the last."""

Sentences = Sequence[Sequence[str]]

_PREFIXES = {"B": "B", "I": "I", "E": "E", "L": "E", "S": "S", "U": "S"}


def spans(tags: Sequence[str]) -> list[Span]:
    """The spans of one sentence, by the rule of conlleval (Tjong Kim Sang & Buchholz 2000).

    Reads IOB1, IOB2, IOE, IOBES and BILOU alike. A tag begins a span where it is B, S or U, where
    no span is open (so I after O begins one), where its type is another one than the last tag's,
    or where the last tag ended its span (E, L, S or U).

    Args:
        tags: ``O``, a prefix and a type as in ``B-PER``, or a bare prefix (the type is then empty).

    Returns:
        Spans in order as (type, start, end), in tokens, end excluded.

    Raises:
        InputError: where a tag is none of those.
    """
    found: list[Span] = []
    open_type, start = "", -1  # start is -1 while no span is open
    last = "O"
    for i, tag in enumerate(tags):
        prefix, kind = _parse(tag)
        begins = prefix in ("B", "S") or last in ("O", "E", "S") or kind != open_type
        if start >= 0 and (prefix == "O" or begins):
            found.append((open_type, start, i))
            start = -1
        if prefix != "O" and begins:
            open_type, start = kind, i
        last = prefix
    if start >= 0:
        found.append((open_type, start, len(tags)))
    return found


def to_iob2(tags: Sequence[str]) -> list[str]:
    """The same spans as `spans` reads, written in IOB2: B on each first token, I on the others.

    Args:
        tags: in any scheme that `spans` reads.

    Raises:
        InputError: where a tag has none of the known shapes.
    """
    result = ["O"] * len(tags)
    for kind, start, end in spans(tags):
        suffix = f"-{kind}" if kind else ""
        result[start] = "B" + suffix
        result[start + 1 : end] = ["I" + suffix] * (end - start - 1)
    return result


def word_accuracy(gold: Sentences, predicted: Sentences) -> Statistic:
    """The share of words whose tag is right, over all words of all sentences.

    NaN where a resample has no words.

    Args:
        gold: tags of each sentence.
        predicted: tags of the same sentences.

    Raises:
        InputError: where sentences or words differ in number.
    """
    _check(gold, predicted)
    right = [sum(a == b for a, b in zip(*pair, strict=True)) for pair in zip(gold, predicted, strict=True)]
    return ratio(right, [len(tags) for tags in gold])


def span_f1(gold: Sentences, predicted: Sentences) -> Statistic:
    """F1 of whole spans, type and both ends right, over all sentences, as conlleval counts it.

    0 where a resample has no span in gold and none in the predictions.

    Args:
        gold: tags of each sentence, in any scheme that `spans` reads.
        predicted: tags of the same sentences.

    Raises:
        InputError: where sentences or words differ in number, or a tag cannot be read.
    """
    right, in_gold, in_predicted = _span_counts(gold, predicted)
    return ratio(2 * right, in_gold + in_predicted, undefined=0.0)


def span_precision(gold: Sentences, predicted: Sentences) -> Statistic:
    """The share of predicted spans that are right; see `span_f1`. 0 where none is predicted."""
    right, _, in_predicted = _span_counts(gold, predicted)
    return ratio(right, in_predicted, undefined=0.0)


def span_recall(gold: Sentences, predicted: Sentences) -> Statistic:
    """The share of gold spans that are predicted; see `span_f1`. 0 where gold has none."""
    right, in_gold, _ = _span_counts(gold, predicted)
    return ratio(right, in_gold, undefined=0.0)


def _parse(tag: str) -> tuple[str, str]:
    prefix, dash, kind = tag.partition("-")
    if tag == "O":
        return "O", ""
    if prefix not in _PREFIXES or (dash and not kind):
        raise InputError(
            "tags such as O, B-PER and I-PER", f"{tag!r}", "convert the tags, or measure accuracy per word"
        )
    return _PREFIXES[prefix], kind


def _span_counts(gold: Sentences, predicted: Sentences) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Per sentence: right spans, gold spans and predicted spans."""
    _check(gold, predicted)
    counts = np.zeros((3, len(gold)))
    for i, (gold_tags, predicted_tags) in enumerate(zip(gold, predicted, strict=True)):
        of_gold, of_predicted = set(spans(gold_tags)), set(spans(predicted_tags))
        counts[:, i] = len(of_gold & of_predicted), len(of_gold), len(of_predicted)
    return counts[0], counts[1], counts[2]


def _check(gold: Sentences, predicted: Sentences) -> None:
    same_length("gold sentences", len(gold), "predicted sentences", len(predicted))
    for i, (gold_tags, predicted_tags) in enumerate(zip(gold, predicted, strict=True)):
        if len(gold_tags) != len(predicted_tags):
            raise InputError(
                f"{len(gold_tags)} predicted tags in sentence {i}, as in gold",
                f"{len(predicted_tags)}",
                "predict one tag for each word",
            )
