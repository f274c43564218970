"""What a bank of probes learns, and how it is measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from bertolt.data.batching import fill, steps
from bertolt.inference.engine import MAX_TOKENS
from bertolt.metrics.probing import counted_f1
from bertolt.probing.bank import EdgeBatch, ProbeBank
from bertolt.probing.corpus import Labels, Ranges
from bertolt.probing.store import Store
from bertolt.training.loop import Plan
from bertolt.training.objective import Step, Validation

#: Tokens of a micro-batch, as a share of what an encoder takes: each is held once for each probe.
_SHARE = 4

#: ``labels``: each label for itself, by a sigmoid, as Tenney et al. (2019); ``code``: the bits that labels
#: take, where it is known that each target has one.
Loss = Literal["labels", "code"]


#: A run has at least so many epochs, so that the learning rate comes down.
MIN_EPOCHS = 4


@dataclass(frozen=True, slots=True)
class EdgeSet:
    """Texts with labels, as a bank reads them.

    Args:
        store: the states of their tokens.
        spans: see ``ProbeData.spans``.
        labels: of each text of the store, shape (n, K): gold, or those of the control task.
        counted: which labels F1 is over, shape (K,).
        exactly_one: whether every target has one label.
    """

    store: Store
    spans: Sequence[Ranges]
    labels: Sequence[Labels]
    counted: Labels
    exactly_one: bool

    def batch(self, texts: Sequence[int], device: torch.device) -> EdgeBatch:
        """The targets of some texts."""
        states = torch.from_numpy(self.store.rows(texts)).to(device)
        starts = np.concatenate([[0], np.cumsum(self.store.counts[list(texts)])[:-1]])
        spans = np.concatenate([self.spans[text] + start for text, start in zip(texts, starts, strict=True)])
        pairs = [_flat(spans[:, place]) for place in range(spans.shape[1])]
        labels = np.concatenate([self.labels[text] for text in texts])
        return EdgeBatch(
            states.transpose(0, 1).contiguous().float(),
            tuple(torch.from_numpy(tokens).to(device) for tokens, _ in pairs),
            tuple(torch.from_numpy(owners).to(device) for _, owners in pairs),
            torch.from_numpy(labels).to(device),
        )

    def batches(self, texts: Sequence[int], most: int) -> list[list[int]]:
        """The texts in batches of at most ``most`` kept tokens."""
        counts = [int(self.store.counts[text]) for text in texts]
        return [[texts[place] for place in each] for each in fill(counts, most)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the probes of a bank say of some texts. P probes, n texts, K labels, N targets.

    Args:
        names: of the probes' inputs.
        hits, predicted: counted labels that are right, or said, in each text, shape (P, n).
        gold: counted labels of each text, shape (n,).
        label_hits, label_predicted: of each label, shape (P, K).
        label_gold: shape (K,).
        top: the likeliest label of each target, in the order of the texts, shape (P, N).
        bits: what the labels of all targets take, shape (P,); see ``Loss``.
    """

    names: tuple[str, ...]
    hits: NDArray[np.int64]
    predicted: NDArray[np.int64]
    gold: NDArray[np.int64]
    label_hits: NDArray[np.int64]
    label_predicted: NDArray[np.int64]
    label_gold: NDArray[np.int64]
    top: NDArray[np.int64]
    bits: NDArray[np.float64]

    def f1(self) -> NDArray[np.float64]:
        """Micro-F1 of each probe, shape (P,)."""
        every = np.ones((1, len(self.gold)))
        rows = zip(self.hits, self.predicted, strict=True)
        return np.asarray([counted_f1(hits, self.gold, said)(every)[0] for hits, said in rows])


class EdgeProbing:
    """The loss of all probes of a bank, summed. Implements ``Objective``.

    Probes share no parameter, so the sum is learnt as each alone would be. The best weights of each probe by
    the validation part are kept in the bank, each at an epoch of its own.

    Args:
        bank: the probes, on their device.
        data: what they read.
        train, validation: texts of the data.
        loss: what is learnt, and what is chosen by.
        batch_size: texts of a step.
        seed: of the order.
        epoch_steps: a small training part is gone over several times in an epoch, so that it has as many.
    """

    def __init__(
        self,
        bank: ProbeBank,
        data: EdgeSet,
        train: Sequence[int],
        validation: Sequence[int],
        *,
        loss: Loss,
        batch_size: int,
        seed: int,
        epoch_steps: int = 1,
    ) -> None:
        self.network: nn.Module = bank
        self._bank = bank
        self._data = data
        self._train = list(train)
        self._validation = list(validation)
        self._loss = loss
        self._batch_size = batch_size
        self._seed = seed
        self._device = next(bank.parameters()).device
        self._most = MAX_TOKENS[self._device.type] // _SHARE
        self._rounds = math.ceil(epoch_steps / max(1, math.ceil(len(train) / batch_size)))

    def steps(self, epoch: int) -> list[Step]:
        """See ``Objective.steps``."""
        counts = self._data.store.counts
        lengths = [int(counts[text]) for text in self._train]
        rounds = range(epoch * self._rounds, (epoch + 1) * self._rounds)
        chosen = [each for r in rounds for each in steps(lengths, self._batch_size, self._seed, r)]
        return [self._step([self._train[place] for place in each]) for each in chosen]

    def _step(self, texts: list[int]) -> Step:
        return Step(
            batches=self._data.batches(texts, self._most),
            weight=float(sum(len(self._data.labels[text]) for text in texts)),
            tokens=int(self._data.store.counts[texts].sum()),
        )

    def loss(self, batch: Sequence[int]) -> Tensor:
        """See ``Objective.loss``."""
        read = self._data.batch(batch, self._device)
        return losses(self._bank(read), read.labels, self._code).sum()

    @property
    def _code(self) -> bool:
        return self._loss == "code" and self._data.exactly_one

    def validate(self) -> Validation:
        """See ``Objective.validate``: the mean over probes of each one's best score so far."""
        outcome = measure_bank(self._bank, self._data, self._validation)
        targets = sum(len(self._data.labels[text]) for text in self._validation)
        scores = outcome.f1() if self._loss == "labels" else -outcome.bits / targets
        best = self._bank.keep_best(torch.from_numpy(scores).float())
        return Validation(float(best.mean()), dict(zip(outcome.names, scores.tolist(), strict=True)))

    def state(self) -> dict[str, Any]:
        """See ``Objective.state``: the bank holds its best weights, and the order needs none."""
        return {}

    def load_state(self, state: dict[str, Any]) -> None:
        """See ``Objective.load_state``."""


def losses(logits: Tensor, labels: Tensor, code: bool) -> Tensor:
    """The loss of each target in nats, shape (P, N).

    Args:
        logits: shape (P, N, K).
        labels: shape (N, K).
        code: whether exactly one label holds, and that is known.
    """
    if code:
        return -torch.log_softmax(logits, dim=2)[:, labels]
    gold = labels.to(logits.dtype).expand_as(logits)
    return functional.binary_cross_entropy_with_logits(logits, gold, reduction="none").sum(dim=2)


def make_plan(objective: EdgeProbing, *, epochs: int | None, min_steps: int, lr: float, seed: int) -> Plan:
    """How long and how fast: ``epochs``, or as many as give at least ``min_steps`` steps.

    Gradients are not clipped: their norm is that of all probes together, and one must not slow down another.
    """
    needed = math.ceil(min_steps / len(objective.steps(0)))
    return Plan(
        epochs=epochs or max(MIN_EPOCHS, needed), learning_rate=lr, seed=seed, patience=5, max_norm=math.inf
    )


def measure_bank(bank: ProbeBank, data: EdgeSet, texts: Sequence[int]) -> Outcome:
    """What the probes say of some texts; a label is said where its probability is above one half."""
    device = next(bank.parameters()).device
    count, labels = len(bank.inputs), len(data.counted)
    places = {text: place for place, text in enumerate(texts)}
    sizes = [len(data.labels[text]) for text in texts]
    firsts = np.concatenate([[0], np.cumsum(sizes)])
    hits, predicted = (np.zeros((count, len(texts)), dtype=np.int64) for _ in range(2))
    of_labels = np.zeros((2, count, labels), dtype=np.int64)
    top = np.zeros((count, int(firsts[-1])), dtype=np.int64)
    bits = np.zeros(count)
    was_training = bank.training
    bank.eval()
    with torch.inference_mode():
        for batch in data.batches(texts, MAX_TOKENS[device.type] // _SHARE):
            read = data.batch(batch, device)
            logits = bank(read)
            bits += losses(logits, read.labels, data.exactly_one).sum(dim=1).cpu().numpy() / np.log(2)
            said = logits > 0
            right = said & read.labels
            of_labels += np.stack([each.sum(dim=1).cpu().numpy() for each in (right, said)])
            counted = torch.from_numpy(data.counted).to(device)
            per_target = [(each & counted).sum(dim=2).cpu().numpy() for each in (right, said)]
            chosen = logits.argmax(dim=2).cpu().numpy()
            start = 0
            for text in batch:
                place = places[text]
                own = slice(start, start + sizes[place])
                hits[:, place], predicted[:, place] = (each[:, own].sum(axis=1) for each in per_target)
                top[:, firsts[place] : firsts[place + 1]] = chosen[:, own]
                start += sizes[place]
    bank.train(was_training)
    gold = [data.labels[text] for text in texts]
    return Outcome(
        names=tuple(each.name for each in bank.inputs),
        hits=hits,
        predicted=predicted,
        gold=np.asarray([each[:, data.counted].sum() for each in gold], dtype=np.int64),
        label_hits=of_labels[0],
        label_predicted=of_labels[1],
        label_gold=np.concatenate(gold).sum(axis=0).astype(np.int64),
        top=top,
        bits=bits,
    )


def _flat(spans: Ranges) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The tokens of some spans one after another, and the span of each; spans of shape (N, 2)."""
    lengths = spans[:, 1] - spans[:, 0]
    owners = np.repeat(np.arange(len(spans)), lengths)
    before = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    tokens = np.arange(int(lengths.sum())) - before[owners] + spans[owners, 0]
    return tokens.astype(np.int64), owners.astype(np.int64)
