"""Cutting one set into parts: seeded, stratified, groups kept together. Pure functions of names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence

import numpy as np

from bertolt.errors import DataError

#: What a row's share is kept of: its label, all of its labels, or nothing.
Stratum = str | tuple[str, ...] | None

#: Fewer labelled rows than this are not worth a test part of their own.
MIN_FOR_TEST = 200
#: Nothing is calibrated, and no checkpoint chosen, on fewer validation rows than this.
MIN_FOR_CHOICES = 20


def refuse_rare(strata: Sequence[Stratum], parts: int) -> None:
    """Holds a set to have enough rows of every label for a split; before any part of it is cut off.

    Rows of several labels, and of none, need nothing: a rare label of them is learnt from.

    Args:
        strata: of all rows; see ``cut_off``.
        parts: of the split, the one that stays included.

    Raises:
        DataError: a label has fewer rows than there are parts; all such labels are named with their counts.
    """
    counts = Counter(stratum for stratum in strata if isinstance(stratum, str))
    rare = {label: count for label, count in sorted(counts.items()) if count < parts}
    if rare:
        raise DataError(
            f"at least {parts} rows of every label, so that each part of the split has one",
            ", ".join(f"{count} of {label!r}" for label, count in rare.items()),
            "add rows of that label, remove it, or give your own --validation and --test files",
        )


def cut_off(
    strata: Sequence[Stratum],
    share: float,
    seed: int,
    groups: Sequence[Hashable] | None = None,
) -> tuple[list[int], list[int]]:
    """Cuts a share off a set.

    Args:
        strata: what each row's share is kept of, such as its label. A row of several labels counts for the
            rarest of them; each label keeps a row that stays, so that none is cut off whole.
        share: of the rows, 0..1, that is cut off.
        seed: of the draw.
        groups: rows of equal group stay on one side; strata then hold only roughly.

    Returns:
        The indices that stay and those that are cut off, both in their old order.

    Raises:
        DataError: a stratum has one row only, so that it cannot stand on both sides; or there is only one
            group.
    """
    random = np.random.default_rng((seed, round(share * 1000)))
    chosen = _by_group(groups, share, random) if groups is not None else _by_stratum(strata, share, random)
    if groups is None:
        chosen -= _kept_back(strata, chosen)
    stay = [index for index in range(len(strata)) if index not in chosen]
    return stay, sorted(chosen)


def _by_stratum(strata: Sequence[Stratum], share: float, random: np.random.Generator) -> set[int]:
    chosen: set[int] = set()
    for stratum, indices in _members(strata):
        if len(indices) < 2 and isinstance(strata[indices[0]], tuple):
            continue  # the one row of a rare label is learnt from
        if len(indices) < 2:
            raise DataError(
                "at least 2 rows of every label, so that each part of the split has one",
                f"{len(indices)} of {stratum!r}",
                "add rows of that label, remove it, or give your own --validation and --test files",
            )
        count = min(max(1, round(len(indices) * share)), len(indices) - 1)
        chosen.update(int(index) for index in random.permutation(indices)[:count])
    return chosen


def _members(strata: Sequence[Stratum]) -> list[tuple[str | None, list[int]]]:
    """The rows of each stratum, in the strata's alphabetical order."""
    counts = Counter(label for stratum in strata for label in labels_of(stratum))
    members: dict[str | None, list[int]] = defaultdict(list)
    for index, stratum in enumerate(strata):
        if isinstance(stratum, tuple):
            stratum = min(stratum, key=lambda label: (counts[label], label), default=None)
        members[stratum].append(index)
    return sorted(members.items(), key=lambda item: str(item[0]))


def labels_of(stratum: Stratum) -> tuple[str, ...]:
    """The labels of a row, none, one or several."""
    if stratum is None:
        return ()
    return stratum if isinstance(stratum, tuple) else (stratum,)


def _kept_back(strata: Sequence[Stratum], chosen: Iterable[int]) -> set[int]:
    """Rows to take back, so that no label of rows of several labels is cut off whole."""
    several = [stratum if isinstance(stratum, tuple) else () for stratum in strata]
    cut = set(chosen)
    staying = {label for index, labels in enumerate(several) if index not in cut for label in labels}
    back: set[int] = set()
    for index in sorted(cut):
        if not staying.issuperset(several[index]):
            staying.update(several[index])
            back.add(index)
    return back


def _by_group(groups: Sequence[Hashable], share: float, random: np.random.Generator) -> set[int]:
    members: dict[Hashable, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        members[group].append(index)
    if len(members) < 2:
        raise DataError(
            "a group for each part of the split: train, validation and test",
            "only one group to cut from",
            "choose another --group column, or give your own --validation and --test files",
        )
    names = sorted(members, key=str)
    chosen: set[int] = set()
    for position in random.permutation(len(names)):
        part = members[names[position]]
        # A group is taken while that brings the share nearer.
        if len(chosen) + len(part) / 2 <= share * len(groups):
            chosen.update(part)
    smallest = min(names, key=lambda name: len(members[name]))
    return chosen or set(members[smallest])


def folds(
    strata: Sequence[Stratum], count: int, seed: int, groups: Sequence[Hashable] | None = None
) -> list[list[int]]:
    """Stratified folds for cross-validation: every index in exactly one.

    Args:
        strata: what each row's share is kept of, such as its label.
        count: how many folds, at least 2.
        seed: of the draw.
        groups: rows of equal group are in one fold; strata are then left to chance.

    Raises:
        DataError: a label has fewer rows than there are folds, or there are fewer groups.
    """
    random = np.random.default_rng((seed, count))
    if groups is not None:
        return _group_folds(groups, count, random)
    found: list[list[int]] = [[] for _ in range(count)]
    start = 0
    for stratum, indices in _members(strata):
        # Rows of several labels are not all of one stratum: some fold goes without a rare label.
        if len(indices) < count and not isinstance(strata[indices[0]], tuple):
            rare = Counter(stratum for stratum in strata if isinstance(stratum, str))
            raise DataError(
                f"at least {count} rows of every label, one for each fold",
                ", ".join(f"{each} of {label!r}" for label, each in sorted(rare.items()) if each < count),
                "use fewer --folds, or remove the label",
            )
        for position, index in enumerate(random.permutation(indices)):
            found[(start + position) % count].append(int(index))
        start += len(indices)
    return [sorted(fold) for fold in found]


def _group_folds(groups: Sequence[Hashable], count: int, random: np.random.Generator) -> list[list[int]]:
    """Folds of whole groups: the largest groups first, each into the smallest fold so far."""
    members: dict[Hashable, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        members[group].append(index)
    if len(members) < count:
        raise DataError(f"at least {count} groups, one for each fold", f"{len(members)}", "use fewer --folds")
    names = sorted(members, key=str)
    drawn = [names[position] for position in random.permutation(len(names))]
    found: list[list[int]] = [[] for _ in range(count)]
    for name in sorted(drawn, key=lambda name: -len(members[name])):
        min(found, key=len).extend(members[name])
    return [sorted(fold) for fold in found]
