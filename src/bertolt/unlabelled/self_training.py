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
from bertolt.training.method import SUPERVISED, MethodSettings, Setting
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

    def train(self, setting: Setting) -> None:
        """See ``Method.train``.

        Raises:
            DataError: no text of the pool is sure enough in some class.
        """
        own = setting.own(SelfTrainingSettings)
        network = setting.model.engine.network
        if own.teacher != "supervised":
            init_linear_probe(setting)
        start = _copy(network.state_dict())
        first_teacher(setting)
        teaching = Teaching(setting)
        for number in range(1, own.rounds + 1):
            found = teaching.labels(number)
            setting.run.event(_told(number, found, setting), texts=float(len(found.rows)))
            network.load_state_dict(start)
            setting.run.run(f"round-{number}", student(setting, found), setting.plan)
        if own.consistency:
            going_on = replace(setting, method_settings=ConsistencySettings(steps=own.consistency))
            consistency_phase(going_on, consistency_steps(going_on))


class Teaching:
    """Labels the pool for each round.

    Args:
        setting: of the training, with the teacher of the next round as its network.
    """

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._own = setting.own(SelfTrainingSettings)
        self._shares = class_shares(self._own, setting)
        train, labels = setting.prepared.corpus.train, setting.model.spec.labels
        self._words = None
        if self._own.tfidf_view:
            self._words = WordView(
                [example.text for example in train],
                [labels.index(example.label) for example in train],
                [example.text for example in setting.pool],
                len(labels),
            )

    def labels(self, number: int) -> PseudoLabels:
        """What the student of round ``number``, from 1, learns from."""
        own = self._own
        part = (number - 1) / max(1, own.rounds - 1)
        fraction = own.pool_fraction + part * (own.last_pool_fraction - own.pool_fraction)
        opinion = pool_probabilities(self._setting)
        if self._words is not None:
            # Words learn from what the network is surest of; the two then decide together.
            surest = choose(opinion, self._shares, own.pool_fraction, 0.0)
            words = balanced(self._words.probabilities(surest), self._shares)
            opinion = agreed(balanced(opinion, self._shares), words)
        return choose(opinion, self._shares, fraction, own.confidence)


def first_teacher(setting: Setting) -> None:
    """Trains the network on the labels alone, as the settings say."""
    kind = setting.own(SelfTrainingSettings).teacher
    if kind == "supervised":
        SUPERVISED.train(setting)
    elif kind == "few-shot":
        few_shot_phases(setting, FewShotSettings(kind="contrastive"))


def _copy(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in state.items()}


def class_shares(own: SelfTrainingSettings, setting: Setting) -> Floats:
    """The shares that pseudo-labels are to have, shape (K,)."""
    labels = setting.model.spec.labels
    if own.balance == "equal":
        return np.full(len(labels), 1 / len(labels))
    counts = Counter(example.label for example in setting.prepared.corpus.train)
    return np.asarray([counts[label] for label in labels]) / counts.total()


def pool_probabilities(setting: Setting) -> Floats:
    """What the network says of each text of the pool, shape (n, K)."""
    logits = []
    with progress_bar("labelling", len(setting.pool)) as progress:
        for _, output in setting.model.outputs(setting.pool):
            logits.append(output.logits)
            progress.advance(1)
    return np.asarray(softmax(np.stack(logits).astype(np.float64)))


def student(setting: Setting, found: PseudoLabels) -> PseudoSupervised:
    """The objective of a round: the labelled examples, and the texts that were chosen.

    Args:
        setting: of the training.
        found: which texts of the pool are learnt from, as what.
    """
    own, settings = setting.own(SelfTrainingSettings), setting.settings
    classes = len(setting.model.spec.labels)
    targets = np.eye(classes)[found.classes] if own.targets == "hard" else found.targets
    data = SupervisedData(
        [
            *(labelled_target(each, classes) for each in setting.prepared.encoded),
            *(
                pseudo_target(setting.pool_rows[row], target, own.weight)
                for row, target in zip(found.rows, targets, strict=True)
            ),
        ],
        setting.prepared.choices,
        setting.class_weight,
    )
    return PseudoSupervised(setting.model, data, batch_size=settings.batch_size, seed=settings.seed)


def _told(number: int, found: PseudoLabels, setting: Setting) -> str:
    labels = setting.model.spec.labels
    counts = found.counts(len(labels))
    if not len(found.rows):
        raise DataError(
            "unlabelled texts that the teacher is sure of, in every class",
            f"none of {len(setting.pool):,} in some class",
            "lower --set confidence, raise --set pool_fraction, or add labelled texts",
        )
    each = ", ".join(f"{count:,} {label}" for label, count in zip(labels, counts, strict=True))
    return (
        f"round {number}: {len(found.rows):,} of {len(setting.pool):,} unlabelled texts are learnt from "
        f"({each}), at a probability of {found.confidence:.2f} and above"
    )
