"""Metrics of answers to questions on a text, as the official SQuAD scripts compute them.

All are fractions, not percent. The two scripts differ only in answers of nothing but articles and
punctuation, which normalise to the empty string: 1.1 (Rajpurkar et al. 2016) counts an F1 of 0 for
any empty answer; 2.0 (Rajpurkar et al. 2018) drops empty gold answers, takes the empty string as
gold where none is left, and counts 1 where gold and prediction are both empty.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from bertolt.errors import InputError
from bertolt.metrics.statistic import (
    Statistic,
    bool_matrix,
    mean,
    ratio,
    real_array,
    same_length,
    same_shape,
)

Version = Literal["1.1", "2.0"]

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalize_answer(text: str) -> str:
    """Lower case without ASCII punctuation, articles and superfluous white space, in that order."""
    bare = text.lower().translate(_NO_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def exact_match(prediction: str, answers: Sequence[str], *, version: Version = "2.0") -> float:
    """1.0 where the prediction equals one of the answers once both are normalised, else 0.0.

    Args:
        prediction: the predicted answer; empty for none.
        answers: the gold answers; none where the question has no answer (2.0 only).
        version: of the official script.

    Raises:
        InputError: where version 1.1 gets no gold answer.
    """
    predicted = normalize_answer(prediction)
    return float(any(normalize_answer(answer) == predicted for answer in _golds(answers, version)))


def f1(prediction: str, answers: Sequence[str], *, version: Version = "2.0") -> float:
    """F1 of the normalised words that prediction and answer share, the best over the answers.

    Args:
        prediction: the predicted answer; empty for none.
        answers: the gold answers; none where the question has no answer (2.0 only).
        version: of the official script.

    Raises:
        InputError: where version 1.1 gets no gold answer.
    """
    predicted = normalize_answer(prediction).split()
    golds = [normalize_answer(answer).split() for answer in _golds(answers, version)]
    return max(_f1_of_words(predicted, words, version) for words in golds)


def statistics(
    predictions: Sequence[str], answers: Sequence[Sequence[str]], *, version: Version = "2.0"
) -> dict[str, Statistic]:
    """Exact match and F1 over questions.

    Args:
        predictions: the predicted answer of each question; empty for none.
        answers: each question's gold answers; none where it has no answer (2.0 only).
        version: of the official script.

    Returns:
        ``exact_match`` and ``f1``. Where some question has no answer also
        ``no_answer_exact_match`` and ``no_answer_f1``, and where others have one
        ``has_answer_exact_match`` and ``has_answer_f1``; those are NaN for a resample without such
        a question.

    Raises:
        InputError: where the lengths differ, or version 1.1 gets no gold answer for a question.
    """
    same_length("questions' answers", len(answers), "predictions", len(predictions))
    pairs = list(zip(predictions, answers, strict=True))
    scores = {
        "exact_match": np.array([exact_match(*pair, version=version) for pair in pairs]),
        "f1": np.array([f1(*pair, version=version) for pair in pairs]),
    }
    result = {name: mean(values) for name, values in scores.items()}
    has_answer = np.array([bool(golds) for golds in answers], dtype=np.bool_)
    if has_answer.all():
        return result
    for split, members in (("has_answer", has_answer), ("no_answer", ~has_answer)):
        if members.any():
            result |= {f"{split}_{name}": ratio(values * members, members) for name, values in scores.items()}
    return result


def best_null_threshold(
    null_minus_best: ArrayLike, score_if_answered: ArrayLike, is_impossible: ArrayLike
) -> float:
    """The threshold on the score of "no answer" that maximises the mean score.

    In the manner of ``find_best_thresh`` of the official SQuAD 2.0 script (Rajpurkar et al. 2018):
    a question is left unanswered where its value is above the threshold. Unlike there, questions
    of one value are never parted, and values may be negative. Among equally good thresholds it is
    the lowest, so the one that answers least.

    Args:
        null_minus_best: the score of no answer less that of the best answer, shape (n,).
        score_if_answered: what the best answer scores (F1 or exact match; 0 where there is
            none to find), shape (n,).
        is_impossible: whether the question has no answer, shape (n,) of bool.

    Returns:
        One of the values, or the largest float under all of them where it is best never to answer.

    Raises:
        InputError: where a shape or a value is wrong, or there are no questions.
    """
    values = real_array("null scores", null_minus_best, 1)
    scores = real_array("scores if answered", score_if_answered, 1)
    impossible = bool_matrix("is_impossible", np.asarray(is_impossible)[:, None])[:, 0]
    same_shape("null scores", values, "scores if answered", scores)
    same_shape("null scores", values, "is_impossible", impossible)
    if not values.size:
        raise InputError("validation questions to choose a threshold on", "none", "pass validation data")
    order = np.argsort(values, kind="stable")
    values = values[order]
    gains = np.cumsum((scores - impossible)[order])
    ends = np.flatnonzero(np.append(values[1:] != values[:-1], True))
    best = int(np.argmax(gains[ends]))
    if gains[ends[best]] <= 0:
        return float(np.nextafter(values[0], -np.inf))
    return float(values[ends[best]])


def _golds(answers: Sequence[str], version: Version) -> Sequence[str]:
    if version == "2.0":
        return [answer for answer in answers if normalize_answer(answer)] or [""]
    if not answers:
        raise InputError("a gold answer to each question", "a question without one", "measure as SQuAD 2.0")
    return answers


def _f1_of_words(predicted: list[str], gold: list[str], version: Version) -> float:
    if version == "2.0" and not (predicted and gold):
        return float(predicted == gold)
    shared = (Counter(predicted) & Counter(gold)).total()
    if shared == 0:
        return 0.0
    # The official scripts' order of operations: another one differs in the last digit.
    precision, recall = shared / len(predicted), shared / len(gold)
    return (2 * precision * recall) / (precision + recall)
