"""The steps of consistency training: labelled rows, and pool rows with their views."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bertolt.data.batching import fill
from bertolt.data.features import Encoded, Feature
from bertolt.data.tokenizer import Ids
from bertolt.training.objective import Step

#: Last numbers of the seeds of the two orders.
_LABELLED, _POOL = 2**31 + 3, 2**31 + 4


@dataclass(frozen=True, slots=True)
class ConsistencyBatch:
    """A micro-batch.

    Args:
        labelled: rows with targets; may be empty.
        labelled_share: part of the step's labelled rows.
        plain: rows of the pool as they are; may be empty.
        views: a view of each of them.
        pool_share: part of the step's pool rows.
        step: of the run, from 0.
        first: whether it is the first of its step.
    """

    labelled: Sequence[Feature]
    labelled_share: float
    plain: Sequence[Feature]
    views: Sequence[Feature]
    pool_share: float
    step: int
    first: bool


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much a step reads.

    Args:
        labelled: rows with labels.
        pool: rows of the pool.
        steps: of an epoch.
        max_tokens: of a micro-batch, padding included.
    """

    labelled: int
    pool: int
    steps: int
    max_tokens: int


class ConsistencySteps:
    """Draws the steps of an epoch, a pure function of seed and epoch.

    Labelled rows and pool rows each go round in an order of their own, a new one for each round, so that
    every row is read as often as any other, up to one.

    Args:
        labelled: of the labelled texts.
        pool: of the texts without labels.
        view: a view of ids, told epoch and row.
        sizes: how much a step reads.
        seed: of the orders.
    """

    def __init__(
        self,
        labelled: Sequence[Encoded],
        pool: Sequence[Encoded],
        view: Callable[[Ids, int, int], Ids],
        sizes: Sizes,
        seed: int,
    ) -> None:
        self._labelled = [row for each in labelled for row in each.features]
        self._pool = [row for each in pool for row in each.features]
        self._view = view
        self._sizes = sizes
        self._seed = seed

    def epoch(self, number: int) -> list[Step]:
        """The steps of an epoch, from 0."""
        sizes = self._sizes
        labelled = self._rounds(len(self._labelled), sizes.labelled, number, _LABELLED)
        pool = self._rounds(len(self._pool), sizes.pool, number, _POOL)
        return [
            self._step(labelled[index], pool[index], number, number * sizes.steps + index)
            for index in range(sizes.steps)
        ]

    def _rounds(self, rows: int, each: int, epoch: int, kind: int) -> list[list[int]]:
        """The rows of each step of an epoch."""
        start, count = epoch * self._sizes.steps * each, self._sizes.steps * each
        rounds = range(start // rows, math.ceil((start + count) / rows))
        orders = [np.random.default_rng((self._seed, number, kind)).permutation(rows) for number in rounds]
        found = np.concatenate(orders)[start - rounds[0] * rows :][:count]
        return [found[place : place + each].tolist() for place in range(0, count, each)]

    def _step(self, labelled: Sequence[int], pool: Sequence[int], epoch: int, step: int) -> Step:
        known = [self._labelled[index] for index in labelled]
        plain = [self._pool[index] for index in pool]
        views = [
            replace(row, ids=ids, types=None if row.types is None else row.types[: len(ids)])
            for row, ids in (
                (self._pool[index], self._view(self._pool[index].ids, epoch, index)) for index in pool
            )
        ]
        lengths = [*(len(row) for row in known), *(len(row) for row in plain)]
        batches = [
            ConsistencyBatch(
                labelled=[known[place] for place in places if place < len(known)],
                labelled_share=sum(place < len(known) for place in places) / len(known),
                plain=[plain[place - len(known)] for place in places if place >= len(known)],
                views=[views[place - len(known)] for place in places if place >= len(known)],
                pool_share=sum(place >= len(known) for place in places) / len(plain),
                step=step,
                first=number == 0,
            )
            for number, places in enumerate(fill(lengths, self._sizes.max_tokens))
        ]
        return Step(batches=batches, weight=1.0, tokens=sum(lengths))
