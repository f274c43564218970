"""Cutting one set into parts: seeded, stratified, groups kept together. Pure functions of names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence

import numpy as np

from bertolt.errors import DataError

#: Fewer labelled rows than this are not worth a test part of their own.
MIN_FOR_TEST = 200
#: Nothing is calibrated, and no checkpoint chosen, on fewer validation rows than this.
MIN_FOR_CHOICES = 20


def cut_off(
    strata: Sequence[str | None],
    share: float,
    seed: int,
    groups: Sequence[Hashable] | None = None,
) -> tuple[list[int], list[int]]:
    """Cuts a share off a set.

    Args:
        strata: what each row's share is kept of, such as its label.
        share: of the rows, 0..1, that is cut off.
        seed: of the draw.
        groups: rows of equal group stay on one side; strata then hold only roughly.

    Returns:
        The indices that stay and those that are cut off, both in their old order.

    Raises:
        DataError: a stratum has one row only, so that it cannot stand on both sides; or one group only.
    """
    random = np.random.default_rng((seed, round(share * 1000)))
    chosen = _by_group(groups, share, random) if groups is not None else _by_stratum(strata, share, random)
    stay = [index for index in range(len(strata)) if index not in chosen]
    return stay, sorted(chosen)


def _by_stratum(strata: Sequence[str | None], share: float, random: np.random.Generator) -> set[int]:
    members: dict[str | None, list[int]] = defaultdict(list)
    for index, stratum in enumerate(strata):
        members[stratum].append(index)
    chosen: set[int] = set()
    for stratum, indices in sorted(members.items(), key=lambda item: str(item[0])):
        if len(indices) < 2:
            raise DataError(
                "at least 2 rows of every label, so that each part of the split has one",
                f"{len(indices)} of {stratum!r}",
                "add rows of that label, remove it, or give your own --validation and --test files",
            )
        count = min(max(1, round(len(indices) * share)), len(indices) - 1)
        chosen.update(int(index) for index in random.permutation(indices)[:count])
    return chosen


def _by_group(groups: Sequence[Hashable], share: float, random: np.random.Generator) -> set[int]:
    members: dict[Hashable, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        members[group].append(index)
    if len(members) < 3:
        raise DataError(
            "at least 3 groups, one for each part of the split",
            f"{len(members)}",
            "choose another --group column, or give your own --validation and --test files",
        )
    names = sorted(members, key=str)
    chosen: set[int] = set()
    for position in random.permutation(len(names)):
        part = members[names[position]]
        # The first group is always taken; a later one only while it brings the share nearer.
        if chosen and len(chosen) + len(part) / 2 > share * len(groups):
            continue
        chosen.update(part)
        if len(chosen) >= share * len(groups):
            break
    return chosen


def folds(strata: Sequence[str | None], count: int, seed: int) -> list[list[int]]:
    """Stratified folds for cross-validation: every index in exactly one.

    Raises:
        DataError: a label has fewer rows than there are folds.
    """
    random = np.random.default_rng((seed, count))
    members: dict[str | None, list[int]] = defaultdict(list)
    for index, stratum in enumerate(strata):
        members[stratum].append(index)
    found: list[list[int]] = [[] for _ in range(count)]
    start = 0
    for stratum, indices in sorted(members.items(), key=lambda item: str(item[0])):
        if len(indices) < count:
            raise DataError(
                f"at least {count} rows of every label, one for each fold",
                f"{len(indices)} of {stratum!r}",
                "use fewer --folds, or remove the label",
            )
        for position, index in enumerate(random.permutation(indices)):
            found[(start + position) % count].append(int(index))
        start += len(indices)
    return [sorted(fold) for fold in found]
