"""A linear head by logistic regression on what the head reads, written into the network: a linear probe."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from bertolt.models.heads import last_linear
from bertolt.unlabelled.embeddings import Vectors

#: How free the weights are (scikit-learn's C), for vectors scaled to a length of about 1.
FREEDOM = 2.0
#: How much larger than a coordinate the likeness to the labels' names is: weights on it cost less.
NAME_SCALE = 0.7


def fit_head(network: nn.Module, vectors: Vectors, gold: Sequence[int], names: Vectors | None = None) -> None:
    """Fits L2-regularised logistic regression, and writes it into the last linear layer.

    Where the labels' names are words, a text's likeness to each name is one more number that the regression
    may weigh: with twenty labels it tells more than they do. As it is linear in the vector, the whole remains
    one linear layer.

    Args:
        network: its last linear layer has K outputs.
        vectors: what that layer reads of each labelled text, shape (n, H).
        gold: the class of each text, shape (n,); each of the K classes at least once.
        names: the direction of each label's name, shape (K, H), of ``name_directions``; None: not used.
    """
    from sklearn.linear_model import LogisticRegression

    centre = vectors.mean(0)
    length = max(float(np.linalg.norm(vectors, axis=1).mean()), 1e-12)
    scaled = (vectors - centre) / length
    directions = np.zeros((0, vectors.shape[1])) if names is None else names
    likeness = scaled @ directions.T
    spread = likeness.std(0)
    factor = np.divide(NAME_SCALE, spread, out=np.zeros_like(spread), where=spread > 1e-12)
    model = LogisticRegression(C=FREEDOM, max_iter=5000)
    model.fit(np.hstack([scaled, likeness * factor]), np.asarray(gold))
    own, on_names = model.coef_[:, : vectors.shape[1]], model.coef_[:, vectors.shape[1] :]
    weight = (own + (on_names * factor) @ directions) / length
    bias = model.intercept_ - weight @ centre
    if len(weight) == 1:  # of two classes scikit-learn keeps the log-odds of the second
        weight, bias = np.vstack([-weight / 2, weight / 2]), np.hstack([-bias / 2, bias / 2])
    layer = last_linear(network)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.copy_(torch.from_numpy(bias))
