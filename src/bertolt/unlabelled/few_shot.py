"""``--method few-shot``: few labels and no other text.

A linear probe on the layer that separates the labels best comes first. Then, as the settings say, the network
is trained on pairs of labelled texts (SetFit, Tunstall et al. 2022), or fine-tuned from the probe (Kumar et
al. 2022).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import nn

from bertolt.data.examples import TextExample
from bertolt.data.features import Encoded
from bertolt.models.heads import last_linear
from bertolt.models.mean_reading import can_read_mean, read_mean
from bertolt.tasks.task import input_columns
from bertolt.training.method import MethodSettings, TrainingContext, refuse_padding, supervised_objective
from bertolt.training.trainable import TrainableModel
from bertolt.unlabelled.contrastive import Contrastive
from bertolt.unlabelled.embeddings import Vectors, head_embeddings, layer_embeddings, normalised

TEMPLATES = ("This sentence is {}.", "This text is {}.", "This is {}.", "It is {}.", "{}")


def name_directions(model: TrainableModel, labels: Sequence[str]) -> Vectors:
    """The direction in which each label's name lies from the middle of all of them.

    Args:
        model: of a task that reads one text.
        labels: K names.

    Returns:
        Shape (K, H), each row of length 1, or 0 where all names mean the same.
    """
    words = [label.replace("_", " ").replace("-", " ") for label in labels]
    texts = [TextExample(text=template.format(word)) for word in words for template in TEMPLATES]
    vectors = head_embeddings(model, model.encode(texts))
    means = vectors.reshape(len(labels), len(TEMPLATES), -1).mean(1)
    directions = means - means.mean(0)
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    unit: Vectors = np.divide(directions, lengths, out=np.zeros_like(directions), where=lengths > 1e-9)
    return unit


#: Folds of the cross-validation, at most, and how often it is repeated with other folds.
FOLDS = 5
REPEATS = 2
#: Inverse regularisation (scikit-learn's C) of the classifier that compares layers; texts have norm 1 or so.
LAYER_PROBE_C = 5.0
#: Standard errors to each side of a 95% interval.
Z95 = 1.96


@dataclass(frozen=True, slots=True)
class LayerChoice:
    """The layer that is read.

    Args:
        layer: from 1.
        accuracy: of each layer in cross-validation, the first layer's first; empty where there are too few
            texts of a label for that.
    """

    layer: int
    accuracy: tuple[float, ...]


def choose_layer(embeddings: Vectors, gold: Sequence[int], seed: int) -> LayerChoice:
    """Chooses by the accuracy of logistic regression in repeated, stratified cross-validation.

    Twenty labels hardly tell layers apart: an accuracy is known to 0.2 only. So layers whose accuracy lies in
    the 95% interval of the best count as equal, and of equals the one nearest to two thirds of the way up is
    taken, the later one of two: there the vectors of encoders carry most to other tasks (Liu et al. 2019,
    "Linguistic Knowledge and Transferability of Contextual Representations", §4).

    Args:
        embeddings: shape (layers, n, H), of ``layer_embeddings``.
        gold: the class of each text, shape (n,).
        seed: of the folds.
    """
    rarest = min(Counter(gold).values())
    layers = range(1, len(embeddings) + 1)
    if rarest < 2:
        return LayerChoice(min(layers, key=_distance(len(embeddings))), ())
    classes = np.asarray(gold)
    accuracy = {
        layer: _accuracy(vectors, classes, min(FOLDS, rarest), seed)
        for layer, vectors in zip(layers, embeddings, strict=True)
    }
    equals = _within_interval(accuracy, len(gold))
    return LayerChoice(min(equals, key=_distance(len(embeddings))), tuple(accuracy.values()))


def _distance(count: int) -> Callable[[int], tuple[float, int]]:
    return lambda layer: (abs(layer - 2 * count / 3), -layer)


def _within_interval(accuracy: Mapping[int, float], texts: int) -> list[int]:
    best = max(accuracy.values())
    error = (best * (1 - best) / texts) ** 0.5
    return [layer for layer, value in accuracy.items() if value >= best - Z95 * error - 1e-12]


def _accuracy(vectors: Vectors, gold: NDArray[np.int64], folds: int, seed: int) -> float:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score

    scaled = (vectors - vectors.mean(0)) / max(float(np.linalg.norm(vectors, axis=1).mean()), 1e-12)
    splits = RepeatedStratifiedKFold(n_splits=folds, n_repeats=REPEATS, random_state=seed)
    model = LogisticRegression(C=LAYER_PROBE_C, max_iter=1000)
    return float(cross_val_score(model, scaled, gold, cv=splits).mean())


#: Inverse regularisation (scikit-learn's C) of the linear head; vectors are scaled to a norm of about 1.
HEAD_C = 2.0
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
    model = LogisticRegression(C=HEAD_C, max_iter=5000)
    model.fit(np.hstack([scaled, likeness * factor]), np.asarray(gold))
    on_text, on_names = model.coef_[:, : vectors.shape[1]], model.coef_[:, vectors.shape[1] :]
    weight = (on_text + (on_names * factor) @ directions) / length
    bias = model.intercept_ - weight @ centre
    if len(weight) == 1:  # of two classes scikit-learn keeps the log-odds of the second
        weight, bias = np.vstack([-weight / 2, weight / 2]), np.hstack([-bias / 2, bias / 2])
    layer = last_linear(network)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.copy_(torch.from_numpy(bias))


def init_linear_probe(context: TrainingContext, *, label_names: bool = True) -> None:
    """Makes the network read the mean of a chosen layer, and fits its head; nothing else is trained.

    A function of the backbone, the labelled texts and the seed alone, and quick: a resumed run does it again.
    Families whose head cannot read a mean (see ``can_read_mean``) keep their own reading and all layers.

    Args:
        context: its network is as it was built from the backbone.
        label_names: whether the names of the labels are read as well.
    """
    network, encoded = context.model.engine.network, context.prepared.encoded
    if can_read_mean(network):
        embeddings = layer_embeddings(context.model, encoded)
        centres = embeddings.mean(1, keepdims=True)
        apart = normalised(embeddings, centres)
        choice = choose_layer(apart, gold_classes(encoded), context.settings.seed)
        read_mean(network, choice.layer, torch.from_numpy(centres[choice.layer - 1, 0]))
        shown = f", {choice.accuracy[choice.layer - 1]:.0%} right in cross-validation" * bool(choice.accuracy)
        context.runner.note(f"few-shot: reads the mean of layer {choice.layer} of {len(embeddings)}{shown}")
    else:
        context.runner.note("few-shot: this family's head keeps its own reading of the last layer")
    fit_linear_head(context.model, encoded, label_names=label_names)


def fit_linear_head(model: TrainableModel, encoded: list[Encoded], *, label_names: bool = True) -> None:
    """Fits the head to labelled texts, the rest of the network left as it is (Kumar et al. 2022, §3: LP)."""
    readable = label_names and len(input_columns(model.task)) == 1
    names = name_directions(model, model.spec.labels) if readable else None
    fit_head(model.engine.network, head_embeddings(model, encoded), gold_classes(encoded), names)


def gold_classes(encoded: list[Encoded]) -> list[int]:
    """The class of each labelled text."""
    return [int(each.features[0].target) for each in encoded]


def smoothed_class_shares(encoded: list[Encoded], classes: int) -> NDArray[np.float64]:
    """The share of each class among labelled texts, each counted once more than it stands; shape (K,)."""
    counts = np.bincount(gold_classes(encoded), minlength=classes) + 1.0
    found: NDArray[np.float64] = counts / counts.sum()
    return found


#: Rates at which the whole network is trained on few labels, as a share of that of fine-tuning.
RATE_SHARE = 0.2


class FewShotSettings(MethodSettings):
    """The settings of ``--method few-shot``.

    Args:
        kind: ``probe``: a linear head on the frozen network; ``contrastive``: the network trained on pairs of
            labelled texts first (SetFit); ``lp-ft``: the linear head, then all of the network (Kumar et al.
            2022); ``all``: pairs, head, then all of the network.
        label_names: whether the names of the labels are read as well.
        contrastive_steps: steps on pairs.
        contrastive_batch: labelled texts of a step on pairs.
        tuning_steps: steps in which all of the network is trained, at least; ``--epochs`` may make them more.
    """

    kind: Literal["probe", "contrastive", "lp-ft", "all"] = "probe"
    label_names: bool = True
    contrastive_steps: int = Field(default=30, ge=1, le=100_000)
    contrastive_batch: int = Field(default=32, ge=2, le=1024)
    tuning_steps: int = Field(default=30, ge=1, le=100_000)


class FewShot:
    """See the module. Implements ``Method``."""

    name = "few-shot"
    needs_pool = False
    settings: type[MethodSettings] = FewShotSettings

    def train(self, context: TrainingContext) -> None:
        """See ``Method.train``."""
        options = context.settings_as(FewShotSettings)
        if options.kind in ("contrastive", "all"):
            refuse_padding(context, f"--set kind={options.kind}")
        init_linear_probe(context, label_names=options.label_names)
        few_shot_phases(context, options)


def few_shot_phases(context: TrainingContext, settings: FewShotSettings) -> None:
    """What follows the start; another method may begin with it.

    Args:
        context: its network is as ``init_linear_probe`` leaves it.
        settings: of this method, whatever ``context.method_settings`` are.
    """
    careful = replace(context.plan, learning_rate=context.plan.learning_rate * RATE_SHARE)
    if settings.kind in ("contrastive", "all"):
        objective = Contrastive(
            context.model,
            context.prepared.encoded,
            steps=settings.contrastive_steps,
            batch_size=settings.contrastive_batch,
            seed=context.settings.seed,
        )
        context.runner.run_phase("contrastive", objective, replace(careful, epochs=1))
        fit_linear_head(context.model, context.prepared.encoded, label_names=settings.label_names)
    if settings.kind in ("lp-ft", "all"):
        tuning = supervised_objective(context)
        # Two epochs of twenty texts are two steps, in which nothing is learnt.
        epochs = max(context.plan.epochs, math.ceil(settings.tuning_steps / len(tuning.steps(0))))
        context.runner.run_phase("fine-tuning", tuning, replace(careful, epochs=epochs))
