from __future__ import annotations

import collections
import re
import string
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from bertolt.errors import InputError
from bertolt.metrics import question_answering as qa

# Reference: the functions of the official evaluate-v2.0.py (and, below, evaluate-v1.1.py).


def _normalize_answer(s: str) -> str:
    def remove_articles(text: str) -> str:
        regex = re.compile(r"\b(a|an|the)\b", re.UNICODE)
        return re.sub(regex, " ", text)

    def white_space_fix(text: str) -> str:
        return " ".join(text.split())

    def remove_punc(text: str) -> str:
        exclude = set(string.punctuation)
        return "".join(ch for ch in text if ch not in exclude)

    def lower(text: str) -> str:
        return text.lower()

    return white_space_fix(remove_articles(remove_punc(lower(s))))


def _get_tokens(s: str) -> list[str]:
    if not s:
        return []
    return _normalize_answer(s).split()


def _compute_exact(a_gold: str, a_pred: str) -> int:
    return int(_normalize_answer(a_gold) == _normalize_answer(a_pred))


def _compute_f1(a_gold: str, a_pred: str) -> float:
    gold_toks = _get_tokens(a_gold)
    pred_toks = _get_tokens(a_pred)
    common = collections.Counter(gold_toks) & collections.Counter(pred_toks)
    num_same = sum(common.values())
    if len(gold_toks) == 0 or len(pred_toks) == 0:
        # If either is no-answer, then F1 is 1 if they agree, 0 otherwise
        return int(gold_toks == pred_toks)
    if num_same == 0:
        return 0
    precision = 1.0 * num_same / len(pred_toks)
    recall = 1.0 * num_same / len(gold_toks)
    return (2 * precision * recall) / (precision + recall)


def _raw_scores(answers: Sequence[str], a_pred: str) -> tuple[float, float]:
    gold_answers = [a for a in answers if _normalize_answer(a)]
    if not gold_answers:
        # For unanswerable questions, only correct answer is empty string
        gold_answers = [""]
    exact = max(_compute_exact(a, a_pred) for a in gold_answers)
    f1 = max(_compute_f1(a, a_pred) for a in gold_answers)
    return exact, f1


def _find_best_thresh(
    preds: dict[str, str], scores: dict[str, float], na_probs: dict[str, float], has_ans: dict[str, bool]
) -> tuple[float, float]:
    num_no_ans = sum(1 for k in has_ans if not has_ans[k])
    cur_score: float = num_no_ans
    best_score = cur_score
    best_thresh = 0.0
    qid_list = sorted(na_probs, key=lambda k: na_probs[k])
    for _, qid in enumerate(qid_list):
        if qid not in scores:
            continue
        diff = scores[qid] if has_ans[qid] else -1 if preds[qid] else 0
        cur_score += diff
        if cur_score > best_score:
            best_score = cur_score
            best_thresh = na_probs[qid]
    return 100.0 * best_score / len(scores), best_thresh


def _f1_score(prediction: str, ground_truth: str) -> float:
    prediction_tokens = _normalize_answer(prediction).split()
    ground_truth_tokens = _normalize_answer(ground_truth).split()
    common = collections.Counter(prediction_tokens) & collections.Counter(ground_truth_tokens)
    num_same = sum(common.values())
    if num_same == 0:
        return 0
    precision = 1.0 * num_same / len(prediction_tokens)
    recall = 1.0 * num_same / len(ground_truth_tokens)
    return (2 * precision * recall) / (precision + recall)


def _exact_match_score(prediction: str, ground_truth: str) -> bool:
    return _normalize_answer(prediction) == _normalize_answer(ground_truth)


def _metric_max_over_ground_truths(metric_fn: Any, prediction: str, ground_truths: Sequence[str]) -> float:
    return float(max(metric_fn(prediction, ground_truth) for ground_truth in ground_truths))


STRINGS = [
    "",
    " ",
    "the",
    "The A an",
    "...",
    "a.",
    "the.cat",
    "The cat sat on the mat",
    "cat sat on mat!",
    "a cat, a cat; the CAT",
    "cat cat",
    "U.S.A.",
    "usa",
    "an-other",
    "another",
    "theatre",
    "$1,000.50",
    "100050",
    "İstanbul",
    "istanbul",
    "Straße",
    "STRASSE",
    "naïve café",
    "nai\u0308ve cafe\u0301",
    "\u201cthe end\u201d",
    "end",
    "l\u2019a b",
    "東京 の 塔",
    "東京",
    "tab\tand\nnew\u00a0line\u2003wide",
    "tab and new line wide",
    "1 2 3 4 5 6 7",
    "1 2 3",
]


@pytest.mark.parametrize("text", STRINGS)
def test_normalize_answer_equals_the_official_script(text: str) -> None:
    assert qa.normalize_answer(text) == _normalize_answer(text)


def test_normalize_answer_by_hand() -> None:
    assert qa.normalize_answer("The  U.S. Army's a-team, an Army") == "us armys ateam army"


@pytest.mark.parametrize("prediction", STRINGS)
def test_scores_equal_the_official_scripts_to_the_last_digit(prediction: str) -> None:
    golds = [[first, second] for first in STRINGS for second in ("", "cat", "1 2 9")] + [[s] for s in STRINGS]
    for answers in golds:
        exact, f1 = _raw_scores(answers, prediction)
        assert qa.exact_match(prediction, answers) == exact
        assert qa.f1(prediction, answers) == f1
        exact = _metric_max_over_ground_truths(_exact_match_score, prediction, answers)
        assert qa.exact_match(prediction, answers, version="1.1") == exact
        f1 = _metric_max_over_ground_truths(_f1_score, prediction, answers)
        assert qa.f1(prediction, answers, version="1.1") == f1


@pytest.mark.parametrize("prediction", STRINGS)
def test_no_answer_rule_of_2_0(prediction: str) -> None:
    exact, f1 = _raw_scores([], prediction)
    assert (qa.exact_match(prediction, []), qa.f1(prediction, [])) == (exact, f1)


def test_f1_by_hand() -> None:
    # Shared: cat, sat. Precision 2/3, recall 2/4.
    assert qa.f1("the cat sat down", ["A cat sat on mats"]) == pytest.approx(4 / 7)
    assert qa.f1("cat cat cat", ["cat cat"]) == pytest.approx(0.8)
    assert qa.f1("dog", ["cat", "dog"]) == 1.0
    assert (qa.f1("", []), qa.f1("x", []), qa.f1("", ["x"])) == (1.0, 0.0, 0.0)


def test_version_1_1_needs_an_answer() -> None:
    with pytest.raises(InputError, match="a gold answer to each question"):
        qa.f1("x", [], version="1.1")
    with pytest.raises(InputError, match="a gold answer to each question"):
        qa.statistics(["x"], [[]], version="1.1")


def test_statistics_split_by_answer_with_weights() -> None:
    predictions = ["cat", "a big cat", "", "dog"]
    answers: list[list[str]] = [["the cat"], ["cat"], [], []]
    found = qa.statistics(predictions, answers)
    weights = np.array([[1.0, 1.0, 1.0, 1.0], [0.0, 2.0, 0.0, 2.0], [2.0, 2.0, 0.0, 0.0]])
    values = {name: statistic(weights) for name, statistic in found.items()}
    f1 = 2 / 3
    assert values["exact_match"] == pytest.approx([2 / 4, 0.0, 1 / 2])
    assert values["f1"] == pytest.approx([(2 + f1) / 4, f1 / 2, (1 + f1) / 2])
    assert values["has_answer_exact_match"] == pytest.approx([1 / 2, 0.0, 1 / 2])
    assert values["has_answer_f1"] == pytest.approx([(1 + f1) / 2, f1, (1 + f1) / 2])
    assert values["no_answer_exact_match"] == pytest.approx([1 / 2, 0.0, np.nan], nan_ok=True)
    assert values["no_answer_f1"] == pytest.approx([1 / 2, 0.0, np.nan], nan_ok=True)


def test_statistics_have_only_the_splits_that_are_there() -> None:
    assert set(qa.statistics(["x"], [["x"]])) == {"exact_match", "f1"}
    assert set(qa.statistics(["x"], [[]])) == {
        "exact_match", "f1", "no_answer_exact_match", "no_answer_f1"
    }  # fmt: skip


def test_statistics_of_unequal_lengths_are_an_error() -> None:
    with pytest.raises(InputError, match="as many predictions"):
        qa.statistics(["x"], [])


@pytest.mark.parametrize("seed", range(20))
def test_null_threshold_equals_the_official_one_on_distinct_probabilities(seed: int) -> None:
    random = np.random.default_rng(seed)
    n = 40
    has = random.random(n) < 0.5
    values = np.clip(random.random(n) * 0.8 + 0.2 * ~has, 0, 1)
    empty = ~has & (random.random(n) < 0.2)
    scores = np.where(has, random.random(n).round(2), empty)
    keys = [str(i) for i in range(n)]
    best, expected = _find_best_thresh(
        dict(zip(keys, np.where(empty, "", "x").tolist(), strict=True)),
        dict(zip(keys, scores.tolist(), strict=True)),
        dict(zip(keys, values.tolist(), strict=True)),
        dict(zip(keys, has.tolist(), strict=True)),
    )
    found = qa.best_null_threshold(values, scores, ~has)
    assert found == expected
    assert 100 * np.where(values > found, ~has, scores).mean() == pytest.approx(best)


def test_null_threshold_by_hand() -> None:
    # Answered in the order of the values: +1, -1, +0.8, -1.
    assert qa.best_null_threshold([-3.0, 2.0, 5.0, 9.0], [1.0, 0.0, 0.8, 0.0], [0, 1, 0, 1]) == -3.0
    assert qa.best_null_threshold([-3.0, 2.0, 5.0, 9.0], [1.0, 0.0, 1.0, 1.0], [0, 1, 0, 0]) == 9.0


def test_null_threshold_never_parts_equal_values() -> None:
    # The official loop would stop between the two questions at 1.0.
    assert qa.best_null_threshold([0.5, 1.0, 1.0], [0.5, 1.0, 0.0], [0, 0, 1]) == 0.5


def test_null_threshold_is_under_all_values_where_answering_never_pays() -> None:
    found = qa.best_null_threshold([-2.0, 1.0], [0.0, 0.5], [1, 0])
    assert found < -2.0
    assert found == pytest.approx(-2.0)


def test_null_threshold_without_questions_is_an_error() -> None:
    with pytest.raises(InputError, match="validation questions"):
        qa.best_null_threshold([], [], np.zeros(0, bool))
    with pytest.raises(InputError, match="one shape"):
        qa.best_null_threshold([1.0], [1.0, 0.0], [0])
