"""Cross-validation's corpora: in each, all that is fitted sees nothing of the fold it is measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bertolt.data.splits import folds
from bertolt.tasks.task import Task
from bertolt.training.corpus import Corpus, cut_validation


@dataclass(frozen=True, slots=True)
class FoldCorpus:
    """The corpus of one fold.

    Args:
        rows: the places, among all examples, of its test part.
        corpus: the fold as the test part; the others as training and validation part.
    """

    rows: Sequence[int]
    corpus: Corpus


def fold_corpora(
    task: Task, whole: Corpus, groups: Sequence[Any] | None, count: int, seed: int
) -> list[FoldCorpus]:
    """A corpus for each fold. Its validation part is cut off the other folds, as in any training.

    Args:
        task: what is learnt.
        whole: all examples, in its training part.
        groups: of each; rows of equal group are in one fold. None: there are none.
        count: of folds.
        seed: of the draws.

    Raises:
        DataError: a label or the groups are too few for so many folds.
    """
    strata = [task.stratum(example) for example in whole.train]
    found = []
    for rows in folds(strata, count, seed, groups):
        inside = set(rows)
        others = [index for index in range(len(whole.train)) if index not in inside]
        corpus = Corpus(
            train=[whole.train[index] for index in others],
            test=[whole.train[index] for index in rows],
            labels=whole.labels,
        )
        cut_validation(task, corpus, seed, None if groups is None else [groups[index] for index in others])
        found.append(FoldCorpus(rows, corpus))
    return found


def whole_corpus(task: Task, whole: Corpus, groups: Sequence[Any] | None, seed: int) -> Corpus:
    """The corpus of the model that is kept: all examples, less the validation part of any training."""
    corpus = Corpus(train=list(whole.train), labels=whole.labels)
    cut_validation(task, corpus, seed, groups)
    return corpus
