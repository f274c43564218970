"""The missing word: logits over the vocabulary, computed at the selected positions only.

Axes: B rows, T tokens, M selected positions of all rows together, V tokens of the vocabulary, H hidden size.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bertolt.models.backbone import Backbone
from bertolt.models.config import read_config
from bertolt.models.families import encoder_name, encoder_of
from bertolt.models.heads import Blueprint, Inputs, Row, build_auto, load_network
from bertolt.models.weights import weight_names


class MaskedHead:
    """A vector of logits over the vocabulary for each selected position: (M, V)."""

    auto_class = "AutoModelForMaskedLM"

    def build(self, backbone: Backbone, blueprint: Blueprint) -> nn.Module:
        """See ``Head.build``. The decoder is tied to the embeddings.

        Raises:
            FolderError: the family knows no masks.
        """
        network = build_auto(self.auto_class, backbone, blueprint)
        network.tie_weights()  # type: ignore[operator]
        return network

    def load(self, folder: Path) -> nn.Module:
        """See ``Head.load``."""
        return load_network(self.auto_class, folder, read_config(folder))

    def forward(self, network: nn.Module, inputs: Inputs) -> Tensor:
        """Logits of shape (M, V), or (B, T, V) where no positions are selected."""
        if "positions" not in inputs:
            logits: Tensor = network(**inputs).logits
            return logits
        return vocabulary_logits(run_head(network, run_encoder(network, inputs), inputs["positions"]))

    def split(self, logits: NDArray[np.float32], rows: Sequence[Row]) -> list[NDArray[np.float32]]:
        """Arrays of shape (m, V); of rows whose tokens are known, (m, 2).

        Of those the log-probability of the known token, and 1 where it is the likeliest (else 0), are all
        that is ever asked for; V numbers a position would not fit into memory for a whole data set.
        """
        found: list[NDArray[np.float32]] = []
        start = 0
        for row in rows:
            stop = start + (0 if row.select is None else len(row.select))
            part = logits[start:stop]
            found.append(part.copy() if row.target is None else known_tokens(part, row.target))
            start = stop
        return found

    def fold_temperature(self, network: nn.Module, temperature: float) -> None:
        """There is nothing to fold into: the decoder is the embeddings.

        Raises:
            ValueError: a temperature other than 1.
        """
        if temperature != 1.0:
            raise ValueError("a head that is tied to the embeddings is not calibrated")


def known_tokens(logits: NDArray[np.float32], tokens: NDArray[np.int32]) -> NDArray[np.float32]:
    """What is asked about tokens that are known.

    Args:
        logits: shape (m, V).
        tokens: the true ids, shape (m,).

    Returns:
        The log-probability of each, and 1 where it is the likeliest, shape (m, 2).
    """
    rows = np.arange(len(tokens))
    top = logits.max(axis=1, keepdims=True) if len(tokens) else logits[:, :1]
    norm = np.log(np.exp(logits - top).sum(axis=1, dtype=np.float64)) + top[:, 0]
    log_probability = logits[rows, tokens] - norm
    return np.stack([log_probability, logits.argmax(axis=1) == tokens], axis=1).astype(np.float32)


def run_encoder(network: nn.Module, inputs: Inputs) -> Any:
    """The encoder's output, transformers' object, for inputs of which ``positions`` are not read."""
    return encoder_of(network)(**{name: value for name, value in inputs.items() if name != "positions"})


def run_head(network: nn.Module, encoded: Any, positions: Tensor) -> Any:
    """The network's own head, run at the selected positions only.

    Args:
        network: of any family: an encoder, and a head that reads its last hidden states.
        encoded: of ``run_encoder``; its last hidden states are replaced by those at the positions.
        positions: into the flattened (B * T), shape (M,).

    Returns:
        transformers' output object; what it has for each token is of shape (1, M, …). Outputs for a whole
        row, such as that of the next sentence, are of shape (B, …) as ever.
    """
    hidden = encoded.last_hidden_state
    encoded.last_hidden_state = hidden.reshape(-1, hidden.shape[-1])[positions].unsqueeze(0)
    # A second module that shares all layers, with a stand-in for the encoder: the network itself is not
    # changed, so threads that use it at the same time do not meet.
    view = copy.copy(network)
    view.__dict__["_modules"] = {**network._modules, encoder_name(network): _Given(encoded)}
    return view()


def vocabulary_logits(output: Any) -> Tensor:
    """The logits over the vocabulary in an output of ``run_head``, shape (M, V)."""
    logits: Tensor = output.logits if hasattr(output, "logits") else output.prediction_logits
    return logits[0]


class _Given(nn.Module):
    """Stands where the encoder stands and gives what the encoder gave."""

    def __init__(self, output: Any) -> None:
        super().__init__()
        self._output = output

    def forward(self, *args: Any, **options: Any) -> Any:
        return self._output


def keep_pooler(network: nn.Module, backbone: Backbone) -> None:
    """Gives a masked-LM network the backbone's pooler, where it has a trained one.

    The network itself has no use for it, but what is fine-tuned from the adapted folder would miss it.
    """
    encoder = encoder_of(network)
    if getattr(encoder, "pooler", None) is not None:
        return
    names = {name.removeprefix(f"{encoder_name(network)}.") for name in weight_names(backbone.folder)}
    if not any(name.startswith("pooler.") for name in names):
        return
    whole = load_network("AutoModel", backbone.folder, encoder.config)
    if getattr(whole, "pooler", None) is not None:
        encoder.pooler = whole.pooler


def new_parameters(network: nn.Module, backbone: Backbone) -> list[nn.Parameter]:
    """The parameters of the head that the backbone's weights do not hold, so that they are random.

    Those of the encoder are not among them, nor is a decoder that is tied to its embeddings.
    """
    there = weight_names(backbone.folder)
    body = {id(parameter) for parameter in encoder_of(network).parameters()}
    names: dict[int, list[str]] = {}
    parameters: dict[int, nn.Parameter] = {}
    for name, parameter in network.named_parameters(remove_duplicate=False):
        if id(parameter) not in body:
            names.setdefault(id(parameter), []).append(name)
            parameters[id(parameter)] = parameter
    return [parameters[key] for key, known in names.items() if there.isdisjoint(known)]


def masked_loss(logits: Tensor, tokens: Tensor) -> Tensor:
    """The sum of the cross-entropies of the true tokens.

    Args:
        logits: shape (M, V).
        tokens: the true ids, shape (M,).
    """
    return torch.nn.functional.cross_entropy(logits.float(), tokens, reduction="sum")
