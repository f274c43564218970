"""Labels that a teacher gives to unlabelled texts: which are kept, and the loss that learns from them.

The classes are balanced first, and then the most confident predictions are kept. A teacher of few labels
prefers one class: without balancing, its most confident predictions are mostly of that class, and the student
prefers it more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from bertolt.data.features import Encoded, Feature
from bertolt.inference.run import Model
from bertolt.training.signals import Means, output_signals
from bertolt.training.supervised import Supervised, SupervisedData

Floats = NDArray[np.float64]

#: Rounds of scaling rows and columns; the shares are then exact to far below one text.
_ROUNDS = 100


@dataclass(frozen=True, slots=True)
class PseudoLabels:
    """The texts that are learnt from, and as what.

    Args:
        rows: their places in the pool, ascending, shape (m,).
        targets: balanced probabilities of each, shape (m, K).
        classes: the most probable class of each, shape (m,).
        confidence: the least probability of that class among them; 0 where there are none.
    """

    rows: NDArray[np.int64]
    targets: Floats
    classes: NDArray[np.int64]
    confidence: float

    def counts(self, classes: int) -> list[int]:
        """How many texts each of the ``classes`` has."""
        return [int(count) for count in np.bincount(self.classes, minlength=classes)]


def balanced(probabilities: Floats, shares: Floats) -> Floats:
    """Probabilities scaled by class until their mean has the wanted shares (Asano et al. 2020, §3.1).

    Args:
        probabilities: shape (n, K), rows of sum 1.
        shares: of the classes, shape (K,), sum 1.
    """
    scaled = np.clip(probabilities, 1e-12, None)
    for _ in range(_ROUNDS):
        scaled = scaled * (shares / scaled.mean(axis=0))
        scaled = scaled / scaled.sum(axis=1, keepdims=True)
    return np.asarray(scaled)


def choose(probabilities: Floats, shares: Floats, take: float, confidence: float) -> PseudoLabels:
    """The most confident texts of each class, in numbers of the wanted shares.

    Where a class has too few texts that are confident enough, the others get fewer too.

    Args:
        probabilities: of the pool, shape (n, K).
        shares: of the classes, shape (K,), sum 1.
        take: share of the pool that is taken, 0..1.
        confidence: the least balanced probability with which a text is taken.
    """
    targets = balanced(probabilities, shares)
    classes = targets.argmax(axis=1)
    highest = targets.max(axis=1)
    able = [np.flatnonzero((classes == label) & (highest >= confidence)) for label in range(len(shares))]
    wanted = [label for label in range(len(shares)) if shares[label] > 0]
    total = min([take * len(targets), *(len(able[label]) / shares[label] for label in wanted)])
    chosen: list[NDArray[np.int64]] = []
    for label in wanted:
        # The place decides among equals, so that the choice is a function of the numbers alone.
        order = np.lexsort((able[label], -highest[able[label]]))
        chosen.append(able[label][order[: int(total * shares[label] + 1e-9)]])
    rows = np.sort(np.concatenate(chosen))
    least = float(highest[rows].min()) if len(rows) else 0.0
    return PseudoLabels(rows, targets[rows], classes[rows], least)


#: In a pool of so many texts, words of fewer than three of them are left out.
_LARGE_POOL = 1000


class WordView:
    """TF-IDF of words and pairs of words, and a logistic regression on them.

    Args:
        labelled: labelled texts.
        classes: the class of each.
        pool: texts without labels.
        count: of classes.
    """

    def __init__(
        self, labelled: Sequence[str], classes: Sequence[int], pool: Sequence[str], count: int
    ) -> None:
        # Imported here, as it takes a second that trainings without a pool need not wait.
        from sklearn.feature_extraction.text import TfidfVectorizer

        least = 3 if len(pool) >= _LARGE_POOL else 1
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=least, token_pattern=r"\w+")
        self._pool = words.fit_transform(pool)
        self._labelled = words.transform(labelled)
        self._classes = np.asarray(classes)
        self._count = count

    def probabilities(self, taught: PseudoLabels) -> Floats:
        """Of each text of the pool, learnt from the labels and from a teacher's; shape (n, K)."""
        from scipy.sparse import vstack
        from sklearn.linear_model import LogisticRegression

        inputs = vstack([self._labelled, self._pool[taught.rows]])
        regression = LogisticRegression(max_iter=1000)
        regression.fit(inputs, np.concatenate([self._classes, taught.classes]))
        found = np.zeros((self._pool.shape[0], self._count))
        found[:, regression.classes_] = regression.predict_proba(self._pool)
        return found


def agreed(one: Floats, other: Floats) -> Floats:
    """The geometric mean of two opinions, normalised: sure only where both are; shape (n, K)."""
    log = (np.log(np.clip(one, 1e-12, None)) + np.log(np.clip(other, 1e-12, None))) / 2
    weights = np.exp(log - log.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


@dataclass(frozen=True, slots=True)
class Target:
    """What a row is to be.

    Args:
        probabilities: of the classes, shape (K,).
        pseudo: whether a teacher said so.
    """

    probabilities: NDArray[np.float64]
    pseudo: bool


def labelled_target(encoded: Encoded, classes: int) -> Encoded:
    """An example whose target is its label's place, with a ``Target`` instead."""
    rows = [
        replace(row, target=Target(np.eye(classes)[int(row.target)], pseudo=False))
        for row in encoded.features
    ]
    return replace(encoded, features=tuple(rows))


def pseudo_target(encoded: Encoded, probabilities: NDArray[np.float64], weight: float) -> Encoded:
    """An example without a label, with what a teacher says of it.

    Args:
        encoded: the example.
        probabilities: shape (K,).
        weight: how much it counts beside a labelled example.
    """
    target = Target(probabilities, pseudo=True)
    rows = [replace(row, target=target, weight=row.weight * weight) for row in encoded.features]
    return replace(encoded, features=tuple(rows))


class PseudoSupervised(Supervised):
    """Cross-entropy with the probabilities of each row's ``Target``. Implements ``Objective``.

    Args:
        model, batch_size, seed: see ``Supervised``.
        data: whose training rows have ``Target``s.
    """

    def __init__(self, model: Model, data: SupervisedData, *, batch_size: int, seed: int) -> None:
        super().__init__(model, data, batch_size=batch_size, seed=seed)
        self._means = Means()

    def loss(self, batch: Sequence[Feature]) -> Tensor:
        """See ``Objective.loss``."""
        logits = self.logits(batch).float()
        given = np.stack([row.target.probabilities for row in batch]).astype(np.float32)
        weights = torch.tensor([row.weight for row in batch], device=logits.device)
        losses = functional.cross_entropy(
            logits,
            torch.from_numpy(given).to(logits.device),
            weight=self._data.class_weight,
            reduction="none",
        )
        pseudo = torch.tensor([row.target.pseudo for row in batch], device=logits.device)
        known, taught = losses.detach(), sum(row.target.pseudo for row in batch)
        self._means.add({"labelled_loss": known[~pseudo].sum()}, len(batch) - taught)
        self._means.add({"unlabelled_loss": known[pseudo].sum()}, taught)
        self._means.add(output_signals(logits, self._model.spec.labels), len(batch))
        return (losses * weights).sum()

    def signals(self) -> dict[str, float]:
        """See ``Signalling.signals``: a loss is told where there were rows of its kind."""
        return self._means.take()
