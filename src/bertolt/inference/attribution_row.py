"""A row of a model's input as a function of its embeddings. R copies of it, T tokens, H dimensions."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bertolt.data.features import Feature
from bertolt.data.tokenizer import Tokenizer
from bertolt.inference.attribution_targets import RowTarget
from bertolt.inference.engine import MAX_TOKENS, TorchEngine
from bertolt.models.heads import Inputs


class Row:
    """One row of a model's input as a function of its embeddings.

    Args:
        engine: runs the network.
        tokenizer: knows the padding token.
        feature: the row.
        target: what is explained in it.

    Attributes:
        embedded: its embeddings, shape (T, H).
        at_once: copies of it that are computed at once, at most.
    """

    def __init__(
        self, engine: TorchEngine, tokenizer: Tokenizer, feature: Feature, target: RowTarget
    ) -> None:
        self._network, self._head = engine.network.eval(), engine.head
        self._feature, self._target = feature, target
        self._device = engine.device
        self._embedding = input_embedding(self._network)
        self._pad_id = tokenizer.pad_id
        self.embedded = self._embed(torch.from_numpy(feature.ids).long())
        self.at_once = max(1, MAX_TOKENS[engine.device.type] // len(feature))

    def _embed(self, ids: Tensor) -> Tensor:
        with torch.no_grad():
            found: Tensor = self._embedding(ids.to(self._device))
        return found.detach()

    def baseline(self, of_text: Tensor) -> Tensor:
        """The embeddings with the padding token wherever ``of_text``, shape (T,), holds: shape (T, H)."""
        nothing = self._embed(torch.tensor([self._pad_id]))
        return torch.where(of_text.to(self._device)[:, None], nothing, self.embedded)

    def function(self, embedded: Tensor) -> Tensor:
        """Embeddings of copies of the row, shape (R, T, H), to what is explained, shape (R,)."""
        return self._target.score(self._head.forward(self._network, self._inputs(embedded)))

    def change(self, baseline: Tensor) -> float:
        """What is explained at the row less what it is at the baseline."""
        with torch.inference_mode():
            at_row, at_baseline = self.function(torch.stack([self.embedded, baseline])).tolist()
        return float(at_row - at_baseline)

    def _inputs(self, embedded: Tensor) -> Inputs:
        rows, width = embedded.shape[:2]
        inputs: Inputs = {"inputs_embeds": embedded}
        if self._feature.types is not None:
            types = torch.from_numpy(self._feature.types).long().to(self._device)
            inputs["token_type_ids"] = types.expand(rows, width)
        if self._target.select is not None:
            inputs["positions"] = torch.arange(rows, device=self._device) * width + self._target.select
        return inputs


def input_embedding(network: nn.Module) -> nn.Module:
    """The layer that makes embeddings of token ids."""
    found: nn.Module = network.get_input_embeddings()  # type: ignore[operator]
    return found
