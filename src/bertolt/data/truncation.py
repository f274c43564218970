"""What of a text that is too long the model reads: pure functions of numbers.

The policies are those of Sun et al. (2019, "How to Fine-Tune BERT for Text Classification", §5.3.1),
and windows. Training, evaluation, the pipeline and the server all call these, so a text is never cut in
two ways.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal, get_args

Policy = Literal["head", "tail", "head+tail", "windows"]
#: All of them, the usual one first.
POLICIES: tuple[Policy, ...] = get_args(Policy)
#: Of tasks that must not miss a word: a longer text is always read whole.
WINDOWS_ONLY: tuple[Policy, ...] = ("windows",)

Range = tuple[int, int]
Piece = tuple[Range, ...]

# Sun et al. keep the first 128 of 510 tokens and the last 382: a quarter, and three quarters.
HEAD_SHARE = 128 / 510


def cut(length: int, budget: int, policy: Policy) -> list[Piece]:
    """The pieces of a text that the model reads.

    Args:
        length: tokens of the text.
        budget: tokens that fit beside the special ones, at least 1.
        policy: ``head`` and ``tail`` keep one end; ``head+tail`` keeps a quarter from the beginning and
            three quarters from the end; ``windows`` keeps all, in as few pieces as possible, of equal
            length up to one token.

    Returns:
        One or more pieces, each the token ranges that make it, in order. A text that fits is one piece
        under every policy.
    """
    if budget < 1:
        raise ValueError(f"a budget of {budget} tokens leaves nothing to read")
    if length <= budget:
        return [((0, length),)]
    if policy == "head":
        return [((0, budget),)]
    if policy == "tail":
        return [((length - budget, length),)]
    if policy == "head+tail":
        head = round(budget * HEAD_SHARE)
        tail = budget - head
        return [tuple(piece for piece in ((0, head), (length - tail, length)) if piece[0] < piece[1])]
    count = math.ceil(length / budget)
    edges = [length * index // count for index in range(count + 1)]
    return [((start, stop),) for start, stop in pairwise(edges)]


def overlapping(length: int, budget: int, overlap: int) -> list[Range]:
    """Windows that overlap, for answers and tags that must not be cut at an edge.

    Every window but the first begins ``budget - overlap`` tokens after the one before; the last is moved
    back so that it is full, since a window with more context reads better than a short one.

    Args:
        length: tokens of the text.
        budget: tokens of a window, at least 1.
        overlap: tokens shared by neighbours, less than ``budget``.
    """
    if not 0 <= overlap < budget:
        raise ValueError(f"an overlap of {overlap} tokens does not fit a window of {budget}")
    if length <= budget:
        return [(0, length)]
    starts = [*range(0, length - budget, budget - overlap), length - budget]
    return [(start, start + budget) for start in starts]


def share(first: int, second: int, budget: int) -> tuple[int, int]:
    """How many tokens two texts keep when they share one budget: the longer gives way first.

    The same outcome as removing one token at a time from the longer text (``longest_first``).

    Returns:
        The tokens kept of each; both texts whole where they fit.
    """
    if first + second <= budget:
        return first, second
    shorter = min(first, second, budget // 2)
    if first <= second:
        return shorter, budget - shorter
    return budget - shorter, shorter
