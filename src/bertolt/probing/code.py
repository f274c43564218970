"""Description length by the online code (Voita & Titov 2020, "Information-theoretic probing with MDL", §2.2).

Labels are sent block by block, each under a probe trained on all blocks before it; the first with equal
probabilities. The shorter the code, the easier the labels are read out: it counts how good a probe is and
how much it must see to become so. Where every target has one label, the probe learns cross-entropy over
labels and equal probabilities take log2 K bits a target; else each label is sent for itself, and they take K.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from bertolt.metrics.probing import code_blocks, compression, online_code_length
from bertolt.probing.bank import ProbeBank
from bertolt.probing.objective import EdgeSet, measure_bank
from bertolt.probing.results import CodeResult

#: Trains the probes on some texts, the number of the block apart, and gives them back.
Train = Callable[[int, Sequence[int]], ProbeBank]


def online_code(data: EdgeSet, texts: Sequence[int], seed: int, train: Train) -> list[CodeResult]:
    """The code of the labels of some texts, sent in a random order.

    Args:
        data: what is sent.
        texts: which texts of it.
        seed: of their order.
        train: trains anew for each block.

    Returns:
        A result for each probe of the banks that ``train`` gives, in their order.
    """
    order = [texts[place] for place in np.random.default_rng((seed, 2**31 + 2)).permutation(len(texts))]
    counts = [len(data.labels[text]) for text in order]
    ends = code_blocks(counts)
    labels = len(data.counted)
    each = float(np.log2(labels)) if data.exactly_one else float(labels)
    sums = np.cumsum(counts)
    first = int(sums[ends[0] - 1])
    names: tuple[str, ...] = ()
    bits: list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]] = []
    for number, (start, stop) in enumerate(pairwise(ends)):
        outcome = measure_bank(train(number, order[:start]), data, order[start:stop])
        names = outcome.names
        bits.append(outcome.bits)
    found = []
    for place, name in enumerate(names):
        later = [float(block[place]) for block in bits]
        length = online_code_length(first, each, later)
        targets = int(sums[-1])
        found.append(
            CodeResult(
                name=name,
                targets=targets,
                blocks=tuple(int(sums[end - 1]) for end in ends),
                bits=(first * each, *later),
                length=length,
                uniform=targets * each,
                compression=compression(targets, each, length),
            )
        )
    return found
