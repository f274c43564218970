"""Consistency training: what is said of a text must be said of a view of it (UDA, Xie et al. 2020, §3)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from bertolt.inference.engine import TorchEngine, tensors
from bertolt.training.objective import Step, Validation
from bertolt.training.signals import output_signals
from bertolt.training.supervised import Supervised, SupervisedData
from bertolt.training.trainable import TrainableModel
from bertolt.unlabelled.collapse import CollapseStats, RollbackPolicy
from bertolt.unlabelled.consistency_data import ConsistencyBatch, ConsistencySteps
from bertolt.unlabelled.targets import (
    DistributionAlignment,
    RelativeConfidence,
    Schedule,
    annealed,
    confident,
    divergence,
    sharpen,
    threshold,
)


def frozen_copy(network: nn.Module) -> nn.Module:
    """A copy that is never trained, in evaluation mode."""
    found = copy.deepcopy(network)
    found.requires_grad_(False)
    return found.eval()


def copy_weights(source: nn.Module, target: nn.Module) -> None:
    """Writes the weights and buffers of ``source`` into ``target``, bit for bit. Both are built alike."""
    with torch.no_grad():
        for new, old in zip(_tensors(source), _tensors(target), strict=True):
            old.copy_(new)


def average_into(teacher: nn.Module, student: nn.Module, decay: float) -> None:
    """One step of the exponential moving average of weights (Tarvainen & Valpola 2017, §2).

    ``teacher = decay * teacher + (1 - decay) * student``; what is no floating-point number is copied.
    """
    with torch.no_grad():
        for old, new in zip(_tensors(teacher), _tensors(student), strict=True):
            if old.is_floating_point():
                old.lerp_(new, 1 - decay)
            else:
                old.copy_(new)


def _tensors(network: nn.Module) -> list[torch.Tensor]:
    return [*network.parameters(), *network.buffers()]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How guesses become targets, and how much they count.

    Args:
        total_steps: of the run.
        annealing: of the labelled loss.
        temperature: of the targets; 1 leaves them as they are.
        confidence: probability from which a text counts.
        relative: whether that is a part of the mean confidence on labelled texts instead.
        weight: of the unlabelled loss.
        ramp: steps over which that weight rises from 0.
        decay: of the teacher's running mean of weights; 0: the student is its own teacher.
        rollbacks: after which the unlabelled loss is switched off.
        prior: the wanted share of each class, shape (K,).
        aligned: whether guesses are aligned to it.
    """

    total_steps: int
    annealing: Schedule
    temperature: float
    confidence: float
    relative: bool
    weight: float
    ramp: int
    decay: float
    rollbacks: int
    prior: Tensor
    aligned: bool


class ConsistencyNetwork(nn.Module):
    """All weights that training keeps; only the student's are trained.

    Args:
        student: what is trained.
        averaged: whether a teacher's weights are kept.
    """

    def __init__(self, student: nn.Module, *, averaged: bool) -> None:
        super().__init__()
        self.student = student
        self.teacher = frozen_copy(student) if averaged else None
        self.good = frozen_copy(student)

    def train(self, mode: bool = True) -> ConsistencyNetwork:
        """Sets the student's mode; the copies stay as they are in evaluation."""
        super().train(mode)
        for kept in (self.teacher, self.good):
            if kept is not None:
                kept.eval()
        return self

    @property
    def guesser(self) -> nn.Module:
        """What makes the targets, and is used in the end: the teacher, where there is one."""
        return self.student if self.teacher is None else self.teacher


class Consistency:
    """The labelled loss, annealed, plus the weighted divergence between the guess on a text and what is said
    of its view. Implements ``Objective``.

    The guess is made without dropout and without gradient, then aligned, sharpened and masked. After each
    epoch the guesses on the pool are looked at: if they have collapsed, the weights of the last good check
    come back, and the unlabelled loss counts for less from then on. The optimiser's moments stay.

    Args:
        model: with the network to train.
        steps: draws the batches.
        recipe: the rest.
        data: its validation examples and class weights are read.
        report: receives what happens, in words, with figures.
    """

    def __init__(
        self,
        model: TrainableModel,
        steps: ConsistencySteps,
        recipe: Recipe,
        data: SupervisedData,
        report: Callable[..., None],
    ) -> None:
        self._network = ConsistencyNetwork(model.engine.network, averaged=recipe.decay > 0)
        self.network: nn.Module = self._network
        self._model = model
        self._steps = steps
        self._recipe = recipe
        self._data = data
        self._report = report
        self._alignment = DistributionAlignment(recipe.prior)
        self._confidence = RelativeConfidence(len(recipe.prior))
        self._collapse = CollapseStats(model.spec.labels)
        self._rollback = RollbackPolicy(recipe.rollbacks)
        self._signals: dict[str, float] = {}

    def steps(self, epoch: int) -> Sequence[Step]:
        """See ``Objective.steps``."""
        return self._steps.epoch(epoch)

    def loss(self, batch: ConsistencyBatch) -> Tensor:
        """See ``Objective.loss``: this micro-batch's part of the step's loss."""
        if batch.first:
            self._begin(batch.step)
        target = self._guess(batch) if batch.plain else None
        logits = self._logits(self._network.student, [*batch.labelled, *batch.views])
        known, seen = logits[: len(batch.labelled)], logits[len(batch.labelled) :]
        loss = logits.sum() * 0.0
        if batch.labelled:
            loss = loss + batch.labelled_share * self._labelled_loss(known, batch)
        if target is not None:
            loss = loss + self._weight(batch.step) * batch.pool_share * self._unlabelled_loss(
                seen, target, batch
            )
        return loss

    def _begin(self, step: int) -> None:
        if step == 0:  # steps that were only measured for their time leave no trace
            self._alignment = DistributionAlignment(self._recipe.prior)
            self._confidence = RelativeConfidence(len(self._recipe.prior))
            self._collapse.clear()
        if self._network.teacher is not None:
            average_into(self._network.teacher, self._network.student, self._recipe.decay)

    def _logits(self, network: nn.Module, rows: Sequence[Any]) -> Tensor:
        engine = self._model.engine
        inputs = tensors(rows, self._model.tokenizer.pad_id, engine.device)
        return engine.head.forward(network, inputs).float()

    def _guess(self, batch: ConsistencyBatch) -> Tensor:
        """What is said of the texts themselves, aligned; shape (U, K), without gradient."""
        guesser, training = self._network.guesser, self._network.training
        guesser.eval()
        with torch.no_grad():
            logits = self._logits(guesser, batch.plain)
        self._network.train(training)
        found = logits.softmax(-1)
        self._collapse.add(found)
        self._note(output_signals(logits, self._model.spec.labels), batch.pool_share / len(batch.plain))
        if not self._recipe.aligned:
            return found
        self._alignment.update(found)
        return self._alignment(found)

    def _labelled_loss(self, logits: Tensor, batch: ConsistencyBatch) -> Tensor:
        gold = torch.tensor([int(row.target) for row in batch.labelled], device=logits.device)
        losses = functional.cross_entropy(logits, gold, weight=self._data.class_weight, reduction="none")
        probabilities = logits.detach().softmax(-1)
        self._confidence.update(probabilities)
        probability = probabilities.gather(1, gold[:, None])[:, 0]
        progress = batch.step / self._recipe.total_steps
        limit = threshold(self._recipe.annealing, progress, logits.shape[1])
        self._note({"labelled_loss": losses.detach().mean()}, batch.labelled_share)
        self._note({"annealed_share": (probability > limit).float().mean()}, batch.labelled_share)
        return annealed(losses, probability, limit)

    def _unlabelled_loss(self, logits: Tensor, guess: Tensor, batch: ConsistencyBatch) -> Tensor:
        measure = self._confidence.mean if self._recipe.relative else 1.0
        mask = confident(guess, self._recipe.confidence * measure)
        target = sharpen(guess, self._recipe.temperature)
        loss = (divergence(target, logits.log_softmax(-1)) * mask).mean()
        self._note({"unlabelled_loss": loss.detach(), "confident_share": mask.mean()}, batch.pool_share)
        self._signals["unlabelled_weight"] = self._weight(batch.step)
        return loss

    def _weight(self, step: int) -> float:
        ramp = min(1.0, step / self._recipe.ramp) if self._recipe.ramp else 1.0
        return self._recipe.weight * ramp * self._rollback.factor

    def _note(self, figures: dict[str, Tensor], share: float) -> None:
        for name, value in figures.items():
            self._signals[name] = self._signals.get(name, 0.0) + value.item() * share

    def signals(self) -> dict[str, float]:
        """See ``Signalling.signals``: outputs are those on the texts of the pool."""
        found, self._signals = self._signals, {}
        return found

    def validate(self) -> Validation | None:
        """See ``Objective.validate``: of what would be used in the end, after the check for a collapse."""
        self._check()
        engine = TorchEngine(
            self._network.guesser,
            self._model.engine.head,
            pad_id=self._model.tokenizer.pad_id,
            device=self._model.engine.device,
        )
        data = replace(self._data, train=())
        return Supervised(replace(self._model, engine=engine), data, batch_size=1, seed=0).validate()

    def _check(self) -> None:
        network = self._network
        found = self._collapse.collapse(self._recipe.prior.tolist()) if self._rollback.factor else None
        self._collapse.clear()
        if found is None:
            copy_weights(network.student, network.good)
            return
        copy_weights(network.good, network.student)
        if network.teacher is not None:
            copy_weights(network.good, network.teacher)
        self._alignment = DistributionAlignment(self._recipe.prior)
        follows = self._rollback.roll_back()
        text = f"collapse: {found}; back to the last good weights; {follows}"
        self._report(text, weight=self._rollback.factor, alarm=1.0)

    def finish(self) -> None:
        """Leaves the teacher's weights, where there is one, in the model's network."""
        if self._network.teacher is not None:
            copy_weights(self._network.teacher, self._network.student)

    def state(self) -> dict[str, Any]:
        """See ``Objective.state``; teacher and good weights stand beside the student's in ``network``."""
        return {
            "alignment": self._alignment.state(),
            "confidence": self._confidence.state(),
            "window": self._collapse.state(),
            "rollbacks": self._rollback.rollbacks,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """See ``Objective.load_state``."""
        self._alignment.load_state(state["alignment"])
        self._confidence.load_state(state["confidence"])
        self._collapse.load_state(state["window"])
        self._rollback.rollbacks = state["rollbacks"]
