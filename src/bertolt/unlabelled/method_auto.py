"""The choice among the methods, by cross-validation on the labels at hand."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from pydantic import BaseModel, Field

from bertolt.data.splits import folds
from bertolt.errors import DataError, UnknownNameError
from bertolt.training.corpus import Corpus
from bertolt.training.method import Method, MethodSettings, Setting
from bertolt.training.phases import Phases
from bertolt.training.trainable import build


class AutoSettings(MethodSettings):
    """The settings of the choice.

    Args:
        folds: of the cross-validation, at most; fewer where a class has too few labels.
        methods: that are tried; empty: all that apply.
    """

    folds: int = Field(default=3, ge=2, le=20)
    methods: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """How right a method was on rows that it had not learnt.

    Args:
        method: its name.
        accuracies: of each fold.
        rows: of each fold.
    """

    method: str
    accuracies: tuple[float, ...]
    rows: tuple[int, ...]

    @property
    def accuracy(self) -> float:
        """On all rows together."""
        return float(np.average(self.accuracies, weights=self.rows))

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
    settings: type[BaseModel] = AutoSettings

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
            f"{len(setting.prepared.corpus.train):,} labels: {len(candidates) * len(parts)} trainings, "
            "then one of the chosen method on all labels"
        )
        start, tried = time.perf_counter(), []
        for place, name in enumerate(candidates, start=1):
            tried.append(self._score(name, parts, setting))
            minutes = (time.perf_counter() - start) / place * (len(candidates) - place) / 60
            setting.run.say(f"auto: {_shown(tried[-1])}; about {minutes:.1f} minutes for the others")
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

    def _score(self, name: str, parts: Sequence[Setting], setting: Setting) -> Score:
        method, found = self._methods[name], []
        for number, part in enumerate(parts, start=1):

            def measure(run: Phases, part: Setting = part) -> float:
                fresh = build(part.prepared, part.backbone, part.settings)
                ready = replace(part, model=fresh, method_settings=method.settings(), run=run)
                method.train(ready)
                return accuracy(ready)

            found.append(setting.run.once(f"{name}-fold-{number}", measure))
        return Score(name, tuple(found), tuple(len(part.prepared.corpus.test) for part in parts))


def fold_settings(setting: Setting) -> list[Setting]:
    """The setting of each fold: trained on the other folds, its own rows as the test part.

    There are as many folds as wanted, or so few that each has two labels of each class where that can be.

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
        found.append(replace(setting, prepared=part))
    return found


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
    ranked = sorted(scores, key=lambda score: (-score.accuracy, preferred.index(score.method)))
    best = ranked[0]
    first = min(scores, key=lambda score: preferred.index(score.method))
    near = best.accuracy - first.accuracy <= best.error
    chosen = first if near else best
    if len(scores) == 1:
        why = "no other applies"
    elif chosen is best:
        why = "it was right most often on labels held out"
    else:
        why = f"none is better by more than a standard error, and {first.method} is preferred among equals"
    return chosen.method, f"{why} ({'; '.join(_shown(score) for score in ranked)})"


def _shown(score: Score) -> str:
    least, most = min(score.accuracies), max(score.accuracies)
    return (
        f"{score.method} {score.accuracy:.0%} ± {score.error:.0%} of {sum(score.rows)} labels, "
        f"folds {least:.0%} to {most:.0%}"
    )
