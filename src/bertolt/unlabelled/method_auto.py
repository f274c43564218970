"""The choice among the methods, by cross-validation on the labels at hand.

A trial reads a part of the pool in a part of the steps, as in the first rung of successive halving (Jamieson
and Talwalkar 2016): what is asked is which method is best, not how good it will be. The preferred one is
tried on all folds first. Another is given up as soon as it could not be chosen even if it were right on all
rows to come, which changes no choice and saves most of the trials. What no label has a part in, such as
reading the pool, is done once for all trials.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from pydantic import Field

from bertolt.data.splits import folds
from bertolt.errors import DataError, UnknownNameError
from bertolt.training.corpus import Corpus
from bertolt.training.method import Method, MethodSettings, Setting
from bertolt.training.phases import Phases
from bertolt.training.trainable import build

#: A last number of the seeds of draws, apart from those of other drawings.
_TRIALS = 2**31 + 3


class AutoSettings(MethodSettings):
    """The settings of the choice.

    Args:
        folds: of the cross-validation, at most; fewer where a class has too few labels.
        methods: that are tried; empty: all that apply.
        trial: share of the pool, and of the steps on it, that a trial has; 1: a trial is a whole training.
    """

    folds: int = Field(default=3, ge=2, le=20)
    methods: tuple[str, ...] = ()
    trial: float = Field(default=0.25, gt=0, le=1)


@dataclass(frozen=True, slots=True)
class Score:
    """How right a method was on rows that it had not learnt.

    Args:
        method: its name.
        accuracies: of each fold that it was tried on.
        rows: of each of those.
        given_up: whether there are more folds, on which it was not tried.
    """

    method: str
    accuracies: tuple[float, ...]
    rows: tuple[int, ...]
    given_up: bool = False

    @property
    def accuracy(self) -> float:
        """On all those rows together."""
        return float(np.average(self.accuracies, weights=self.rows))

    @property
    def rank(self) -> tuple[bool, float]:
        """Those tried on all folds first, the rightest of them first."""
        return self.given_up, -self.accuracy if self.rows else 0.0

    @property
    def error(self) -> float:
        """The standard error of that share of so many rows; all or none right count as one wrong."""
        total = sum(self.rows)
        share = float(np.clip(self.accuracy, 1 / (total + 1), total / (total + 1)))
        return float(np.sqrt(share * (1 - share) / total))


class Auto:
    """Tries each method on folds of the labels and trains the chosen one on all. Implements ``Method``.

    Every method is tried with its own defaults. The preferred one is kept unless another is better by more
    than a standard error (Hastie et al. 2009, §7.10): of few labels a small difference is luck.

    Args:
        methods: that can be tried, by name.
        preferred: names in the order in which equals are preferred, the first the plain default.
    """

    name = "auto"
    needs_pool = False
    settings: type[MethodSettings] = AutoSettings

    def __init__(self, methods: Mapping[str, Method], preferred: Sequence[str]) -> None:
        self._methods = methods
        self._preferred = preferred

    def train(self, setting: Setting) -> None:
        """See ``Method.train``.

        Raises:
            UnknownNameError: a method to try that there is not.
            DataError: a class with one label only.
        """
        candidates = self._candidates(setting)
        parts = fold_settings(setting)
        setting.run.say(
            f"auto: {len(candidates)} methods ({', '.join(candidates)}) on {len(parts)} folds of "
            f"{len(setting.prepared.corpus.train):,} labels: at most {len(candidates) * len(parts)} "
            f"trials{_of_pool(parts[0])}, then one training of the chosen method on all labels"
        )
        start = time.perf_counter()
        tried: list[Score] = []
        for name in candidates:
            tried.append(self._score(name, parts, setting, tried))
            done = sum(len(score.rows) for score in tried)
            left = (len(candidates) - len(tried)) * len(parts)
            minutes = (time.perf_counter() - start) / done * left / 60
            setting.run.say(f"auto: {_shown(tried[-1])}; at this pace {minutes:.1f} minutes for the others")
        chosen, why = choose_method(tried, self._preferred)
        setting.run.note(f"auto chose {chosen}: {why}")
        method = self._methods[chosen]
        method.train(replace(setting, method_settings=method.settings()))

    def _candidates(self, setting: Setting) -> list[str]:
        own = setting.own(AutoSettings)
        for name in own.methods:
            if name not in self._methods:
                raise UnknownNameError("method", name, self._methods)
        able = [name for name in self._preferred if setting.pool or not self._methods[name].needs_pool]
        return [name for name in able if not own.methods or name in own.methods]

    def _score(self, name: str, parts: Sequence[Setting], setting: Setting, before: Sequence[Score]) -> Score:
        method, share = self._methods[name], setting.own(AutoSettings).trial
        rows = tuple(len(part.prepared.corpus.test) for part in parts)
        found: list[float] = []
        for number, part in enumerate(parts, start=1):
            if not may_be_chosen(found, rows, before):
                break

            def measure(run: Phases, part: Setting = part) -> float:
                fresh = build(part.prepared, part.backbone, part.settings)
                own = method.settings().shortened(share)
                ready = replace(part, model=fresh, method_settings=own, run=run)
                method.train(ready)
                return accuracy(ready)

            found.append(setting.run.once(f"{name}-fold-{number}", measure))
        return Score(name, tuple(found), rows[: len(found)], given_up=len(found) < len(rows))


def may_be_chosen(found: Sequence[float], rows: Sequence[int], before: Sequence[Score]) -> bool:
    """Whether a method could still be chosen if it were right on all rows to come.

    Args:
        found: its accuracies on the first folds.
        rows: of each fold.
        before: methods that are preferred to it, the plain default first.
    """
    if not before:
        return True
    rest = [1.0] * (len(rows) - len(found))
    best = Score("", (*found, *rest), tuple(rows))
    beats = all(best.accuracy > score.accuracy for score in before if not score.given_up)
    return beats and _clearly_better(best, before[0])


def fold_settings(setting: Setting) -> list[Setting]:
    """The setting of each fold: trained on the other folds and a part of the pool, its own rows as the test
    part.

    There are as many folds as wanted, or so few that each has two labels of each class where that can be. The
    part of the pool is the same for all.

    Raises:
        DataError: a class with one label only.
    """
    own = setting.own(AutoSettings)
    prepared = setting.prepared
    train = prepared.corpus.train
    strata = [prepared.task.stratum(example) for example in train]
    least = min(Counter(strata).values())
    if least < 2:
        raise DataError(
            "at least 2 labels of every class, to choose a method by cross-validation",
            f"{least} of {min(Counter(strata).items(), key=lambda item: item[1])[0]!r}",
            "add labelled texts, or name a --method",
        )
    trials = replace(part_of_pool(setting, own.trial), whole=setting.run.part("trials"))
    found = []
    for rows in folds(strata, max(2, min(own.folds, least // 2)), setting.settings.seed):
        inside = set(rows)
        others = [index for index in range(len(train)) if index not in inside]
        corpus = Corpus(
            train=[train[index] for index in others],
            test=[train[index] for index in rows],
            labels=prepared.spec.labels,
        )
        part = replace(prepared, corpus=corpus, encoded=[prepared.encoded[index] for index in others])
        found.append(replace(trials, prepared=part))
    return found


def part_of_pool(setting: Setting, share: float) -> Setting:
    """The setting with this share of its pool, 0..1, drawn by the seed, in the old order."""
    texts = len(setting.pool)
    drawn = np.random.default_rng((setting.settings.seed, _TRIALS)).permutation(texts)
    rows = np.sort(drawn[: math.ceil(share * texts)])
    return replace(
        setting, pool=[setting.pool[row] for row in rows], pool_rows=[setting.pool_rows[row] for row in rows]
    )


def accuracy(setting: Setting) -> float:
    """The share of a fold's own rows that are given their label."""
    labels = setting.model.spec.labels
    right = [
        labels[int(output.logits.argmax())] == example.label
        for example, output in setting.model.outputs(setting.prepared.corpus.test)
    ]
    return float(np.mean(right))


def choose_method(scores: Sequence[Score], preferred: Sequence[str]) -> tuple[str, str]:
    """The method that is trained, and why, in words.

    Args:
        scores: of each that was tried.
        preferred: names in the order in which equals are preferred.
    """
    ranked = sorted(scores, key=lambda score: (*score.rank, preferred.index(score.method)))
    best = ranked[0]
    first = min(scores, key=lambda score: preferred.index(score.method))
    chosen = best if _clearly_better(best, first) else first
    if len(scores) == 1:
        why = "no other applies"
    elif chosen is best:
        why = "it was right most often on labels held out"
    else:
        why = f"none is better by more than a standard error, and {first.method} is preferred among equals"
    return chosen.method, f"{why} ({'; '.join(_shown(score) for score in ranked)})"


def _of_pool(part: Setting) -> str:
    return f" with {len(part.pool):,} unlabelled texts" if part.pool else ""


def _clearly_better(score: Score, first: Score) -> bool:
    return score.accuracy - first.accuracy > score.error


def _shown(score: Score) -> str:
    if not score.rows:
        return f"{score.method} not tried, as it could not be chosen"
    least, most = min(score.accuracies), max(score.accuracies)
    return (
        f"{score.method} {score.accuracy:.0%} ± {score.error:.0%} of {sum(score.rows)} labels, "
        f"folds {least:.0%} to {most:.0%}{', then given up' if score.given_up else ''}"
    )
