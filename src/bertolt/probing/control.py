"""The control task: labels that only memory can give (Hewitt & Liang 2019, §2).

Each word type is given a random label, the same wherever it stands. A probe that does well on them learns
words by heart, and its score on the real task says little of the network. The difference of the two scores is
its selectivity.

A target of one span is of the type of what is written in it; a target of a pair is of the pair of both
types, so that a pair's label is learnt by heart only where the same two stand together again. Labels are
drawn as often as training targets have them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bertolt.data.edges import word_types
from bertolt.probing.corpus import Labels, ProbeData

#: A last number of the seeds of control tasks, apart from those of orders and splits.
_CONTROL = 2**31 + 1


def control_labels(data: ProbeData, seed: int) -> Sequence[Labels]:
    """For each example of the data the labels of its targets in the control task, shape (n, K)."""
    pool = np.concatenate([data.gold[index] for index in data.parts["train"]])
    types = [
        [word_types(example.text, target.spans) for target in example.targets] for example in data.examples
    ]
    every = sorted({each for row in types for each in row})
    draws = np.random.default_rng((seed, _CONTROL)).integers(0, len(pool), size=len(every))
    drawn = {each: pool[draw] for each, draw in zip(every, draws, strict=True)}
    return [np.stack([drawn[each] for each in row]) for row in types]
