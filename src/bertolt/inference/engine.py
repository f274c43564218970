"""Engines: rows of token ids to logits. One interface, so that a pipeline never knows which one it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import nn

from bertolt.data.batching import collate, fill
from bertolt.data.features import Feature
from bertolt.errors import FolderError
from bertolt.models.families import family_of
from bertolt.models.fast_dropout import use_fast_dropout
from bertolt.models.fast_linear import use_fast_linear
from bertolt.models.heads import Head, Inputs, PackedHead
from bertolt.models.memory import FreedMemory
from bertolt.models.packed import PackedEncoder, Rows, packed_encoder
from bertolt.tasks.task import Logits

#: Tokens of a micro-batch in training, padding included. On a processor larger ones only leave its caches.
MAX_TOKENS = {"cpu": 4096, "cuda": 65536, "mps": 16384}

#: The same in prediction, where nothing is kept for a gradient: what one layer makes of 1,024 tokens stays
#: in the caches, which saves a sixth of the time of short texts and a quarter of that of long ones.
PREDICTED_TOKENS = {**MAX_TOKENS, "cpu": 1024}


class Engine(Protocol):
    """Runs a network over features."""

    def logits(self, features: Sequence[Feature]) -> list[Logits]:
        """The logits of each feature, in order, whatever their number and lengths."""


def run_by_length(
    features: Sequence[Feature],
    max_tokens: int,
    run: Callable[[Sequence[Feature]], Sequence[Logits]],
    *,
    equal_lengths: bool = False,
) -> list[Logits]:
    """Runs features in batches of neighbours in length, and puts what comes out in their order again.

    Args:
        features: in any order and of any lengths.
        max_tokens: of a batch, padding included.
        run: a batch to the logits of each of its features.
        equal_lengths: only rows of one length share a batch.

    Raises:
        FolderError: a logit is no finite number.
    """
    found: list[Logits | None] = [None] * len(features)
    for batch in fill([len(feature) for feature in features], max_tokens, equal_lengths=equal_lengths):
        rows = run([features[index] for index in batch])
        for index, row in zip(batch, rows, strict=True):
            if not np.isfinite(row).all():
                raise FolderError(
                    "finite numbers as the output of the network",
                    "NaN or infinity",
                    "copy the model folder again, or train it anew with a lower --lr",
                )
            found[index] = row
    return [row for row in found if row is not None]


class TorchEngine:
    """Runs a transformers model with torch, batches sorted by length and filled by tokens.

    Args:
        network: the model; it is moved to ``device``.
        head: what stands on its encoder.
        pad_id: the token that fills up a row.
        device: where it runs.
        dtype: float32, or bfloat16, which gives up the promise that batch-mates change nothing.

    Attributes:
        equal_lengths: whether only rows of one length share a batch: see ``Family.equal_lengths``.
    """

    def __init__(
        self,
        network: nn.Module,
        head: Head,
        *,
        pad_id: int,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.network = network.to(device)
        if device.type == "cpu":
            use_fast_linear(network)
            use_fast_dropout(network)
        self.device = device
        self.head = head
        self.equal_lengths = family_of(network.config).equal_lengths
        self._pad_id = pad_id
        self._dtype = dtype
        self._freed = FreedMemory()
        self._packed: PackedEncoder | None = None
        if device.type == "cpu" and dtype == torch.float32 and isinstance(head, PackedHead):
            self._packed = packed_encoder(network)

    def logits(self, features: Sequence[Feature]) -> list[Logits]:
        """See ``Engine.logits``."""
        was_training = self.network.training
        if was_training:  # it visits every module, which one short text would feel
            self.network.eval()
        with torch.inference_mode():
            if self._packed is not None:
                self._packed.lay_out()
            found = run_by_length(
                features, PREDICTED_TOKENS[self.device.type], self._run, equal_lengths=self.equal_lengths
            )
        if was_training:
            self.network.train()
        self._freed.give_back()
        return found

    def _run(self, features: Sequence[Feature]) -> list[Logits]:
        if self._packed is not None and isinstance(self.head, PackedHead):
            logits = self.head.forward_packed(self.network, self._packed, end_to_end(features))
            return self.head.split(logits.numpy(), features)
        inputs = tensors(features, self._pad_id, self.device)
        with torch.autocast(self.device.type, self._dtype, enabled=self._dtype != torch.float32):
            logits = self.head.forward(self.network, inputs)
        array: Logits = logits.float().cpu().numpy().astype(np.float32, copy=False)
        return self.head.split(array, features)


def end_to_end(features: Sequence[Feature]) -> Rows:
    """A batch of features, sorted by length, as rows that stand end to end."""
    lengths = tuple(map(len, features))
    types = positions = None
    if any(feature.types is not None for feature in features):
        kinds = [np.zeros_like(each.ids) if each.types is None else each.types for each in features]
        types = torch.from_numpy(np.concatenate(kinds))
    if features[0].select is not None:
        starts = np.cumsum([0, *lengths[:-1]])
        chosen = [start + each.select for start, each in zip(starts, features, strict=True)]
        positions = torch.from_numpy(np.concatenate(chosen).astype(np.int64))
    return Rows(torch.from_numpy(np.concatenate([each.ids for each in features])), types, lengths, positions)


def tensors(features: Sequence[Feature], pad_id: int, device: torch.device) -> Inputs:
    """A batch of features as the network's inputs, on its device."""
    arrays = collate(features, pad_id)
    return {name: torch.from_numpy(array).to(device) for name, array in arrays.items()}
