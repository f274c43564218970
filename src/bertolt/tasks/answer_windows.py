"""How a question's context stands in its windows, and what is to be learnt in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bertolt.data.alignment import token_spans
from bertolt.data.examples import Answer
from bertolt.data.truncation import Range


@dataclass(frozen=True, slots=True)
class Passage:
    """How an example stands in its features.

    Args:
        offsets: characters of the context's tokens, shape (n, 2).
        windows: the tokens of the context that each feature holds.
        first: where they begin in a feature.
    """

    offsets: NDArray[np.int32]
    windows: tuple[Range, ...]
    first: int


def window_targets(
    answers: Sequence[Answer] | None, offsets: NDArray[np.int32], windows: Sequence[Range], first: int
) -> list[tuple[int, int] | None]:
    """The first and the last token of the answer in each window, as positions in its feature.

    Of several answers the first that the window holds whole. A window without one has the first token of
    its feature as both, which stands for no answer (Devlin et al. 2019, §4.3); but where no window holds
    an answer whole, because it is longer than the overlap, the part that is there is learnt.

    Args:
        answers: at their offsets; none where the question is impossible; None when predicting.
        offsets: characters of the context's tokens, shape (n, 2).
        windows: the tokens of the context in each feature.
        first: where they begin in a feature.
    """
    if answers is None:
        return [None] * len(windows)
    characters = [(answer.start, answer.start + len(answer.text)) for answer in answers]
    spans = [(begin, end) for begin, end in token_spans(offsets, characters).tolist() if begin >= 0]
    whole = [
        next(((begin, end) for begin, end in spans if start <= begin and end <= stop), None)
        for start, stop in windows
    ]
    if not any(whole):
        whole = [
            next(
                (
                    (max(begin, start), min(end, stop))
                    for begin, end in spans
                    if max(begin, start) < min(end, stop)
                ),
                None,
            )
            for start, stop in windows
        ]
    return [
        (0, 0) if span is None else (first + span[0] - start, first + span[1] - 1 - start)
        for span, (start, _) in zip(whole, windows, strict=True)
    ]
