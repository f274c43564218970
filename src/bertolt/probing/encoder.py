"""The frozen network that is looked into, and one of the same shape with random weights."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from bertolt.data.features import Feature
from bertolt.errors import FolderError
from bertolt.inference.engine import tensors
from bertolt.models.backbone import Backbone
from bertolt.models.families import family_of
from bertolt.models.fast_linear import use_fast_linear
from bertolt.models.heads import load_network, quiet_transformers
from bertolt.models.packaged import file_sha256
from bertolt.models.weights import open_weights

States = NDArray[np.float16]


class Encoder:
    """Hidden states of a network without its heads.

    Args:
        network: transformers' bare model; it is moved to ``device``.
        identity: changes with the weights.
        pad_id: the token that fills up a row.
        device: where it runs.
    """

    def __init__(self, network: nn.Module, identity: str, *, pad_id: int, device: torch.device) -> None:
        self.network = network.to(device).eval()
        if device.type == "cpu":
            use_fast_linear(network)
        self.identity = identity
        self.equal_lengths = family_of(network.config).equal_lengths
        self.device = device
        self._pad_id = pad_id
        config = network.config
        self.width = int(config.hidden_size)  # type: ignore[union-attr, arg-type]
        self.layers = int(config.num_hidden_layers)  # type: ignore[union-attr, arg-type]

    @property
    def sources(self) -> int:
        """Vectors of a token: its word-piece embedding alone, and the states of the layers 0..L."""
        return self.layers + 2

    def states(self, rows: Sequence[Feature]) -> list[States]:
        """The vectors of each token of some rows.

        The first is the row of the embedding table, standardised (layer norm without a scale, as the linear
        layer behind it has one): it knows nothing of its place. The second is the embedding layer's output.

        Args:
            rows: token ids; they share a batch.

        Returns:
            Shape (t, L + 2, D) for each row, in half precision.

        Raises:
            FolderError: the network gives no hidden states, or some that half precision cannot hold.
        """
        inputs = tensors(rows, self._pad_id, self.device)
        with torch.inference_mode():
            output = self.network(**inputs, output_hidden_states=True)
            found = getattr(output, "hidden_states", None)
            if found is None or len(found) != self.layers + 1:
                raise FolderError(
                    f"a model that gives the hidden states of its {self.layers} layers",
                    "none" if found is None else f"{len(found)}",
                    "choose an encoder of BERT's kind; `bertolt models` lists some",
                )
            every = torch.stack([self._lexical(inputs["input_ids"]), *found], dim=2).half()
        if not bool(torch.isfinite(every).all()):
            raise FolderError(
                "hidden states that half precision can hold (up to 65,504)",
                "greater ones",
                "choose another model",
            )
        array = every.cpu().numpy()
        return [array[place, : len(row)] for place, row in enumerate(rows)]

    def _lexical(self, ids: Tensor) -> Tensor:
        table: Any = self.network.get_input_embeddings()  # type: ignore[operator]
        found = table(ids)
        rows: Tensor = found[0] if isinstance(found, tuple) else found  # I-BERT's gives a scale as well
        rows = functional.layer_norm(rows, rows.shape[-1:])
        return functional.pad(rows, (0, self.width - rows.shape[-1]))  # ALBERT's embeddings are narrower


def load_encoder(backbone: Backbone, *, pad_id: int, device: torch.device) -> Encoder:
    """The body of a pre-trained or fine-tuned network.

    Raises:
        FolderError: its family has no body of its own, or weights are missing.
    """
    if not family_of(backbone.config).probes:
        raise FolderError(
            "a model that gives the hidden states of every layer for every token",
            f"model type {backbone.config.model_type!r}, which does not",
            "choose an encoder of another family; docs/models.md lists them",
        )
    network = load_network("AutoModel", backbone.folder, backbone.config, new_head=True)
    return Encoder(network, _digest(backbone.folder), pad_id=pad_id, device=device)


def random_encoder(backbone: Backbone, seed: int, *, pad_id: int, device: torch.device) -> Encoder:
    """A network of the same shape whose weights were never trained; equal seeds, equal weights."""
    from transformers import AutoModel

    torch.manual_seed(seed)
    with quiet_transformers():
        network = AutoModel.from_config(backbone.config)  # type: ignore[no-untyped-call]
    shape = hashlib.sha256(backbone.config.to_json_string().encode()).hexdigest()[:16]
    return Encoder(network.float(), f"random {seed} {shape}", pad_id=pad_id, device=device)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in open_weights(folder).files:
        digest.update(bytes.fromhex(file_sha256(file)))
    return digest.hexdigest()[:16]
