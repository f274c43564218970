"""The span search, held to a search of all spans."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bertolt.tasks import answer_spans
from bertolt.tasks.answer_spans import N_BEST, AnswerOutput, best_spans, find_answers
from bertolt.tasks.answer_words import token_bounds

Found = list[tuple[float, int, int]]


def all_spans(start: np.ndarray, end: np.ndarray, last: np.ndarray) -> Found:
    spans = [
        (float(start[i] + end[j]), i, j)
        for i in range(len(start))
        for j in range(i, int(last[i]) + 1)
        if start[i] + end[j] > -math.inf
    ]
    return sorted(spans, key=lambda span: (-span[0], span[1], span[2]))


@pytest.mark.parametrize("cells", [1, 50, 10_000])
@pytest.mark.parametrize("seed", range(5))
def test_the_banded_search_finds_what_a_search_of_all_finds(
    seed: int, cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_spans, "_CELLS", cells)
    random = np.random.default_rng(seed)
    length = int(random.integers(1, 40))
    start, end = random.normal(size=(2, length))
    start[random.random(length) < 0.3] = -np.inf
    end[random.random(length) < 0.3] = -np.inf
    last = np.minimum(np.maximum.accumulate(np.arange(length) + random.integers(-1, 6, length)), length - 1)
    first, final, scores = best_spans(start, end, last, 7)
    found = sorted(zip(scores.tolist(), first.tolist(), final.tolist(), strict=True), reverse=True)
    assert found == sorted(all_spans(start, end, last)[:7], reverse=True)


def test_no_span_where_none_is_legal() -> None:
    nothing = np.zeros(0)
    assert [len(part) for part in best_spans(nothing, nothing, np.zeros(0, dtype=np.int64), 3)] == [0, 0, 0]
    legal = np.asarray([-1, 0])
    assert [len(part) for part in best_spans(np.zeros(2), np.zeros(2), legal, 3)] == [0, 0, 0]


def bounds_of(text: str) -> tuple[answer_spans.Bounds, int]:
    offsets, place = [], 0
    for word in text.split(" "):
        offsets.append((place, place + len(word)))
        place += len(word) + 1
    return token_bounds(text, np.asarray(offsets)), len(offsets)


def test_windows_share_one_ranking_and_a_span_counts_once() -> None:
    bounds, count = bounds_of("a b c d e f")
    assert count == 6
    windows = [(0, 4), (2, 6)]
    low = -9.0
    one = np.full((4, 2), low)
    two = np.full((4, 2), low)
    one[2] = (3.0, 3.0)  # c, 6.0
    two[0] = (4.0, 4.0)  # c again, 8.0
    two[3] = (1.0, 5.0)  # f, 6.0; c to f, 9.0
    starts, ends, scores = find_answers(bounds, windows, [one, two], 30)
    ranked = list(zip(starts.tolist(), ends.tolist(), scores.tolist(), strict=True))
    assert ranked[:3] == [(4, 11, 9.0), (4, 5, 8.0), (10, 11, 6.0)]
    assert len({(start, end) for start, end, _ in ranked}) == len(ranked) <= N_BEST


def test_an_answer_has_at_most_so_many_words() -> None:
    bounds, count = bounds_of("a b c d")
    logits = np.zeros((count, 2))
    logits[0, 0], logits[3, 1] = 5, 5
    starts, ends, scores = find_answers(bounds, [(0, count)], [logits], 4)
    assert (starts[0], ends[0], scores[0]) == (0, 7, 10.0)
    starts, ends, _ = find_answers(bounds, [(0, count)], [logits], 2)
    assert max(end - start for start, end in zip(starts, ends, strict=True)) == 3


def test_spans_of_tokens_that_are_one_span_of_characters_count_once() -> None:
    text = "\U0001f600 ok"
    offsets = np.asarray([[0, 1]] * 4 + [[2, 4]])  # the bytes of the emoji
    starts, ends, _ = find_answers(token_bounds(text, offsets), [(0, 5)], [np.zeros((5, 2))], 30)
    spans = set(zip(starts.tolist(), ends.tolist(), strict=True))
    assert spans == {(0, 1), (0, 4), (2, 4)}
    assert len(starts) == 3


def test_shares_are_a_softmax_over_candidates_and_no_answer() -> None:
    places = np.asarray([0, 1])
    output = AnswerOutput(places, places + 1, np.log([3.0, 1.0]), math.log(4.0), 2, 2)
    none, shares = output.probabilities()
    assert none == pytest.approx(0.5)
    assert shares == pytest.approx([3 / 8, 1 / 8])
    assert output.margin == pytest.approx(math.log(4 / 3))


def test_without_candidates_all_is_no_answer() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    output = AnswerOutput(nothing, nothing, np.zeros(0), -3.0, 0, 0)
    assert output.probabilities() == (1.0, [])
    assert math.isfinite(output.margin)
    assert output.margin > 1e6
