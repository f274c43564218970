"""The start that few labels ask for: the layer that tells them apart, read by a linear head."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from bertolt.data.features import Encoded
from bertolt.models.mean_reading import can_read_mean, read_mean
from bertolt.tasks.task import input_columns
from bertolt.training.method import Setting
from bertolt.training.trainable import TrainableModel
from bertolt.unlabelled.embeddings import head_embeddings, layer_embeddings, normalised
from bertolt.unlabelled.label_names import name_directions
from bertolt.unlabelled.layer_choice import choose_layer
from bertolt.unlabelled.linear_head import fit_head


def start(setting: Setting, *, label_names: bool = True) -> None:
    """Makes the network read the mean of a chosen layer, and fits its head; nothing else is trained.

    A function of the backbone, the labelled texts and the seed alone, and quick: a resumed run does it again.
    Families whose head cannot read a mean (see ``can_read_mean``) keep their own reading and all layers.

    Args:
        setting: its network is as it was built from the backbone.
        label_names: whether the names of the labels are read as well.
    """
    network, encoded = setting.model.engine.network, setting.prepared.encoded
    if can_read_mean(network):
        embeddings = layer_embeddings(setting.model, encoded)
        centres = embeddings.mean(1, keepdims=True)
        apart = normalised(embeddings, centres)
        choice = choose_layer(apart, gold_classes(encoded), setting.settings.seed)
        read_mean(network, choice.layer, torch.from_numpy(centres[choice.layer - 1, 0]))
        shown = f", {choice.accuracy[choice.layer - 1]:.0%} right in cross-validation" * bool(choice.accuracy)
        setting.run.note(f"few-shot: reads the mean of layer {choice.layer} of {len(embeddings)}{shown}")
    else:
        setting.run.note("few-shot: this family's head keeps its own reading of the last layer")
    fit_linear_head(setting.model, encoded, label_names=label_names)


def fit_linear_head(model: TrainableModel, encoded: list[Encoded], *, label_names: bool = True) -> None:
    """Fits the head to labelled texts, the rest of the network left as it is (Kumar et al. 2022, §3: LP)."""
    readable = label_names and len(input_columns(model.task)) == 1
    names = name_directions(model, model.spec.labels) if readable else None
    fit_head(model.engine.network, head_embeddings(model, encoded), gold_classes(encoded), names)


def gold_classes(encoded: list[Encoded]) -> list[int]:
    """The class of each labelled text."""
    return [int(each.features[0].target) for each in encoded]


def shares(encoded: list[Encoded], classes: int) -> NDArray[np.float64]:
    """The share of each class among labelled texts, each counted once more than it stands; shape (K,)."""
    counts = np.bincount(gold_classes(encoded), minlength=classes) + 1.0
    found: NDArray[np.float64] = counts / counts.sum()
    return found
