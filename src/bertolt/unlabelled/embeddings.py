"""Texts as vectors of a frozen network: what its head reads, and the means over the tokens of each layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bertolt.data.batching import fill
from bertolt.data.features import Encoded, Feature
from bertolt.inference.engine import MAX_TOKENS, tensors
from bertolt.models.heads import Inputs
from bertolt.models.mean_reading import head_input, layer_means
from bertolt.training.trainable import TrainableModel

Vectors = NDArray[np.float64]


def layer_embeddings(model: TrainableModel, encoded: Sequence[Encoded]) -> Vectors:
    """The mean over each text's tokens, of each layer.

    Returns:
        Shape (layers, n, H), without the input embeddings.
    """

    def read(inputs: Inputs) -> Tensor:
        return layer_means(model.engine.network, inputs)[1:].transpose(0, 1)

    return np.moveaxis(_embed(model, encoded, read), 1, 0)


def normalised(vectors: Vectors, centre: Vectors) -> Vectors:
    """Vectors less a centre, each brought to a mean of 0 and a variance of 1, as ``read_mean`` does it.

    Args:
        vectors: shape (…, H).
        centre: a shape that fits.
    """
    apart = vectors - centre
    apart = apart - apart.mean(-1, keepdims=True)
    found: Vectors = apart / np.sqrt(apart.var(-1, keepdims=True) + 1e-12)
    return found


def head_embeddings(model: TrainableModel, encoded: Sequence[Encoded]) -> Vectors:
    """What the last linear layer reads of each text; shape (n, H)."""
    network, head = model.engine.network, model.engine.head
    return _embed(model, encoded, lambda inputs: head_input(network, head, inputs))


def _embed(model: TrainableModel, encoded: Sequence[Encoded], read: Callable[[Inputs], Tensor]) -> Vectors:
    """Vectors of texts, of shape (n, …); those of a text's windows are averaged, as their logits are."""
    rows = [row for each in encoded for row in each.features]
    vectors = _embed_rows(model, rows, read)
    edges = np.cumsum([0, *(len(each.features) for each in encoded)])
    weights = [np.asarray([row.weight for row in each.features]) for each in encoded]
    return np.stack(
        [
            np.average(vectors[edges[index] : edges[index + 1]], axis=0, weights=weight)
            for index, weight in enumerate(weights)
        ]
    )


def _embed_rows(model: TrainableModel, rows: Sequence[Feature], read: Callable[[Inputs], Tensor]) -> Vectors:
    engine = model.engine
    was_training = engine.network.training
    engine.network.eval()
    found: dict[int, Vectors] = {}
    with torch.inference_mode():
        lengths = [len(row) for row in rows]
        most = MAX_TOKENS[engine.device.type]
        for batch in fill(lengths, most, equal_lengths=engine.equal_lengths):
            inputs = tensors([rows[index] for index in batch], model.tokenizer.pad_id, engine.device)
            vectors = read(inputs).double().cpu().numpy()
            found.update(zip(batch, vectors, strict=True))
    engine.network.train(was_training)
    return np.stack([found[index] for index in range(len(rows))])
