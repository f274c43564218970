"""What differs between encoder families, and where the parts of a network are."""

from __future__ import annotations

from torch import nn

from bertolt.errors import FolderError


def encoder_of(network: nn.Module) -> nn.Module:
    """The network without its head; the network itself where it has none."""
    encoder: nn.Module = getattr(network, encoder_name(network), network)
    return encoder


def encoder_name(network: nn.Module) -> str:
    """The attribute that holds the encoder, as the family names it: ``bert``, ``roberta``, ``model``, ..."""
    name: str = network.base_model_prefix  # type: ignore[assignment]
    return name


def last_linear_name(network: nn.Module) -> str:
    """The name of the layer that makes the logits: the last linear layer outside the encoder.

    Some families construct the head before the encoder (XLM-RoBERTa, CamemBERT), so the order of all
    modules does not tell them apart.

    Raises:
        FolderError: the network has no linear layer outside its encoder.
    """
    encoder = encoder_of(network)
    inside = {id(module) for module in encoder.modules()} if encoder is not network else set()
    names: list[str] = [
        name
        for name, module in network.named_modules()
        if isinstance(module, nn.Linear) and id(module) not in inside
    ]
    if encoder is network or not names:
        raise FolderError(
            "a network whose head ends in a linear layer",
            f"{type(network).__name__}, which has none outside its encoder",
            "choose a model of another family; docs/models.md lists them",
        )
    return names[-1]
