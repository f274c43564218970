"""From start and end logits to answers: the best legal spans of a context, over all of its windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bertolt.data.truncation import Range
from bertolt.tasks.answer_words import Bounds

Places = NDArray[np.int64]
Scores = NDArray[np.float64]

#: Candidates kept of a question, as in BERT's ``run_squad.py`` (``n_best_size``).
N_BEST = 20
# Several spans of tokens may be one span of characters (the bytes of an emoji); so more are sought.
_SOUGHT = 4 * N_BEST
# Sums that are held at a time: 8 MB.
_CELLS = 1_000_000


@dataclass(frozen=True, slots=True)
class AnswerOutput:
    """What the model says of a question, free of tokens.

    Args:
        starts, ends: characters of the candidates, different spans, best first, shape (n,) with n at most
            ``N_BEST``.
        scores: the sum of start and end logit of each, shape (n,).
        null: that of the first token ([CLS]), which stands for no answer; the lowest over the windows.
        tokens, tokens_read, unknown: see ``Result``.
    """

    starts: Places
    ends: Places
    scores: Scores
    null: float
    tokens: int
    tokens_read: int
    unknown: int = 0

    @property
    def margin(self) -> float:
        """The score of no answer less that of the best answer, in logits."""
        return self.null - float(self.scores[0]) if len(self.scores) else _NO_CANDIDATE

    def probabilities(self) -> tuple[float, list[float]]:
        """Softmax over no answer and the candidates: the former's probability, and the others'."""
        scores = np.append(self.scores, self.null)
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        return float(shares[-1]), shares[:-1].tolist()


# The margin of a context in which no answer can stand: above every threshold, and finite.
_NO_CANDIDATE = 1e9


def find_answers(
    bounds: Bounds, windows: Sequence[Range], logits: Sequence[NDArray[np.floating]], max_words: int
) -> tuple[Places, Places, Scores]:
    """The best different spans of a context.

    A span begins and ends where ``bounds`` lets it, has at most ``max_words`` words and lies in one
    window. One that lies in several windows counts once, with its greatest score.

    Args:
        bounds: of the context's tokens.
        windows: the tokens that each window holds.
        logits: start and end logits of each window's context tokens, shape (t, 2) each.
        max_words: the most words of an answer.

    Returns:
        Characters at which they start and end, and their scores, best first; at most ``N_BEST``.
    """
    last = bounds.last_tokens(max_words)
    found: list[tuple[Places, Places, Scores]] = []
    for (start, stop), row in zip(windows, logits, strict=True):
        scores = np.where(
            np.stack([bounds.may_start[start:stop], bounds.may_end[start:stop]], axis=1),
            row.astype(np.float64),
            -np.inf,
        )
        limit = np.minimum(last[start:stop], stop - 1) - start
        first, final, best = best_spans(scores[:, 0], scores[:, 1], limit, _SOUGHT)
        found.append((bounds.starts[start + first], bounds.ends[start + final], best))
    starts, ends, sums = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((ends, starts, -sums))
    spans = np.stack([starts, ends], axis=1)[order]
    _, first_seen = np.unique(spans, axis=0, return_index=True)
    kept = order[np.sort(first_seen)[:N_BEST]]
    return starts[kept], ends[kept], sums[kept]


def best_spans(start: Scores, end: Scores, last: Places, count: int) -> tuple[Places, Places, Scores]:
    """The spans of tokens with the greatest sum of start and end score: exact, a band at a time.

    Args:
        start, end: score of each token as the first, and as the last, of a span, shape (t,); -inf where
            it must not be.
        last: the last token that a span from each token may have, shape (t,), below t.
        count: how many are wanted.

    Returns:
        First and last token and score of each, in no order; fewer than ``count`` where there are fewer.
    """
    places = np.arange(len(start))
    width = int((last - places).max(initial=-1)) + 1
    if width <= 0:
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing, np.zeros(0)
    band = sliding_window_view(np.concatenate([end, np.full(width - 1, -np.inf)]), width)
    found: list[tuple[Places, Places, Scores]] = []
    rows = max(1, _CELLS // width)
    for top in range(0, len(start), rows):
        part = places[top : top + rows]
        sums = start[part, None] + band[part]
        sums[np.arange(width) > (last[part] - part)[:, None]] = -np.inf
        flat = sums.ravel()
        chosen = _greatest(flat, count)
        row, step = np.divmod(chosen, width)
        found.append((part[row], part[row] + step, flat[chosen]))
    first, final, scores = (np.concatenate(parts) for parts in zip(*found, strict=True))
    chosen = _greatest(scores, count)
    return first[chosen], final[chosen], scores[chosen]


def _greatest(values: Scores, count: int) -> Places:
    """The indices of the greatest values that are not -inf."""
    if len(values) > count:
        chosen = np.argpartition(values, len(values) - count)[-count:]
    else:
        chosen = np.arange(len(values))
    return chosen[values[chosen] > -np.inf]
