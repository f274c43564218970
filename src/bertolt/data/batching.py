"""Who shares a step, who shares a batch, and how a batch is padded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bertolt.data.features import Feature

Arrays = dict[str, NDArray[np.int64]]

# A bucket of this many steps is sorted by length before it is cut into steps: large enough that the
# lengths in a step are nearly equal, small enough that chance decides who meets whom.
STEPS_PER_BUCKET = 50


def steps(lengths: Sequence[int], size: int, seed: int, epoch: int) -> list[list[int]]:
    """The steps of one epoch: every example once, those of a step of similar length.

    A pure function of its arguments, so a position in training is a number and needs no replay.

    Args:
        lengths: tokens of each example.
        size: examples of a step; the last may have fewer.
        seed: of the run.
        epoch: from 0.

    Returns:
        Indices of the examples of each step, the steps in random order.
    """
    random = np.random.default_rng((seed, epoch))
    order = random.permutation(len(lengths))
    array = np.asarray(lengths)
    found: list[list[int]] = []
    bucket = size * STEPS_PER_BUCKET
    for start in range(0, len(order), bucket):
        part = order[start : start + bucket]
        part = part[np.argsort(array[part], kind="stable")]
        found.extend(part[index : index + size].tolist() for index in range(0, len(part), size))
    return [found[index] for index in random.permutation(len(found))]


def fill(lengths: Sequence[int], max_tokens: int, *, equal_lengths: bool = False) -> list[list[int]]:
    """Batches of at most ``max_tokens`` tokens, padding included, of neighbours in length.

    A row that alone is longer makes a batch of its own. Longest first, so that memory peaks at once and
    not in the last minute.

    Args:
        lengths: tokens of each row.
        max_tokens: of a batch.
        equal_lengths: only rows of one length share a batch, so that nothing is padded.

    Returns:
        Indices of the rows of each batch.
    """
    order = sorted(range(len(lengths)), key=lambda index: (-lengths[index], index))
    found: list[list[int]] = []
    width = 0
    for index in order:
        fits = bool(found) and width * (len(found[-1]) + 1) <= max_tokens
        if fits and not (equal_lengths and lengths[index] != width):
            found[-1].append(index)
        else:
            width = max(1, lengths[index])
            found.append([index])
    return found


def collate(features: Sequence[Feature], pad_id: int) -> Arrays:
    """Rows as one rectangle.

    Returns:
        ``input_ids`` and ``attention_mask`` of shape (B, T), with T the longest row's length;
        ``token_type_ids`` of the same shape where a row has types; ``positions`` of shape (M,), the
        selected positions as indices into the flattened (B * T), where rows select. The mask is left out
        when nothing is padded: attention without one is faster and gives the same numbers.
    """
    width = max(len(feature) for feature in features)
    ids = np.full((len(features), width), pad_id, dtype=np.int64)
    for row, feature in enumerate(features):
        ids[row, : len(feature)] = feature.ids
    arrays: Arrays = {"input_ids": ids}
    lengths = np.asarray([len(feature) for feature in features])
    if lengths.min() < width:
        arrays["attention_mask"] = (np.arange(width) < lengths[:, None]).astype(np.int64)
    if any(feature.types is not None for feature in features):
        types = np.zeros_like(ids)
        for row, feature in enumerate(features):
            if feature.types is not None:
                types[row, : len(feature)] = feature.types
        arrays["token_type_ids"] = types
    if features[0].select is not None:
        chosen = [row * width + feature.select for row, feature in enumerate(features)]  # type: ignore[operator]
        arrays["positions"] = np.concatenate(chosen).astype(np.int64)
    return arrays
