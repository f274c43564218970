"""Whether a text follows another: two logits a row, "follows" first (Devlin et al. 2019, §3.1).

BERT's own kin have a transformers class for it. For other families the network is ours, with a model type
of its own, so that no Auto class loads it with a head of random numbers. A folder that was adapted with
both heads holds this one beside the head for the missing word, under ``next_sentence.``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_model, save_model
from torch import Tensor, nn

from bertolt.errors import FolderError
from bertolt.models.backbone import Backbone
from bertolt.models.config import (
    CONFIG,
    check_finite,
    check_size,
    first_line,
    make_config,
    read_config,
    read_json,
)
from bertolt.models.heads import Blueprint, Inputs, Row, build_auto, fold_last_linear, load_network
from bertolt.models.masked_head import (
    MaskedHead,
    keep_pooler,
    run_encoder,
    run_head,
    vocabulary_logits,
)
from bertolt.models.weights import open_weights

MODEL_TYPE = "bertolt-next-sentence-prediction"
LAYER = "next_sentence"
WEIGHTS = "model.safetensors"


class NextSentenceHead:
    """Two logits a row: (B, 2). The Auto class is that of BERT's kin; other families have none."""

    auto_class = "AutoModelForNextSentencePrediction"

    def build(self, backbone: Backbone, blueprint: Blueprint) -> nn.Module:
        """See ``Head.build``. A head that the backbone's folder holds is taken over, whatever its labels are
        called: the field has one order for them.
        """
        unnamed = Blueprint((), blueprint.attention_dropout)
        if has_auto_class(backbone.config):
            network = build_auto(self.auto_class, backbone, unnamed)
        else:
            network = _with_layer(build_auto("AutoModel", backbone, unnamed), backbone.folder)
        config: Any = network.config
        config.id2label = dict(enumerate(blueprint.labels))
        config.label2id = {label: index for index, label in enumerate(blueprint.labels)}
        return network

    def load(self, folder: Path) -> nn.Module:
        """See ``Head.load``."""
        values = read_json(folder / CONFIG)
        if values.get("model_type") == MODEL_TYPE:
            return NextSentenceNetwork.from_folder(folder, values)
        config = read_config(folder)
        if has_auto_class(config):
            return load_network(self.auto_class, folder, config)
        return _with_layer(load_network("AutoModel", folder, config), folder)

    def forward(self, network: nn.Module, inputs: Inputs) -> Tensor:
        """Logits of shape (B, 2)."""
        logits: Tensor = network(**inputs).logits
        return logits

    def split(self, logits: NDArray[np.float32], rows: Sequence[Row]) -> list[NDArray[np.float32]]:
        """Arrays of shape (2,)."""
        return list(logits)

    def fold_temperature(self, network: nn.Module, temperature: float) -> None:
        """See ``Head.fold_temperature``."""
        fold_last_linear(network, temperature)


def has_auto_class(config: Any) -> bool:
    """Whether transformers has a next-sentence class for the family."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_NEXT_SENTENCE_PREDICTION_MAPPING

    return type(config) in MODEL_FOR_NEXT_SENTENCE_PREDICTION_MAPPING


@dataclass(frozen=True, slots=True)
class Output:
    """Named as transformers' outputs are.

    Args:
        logits: shape (B, 2).
    """

    logits: Tensor


class NextSentenceLayer(nn.Module):
    """What BERT has on its first token: a dense layer with tanh, dropout, and two logits.

    Args:
        config: of the encoder.
    """

    def __init__(self, config: Any) -> None:
        super().__init__()
        size = int(config.hidden_size)
        self.dense = nn.Linear(size, size)
        self.dropout = nn.Dropout(0.1)
        self.classifier = nn.Linear(size, 2)
        for layer in (self.dense, self.classifier):
            nn.init.normal_(layer.weight, std=0.02)
            nn.init.zeros_(layer.bias)

    def forward(self, hidden: Tensor) -> Tensor:
        """Last hidden states (B, T, H) to logits (B, 2)."""
        logits: Tensor = self.classifier(self.dropout(torch.tanh(self.dense(hidden[:, 0]))))
        return logits


class NextSentenceNetwork(nn.Module):
    """An encoder of any family with a ``NextSentenceLayer``.

    Args:
        encoder: a transformers base model.
    """

    base_model_prefix = "encoder"

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.encoder = encoder
        self.config = encoder.config
        self.next_sentence = NextSentenceLayer(encoder.config)

    @classmethod
    def from_folder(cls, folder: Path, values: dict[str, Any]) -> NextSentenceNetwork:
        """Loads what ``save_pretrained`` wrote; ``values`` are its config.json."""
        from transformers import AutoModel

        found = values.get("encoder")
        config = make_config(found if isinstance(found, dict) else {}, folder)

        def build() -> NextSentenceNetwork:
            return cls(AutoModel.from_config(config).float())  # type: ignore[no-untyped-call]

        check_size(build, folder)
        network = build()
        try:
            load_model(network, folder / WEIGHTS)
        except (SafetensorError, RuntimeError, OSError) as error:
            raise FolderError(
                "weights that fit config.json",
                f"{first_line(error)} in {str(folder)!r}",
                "copy the whole model folder again",
            ) from error
        check_finite(network, folder)
        return network.eval()

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
    ) -> Output:
        """Token ids, or embeddings (B, T, H) for them, mask and types, each (B, T), to logits (B, 2)."""
        types = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
        text = {"input_ids": input_ids} if inputs_embeds is None else {"inputs_embeds": inputs_embeds}
        hidden = self.encoder(**text, attention_mask=attention_mask, **types).last_hidden_state
        return Output(self.next_sentence(hidden))

    def get_input_embeddings(self) -> nn.Module:
        """The layer that makes embeddings of token ids, as transformers' networks name it."""
        found: nn.Module = self.encoder.get_input_embeddings()
        return found

    def save_pretrained(self, folder: Path, *, safe_serialization: bool = True) -> None:
        """Writes config.json and the weights."""
        encoder = self.config.to_dict()
        names = ("id2label", "label2id")
        values = {
            "model_type": MODEL_TYPE,
            "architectures": [type(self).__name__],
            **{name: encoder[name] for name in names if name in encoder},
            "encoder": encoder,
        }
        (folder / "config.json").write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
        save_model(self, str(folder / WEIGHTS), metadata={"format": "pt"})


def _with_layer(encoder: nn.Module, folder: Path) -> NextSentenceNetwork:
    network = NextSentenceNetwork(encoder)
    _take_over(network.next_sentence, folder)
    return network


def _take_over(layer: nn.Module, folder: Path) -> None:
    """Loads the head that a folder holds, where it holds one."""
    weights = open_weights(folder)
    names = [name for name in weights.places if name.startswith(f"{LAYER}.")]
    if names:
        layer.load_state_dict({name.removeprefix(f"{LAYER}."): weights.tensor(name) for name in names})


def build_both(backbone: Backbone, blueprint: Blueprint, *, next_sentence: bool) -> nn.Module:
    """A network for the missing word, and for the next sentence too where that is wanted.

    It keeps the backbone's trained pooler. What it saves loads in ``AutoModelForMaskedLM``, with both heads
    of BERT's kin in ``AutoModelForPreTraining`` and ``AutoModelForNextSentencePrediction`` as well, and is a
    backbone. Seed torch first.

    Raises:
        FolderError: the family knows no masks.
    """
    if next_sentence and has_auto_class(backbone.config):
        network = build_auto("AutoModelForPreTraining", backbone, blueprint)
        network.tie_weights()  # type: ignore[operator]
        return network
    network = MaskedHead().build(backbone, blueprint)
    keep_pooler(network, backbone)
    if next_sentence:
        network.add_module(LAYER, NextSentenceLayer(network.config))
        _take_over(network.get_submodule(LAYER), backbone.folder)
    return network


class SecondHead(NextSentenceHead):
    """The next-sentence half of a network of ``build_both``, while it is trained."""

    def forward(self, network: nn.Module, inputs: Inputs) -> Tensor:
        """Logits of shape (B, 2)."""
        none = torch.zeros(0, dtype=torch.long, device=inputs["input_ids"].device)
        return both_logits(network, {**inputs, "positions": none})[1]


def both_logits(network: nn.Module, inputs: Inputs) -> tuple[Tensor, Tensor]:
    """One pass for both heads of ``build_both``.

    Args:
        network: with both heads.
        inputs: with ``positions``, shape (M,).

    Returns:
        The logits over the vocabulary, shape (M, V), and the next sentence's, shape (B, 2).
    """
    encoded = run_encoder(network, inputs)
    layer = getattr(network, LAYER, None)
    if layer is None:
        output = run_head(network, encoded, inputs["positions"])
        return vocabulary_logits(output), output.seq_relationship_logits
    pair_logits = layer(encoded.last_hidden_state)
    return vocabulary_logits(run_head(network, encoded, inputs["positions"])), pair_logits
