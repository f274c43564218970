"""A model that can be trained: the network of a backbone with a new head."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from bertolt.inference.engine import TorchEngine
from bertolt.inference.run import Model
from bertolt.models.backbone import Backbone
from bertolt.models.device import choose_device
from bertolt.models.families import fit_tokens
from bertolt.models.heads import Blueprint
from bertolt.training.optimisation import is_embedding
from bertolt.training.prepare import Prepared
from bertolt.training.settings import TrainSettings
from bertolt.training.weights import prior_log_odds


@dataclass(frozen=True, slots=True)
class TrainableModel(Model):
    """A model whose engine holds a network that can be trained."""

    engine: TorchEngine


def build(prepared: Prepared, backbone: Backbone, settings: TrainSettings) -> TrainableModel:
    """The network with a new head. The seed is set before the head is made: equal seeds, equal heads."""
    device = choose_device(settings.device)
    torch.manual_seed(settings.seed)
    head = prepared.task.head
    labels = prepared.spec.labels
    prior = prior_log_odds(settings.class_weight, prepared.task, prepared.corpus.train, labels)
    network = head.build(backbone, Blueprint(labels, device.type != "cpu", prior))
    fit_tokens(network, prepared.tokenizer.pad_id, prepared.tokenizer.largest_id)
    if settings.freeze_embeddings:
        freeze_embeddings(network)
    engine = TorchEngine(network, head, pad_id=prepared.tokenizer.pad_id, device=device)
    return TrainableModel(prepared.task, prepared.spec, prepared.tokenizer, engine)


def freeze_embeddings(network: nn.Module) -> None:
    """Leaves the input embeddings as the backbone has them."""
    for name, parameter in network.named_parameters():
        if is_embedding(name):
            parameter.requires_grad_(False)
