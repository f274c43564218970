"""Self-training: a teacher labels the pool, a student learns from what it is surest of, and teaches next.

After Yarowsky 1995 and Xie et al. 2020 (Noisy Student): the student begins from the backbone again each
round, so that it cannot keep its teacher's mistakes by heart, and it learns with dropout. The last one goes
on by consistency (Xie et al. 2020, UDA), in which no guess is for ever: it reads the whole pool, and what it
is told of a text changes as it learns.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import Field
from torch import Tensor

from bertolt.errors import DataError
from bertolt.metrics.calibration import softmax
from bertolt.progress import progress_bar
from bertolt.training.method import SUPERVISED, MethodSettings, TrainingContext, refuse_padding
from bertolt.training.supervised import SupervisedData
from bertolt.unlabelled.few_shot import FewShotSettings, few_shot_phases, init_linear_probe
from bertolt.unlabelled.method_consistency import (
    ConsistencySettings,
    consistency_phase,
    consistency_steps,
)
from bertolt.unlabelled.pseudo_labels import (
    Floats,
    PseudoLabels,
    PseudoSupervised,
    WordView,
    agreed,
    balanced,
    choose,
    labelled_target,
    pseudo_target,
)


class SelfTrainingSettings(MethodSettings):
    """The settings of self-training.

    Args:
        rounds: students, one after another.
        teacher: the first one: ``probe``, a linear head on the layer that tells labels apart; ``few-shot``,
            trained on pairs of labelled texts as well; ``supervised``, fine-tuned on the labels.
        pool_fraction: share of the pool that the first student learns from, the surest texts first.
        last_pool_fraction: share of the pool that the last student learns from; between them it rises evenly.
        tfidf_view: whether a classifier on words has a say in which texts are sure.
        confidence: the least probability with which a text is taken.
        balance: the shares of the classes among the texts taken: ``equal``, or as the labels have them.
        targets: whether a student is told the teacher's probabilities (``soft``) or its choice (``hard``).
        weight: how much a text of the pool counts beside a labelled one.
        consistency: steps in which the last student goes on by consistency; 0: none.
    """

    rounds: int = Field(default=1, ge=1, le=20)
    teacher: Literal["probe", "few-shot", "supervised"] = "probe"
    pool_fraction: float = Field(default=0.5, gt=0, le=1)
    last_pool_fraction: float = Field(default=0.75, gt=0, le=1)
    tfidf_view: bool = True
    confidence: float = Field(default=0.0, ge=0, lt=1)
    balance: Literal["equal", "labels"] = "equal"
    targets: Literal["soft", "hard"] = "hard"
    weight: float = Field(default=1.0, gt=0, le=100)
    consistency: int = Field(default=400, ge=0, le=1_000_000)


class SelfTraining:
    """See the module. Implements ``Method``."""

    name = "self-training"
    needs_pool = True
    settings: type[MethodSettings] = SelfTrainingSettings

    def train(self, context: TrainingContext) -> None:
        """See ``Method.train``.

        Raises:
            DataError: no text of the pool is sure enough in some class.
        """
        options = context.settings_as(SelfTrainingSettings)
        if options.consistency or options.teacher == "few-shot":
            refuse_padding(context, "--method self-training (but with --set consistency=0)")
        network = context.model.engine.network
        if options.teacher != "supervised":
            init_linear_probe(context)
        start = _copy(network.state_dict())
        first_teacher(context)
        teaching = Teaching(context)
        for number in range(1, options.rounds + 1):
            found = teaching.labels(number)
            context.runner.event(_told(number, found, context), texts=float(len(found.rows)))
            network.load_state_dict(start)
            context.runner.run_phase(f"round-{number}", student(context, found), context.plan)
        if options.consistency:
            going_on = replace(context, method_settings=ConsistencySettings(steps=options.consistency))
            consistency_phase(going_on, consistency_steps(going_on))


class Teaching:
    """Labels the pool for each round.

    Args:
        context: of the training, with the teacher of the next round as its network.
    """

    def __init__(self, context: TrainingContext) -> None:
        self._context = context
        self._options = context.settings_as(SelfTrainingSettings)
        self._shares = class_shares(self._options, context)
        train, labels = context.prepared.corpus.train, context.model.spec.labels
        self._words = None
        if self._options.tfidf_view:
            self._words = WordView(
                [example.text for example in train],
                [labels.index(example.label) for example in train],
                [example.text for example in context.pool],
                len(labels),
            )

    def labels(self, number: int) -> PseudoLabels:
        """What the student of round ``number``, from 1, learns from."""
        options = self._options
        part = (number - 1) / max(1, options.rounds - 1)
        fraction = options.pool_fraction + part * (options.last_pool_fraction - options.pool_fraction)
        opinion = pool_probabilities(self._context)
        if self._words is not None:
            # Words learn from what the network is surest of; the two then decide together.
            surest = choose(opinion, self._shares, options.pool_fraction, 0.0)
            words = balanced(self._words.probabilities(surest), self._shares)
            opinion = agreed(balanced(opinion, self._shares), words)
        return choose(opinion, self._shares, fraction, options.confidence)


def first_teacher(context: TrainingContext) -> None:
    """Trains the network on the labels alone, as the settings say."""
    kind = context.settings_as(SelfTrainingSettings).teacher
    if kind == "supervised":
        SUPERVISED.train(context)
    elif kind == "few-shot":
        few_shot_phases(context, FewShotSettings(kind="contrastive"))


def _copy(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in state.items()}


def class_shares(options: SelfTrainingSettings, context: TrainingContext) -> Floats:
    """The shares that pseudo-labels are to have, shape (K,)."""
    labels = context.model.spec.labels
    if options.balance == "equal":
        return np.full(len(labels), 1 / len(labels))
    counts = Counter(example.label for example in context.prepared.corpus.train)
    return np.asarray([counts[label] for label in labels]) / counts.total()


def pool_probabilities(context: TrainingContext) -> Floats:
    """What the network says of each text of the pool, shape (n, K)."""
    logits = []
    with progress_bar("labelling", len(context.pool)) as progress:
        for _, output in context.model.outputs(context.pool):
            logits.append(output.logits)
            progress.advance(1)
    return np.asarray(softmax(np.stack(logits).astype(np.float64)))


def student(context: TrainingContext, found: PseudoLabels) -> PseudoSupervised:
    """The objective of a round: the labelled examples, and the texts that were chosen.

    Args:
        context: of the training.
        found: which texts of the pool are learnt from, as what.
    """
    options, settings = context.settings_as(SelfTrainingSettings), context.settings
    classes = len(context.model.spec.labels)
    targets = np.eye(classes)[found.classes] if options.targets == "hard" else found.targets
    data = SupervisedData(
        [
            *(labelled_target(each, classes) for each in context.prepared.encoded),
            *(
                pseudo_target(context.pool_rows[row], target, options.weight)
                for row, target in zip(found.rows, targets, strict=True)
            ),
        ],
        context.prepared.choices,
        context.class_weight,
    )
    return PseudoSupervised(context.model, data, batch_size=settings.batch_size, seed=settings.seed)


def _told(number: int, found: PseudoLabels, context: TrainingContext) -> str:
    labels = context.model.spec.labels
    counts = found.counts(len(labels))
    if not len(found.rows):
        raise DataError(
            "unlabelled texts that the teacher is sure of, in every class",
            f"none of {len(context.pool):,} in some class",
            "lower --set confidence, raise --set pool_fraction, or add labelled texts",
        )
    each = ", ".join(f"{count:,} {label}" for label, count in zip(labels, counts, strict=True))
    return (
        f"round {number}: {len(found.rows):,} of {len(context.pool):,} unlabelled texts are learnt from "
        f"({each}), at a probability of {found.confidence:.2f} and above"
    )
