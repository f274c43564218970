"""Which layer of a frozen network tells the labels apart, by cross-validation on the labels at hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bertolt.unlabelled.embeddings import Vectors

#: Folds of the cross-validation, at most, and how often it is repeated with other folds.
FOLDS = 5
REPEATS = 2
#: How free the classifier's weights are (scikit-learn's C), for texts scaled to a length of about 1.
FREEDOM = 5.0
#: Standard errors to each side of a 95% interval.
Z95 = 1.96


@dataclass(frozen=True, slots=True)
class LayerChoice:
    """The layer that is read.

    Args:
        layer: from 1.
        accuracy: of each layer in cross-validation, the first layer's first; empty where there are too few
            texts of a label for that.
    """

    layer: int
    accuracy: tuple[float, ...]


def choose_layer(embeddings: Vectors, gold: Sequence[int], seed: int) -> LayerChoice:
    """Chooses by the accuracy of logistic regression in repeated, stratified cross-validation.

    Twenty labels hardly tell layers apart: an accuracy is known to 0.2 only. So layers whose accuracy lies in
    the 95% interval of the best count as equal, and of equals the one nearest to two thirds of the way up is
    taken, the later one of two: there the vectors of encoders carry most to other tasks (Liu et al. 2019,
    "Linguistic Knowledge and Transferability of Contextual Representations", §4).

    Args:
        embeddings: shape (layers, n, H), of ``layer_embeddings``.
        gold: the class of each text, shape (n,).
        seed: of the folds.
    """
    rarest = min(Counter(gold).values())
    layers = range(1, len(embeddings) + 1)
    if rarest < 2:
        return LayerChoice(min(layers, key=_distance(len(embeddings))), ())
    classes = np.asarray(gold)
    accuracy = {
        layer: _accuracy(vectors, classes, min(FOLDS, rarest), seed)
        for layer, vectors in zip(layers, embeddings, strict=True)
    }
    equals = _within_interval(accuracy, len(gold))
    return LayerChoice(min(equals, key=_distance(len(embeddings))), tuple(accuracy.values()))


def _distance(count: int) -> Callable[[int], tuple[float, int]]:
    return lambda layer: (abs(layer - 2 * count / 3), -layer)


def _within_interval(accuracy: Mapping[int, float], texts: int) -> list[int]:
    best = max(accuracy.values())
    error = (best * (1 - best) / texts) ** 0.5
    return [layer for layer, value in accuracy.items() if value >= best - Z95 * error - 1e-12]


def _accuracy(vectors: Vectors, gold: NDArray[np.int64], folds: int, seed: int) -> float:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score

    scaled = (vectors - vectors.mean(0)) / max(float(np.linalg.norm(vectors, axis=1).mean()), 1e-12)
    splits = RepeatedStratifiedKFold(n_splits=folds, n_repeats=REPEATS, random_state=seed)
    model = LogisticRegression(C=FREEDOM, max_iter=1000)
    return float(cross_val_score(model, scaled, gold, cv=splits).mean())
