"""One label out of a closed list, for one text or a pair: what several tasks share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from bertolt.data.columns import REWRITTEN, is_rewritten, read_label, read_text
from bertolt.data.examples import PairExample, TextExample
from bertolt.data.features import Encoded, Feature, assemble, take
from bertolt.data.table import Column, Layout, Row
from bertolt.data.tokenizer import Tokenizer, Tokens
from bertolt.data.truncation import POLICIES, Policy, cut, share
from bertolt.errors import DataError
from bertolt.metrics import classification
from bertolt.metrics.calibration import fit_temperature, softmax
from bertolt.metrics.statistic import Statistic
from bertolt.models.spec import ModelSpec
from bertolt.results import Labels
from bertolt.tasks.task import LabelSettings, Logits, TaskSettings
from bertolt.wording import counted

if TYPE_CHECKING:
    from torch import Tensor

    from bertolt.models.heads import Head

Record = TextExample | PairExample


@dataclass(frozen=True, slots=True)
class SequenceOutput:
    """The logits of a text.

    Args:
        logits: shape (K,), averaged over windows by their tokens.
        tokens, tokens_read, unknown: see ``Result``.
    """

    logits: NDArray[np.float32]
    tokens: int
    tokens_read: int
    unknown: int = 0


@dataclass(frozen=True, kw_only=True)
class SingleLabel:
    """A task with one label of a closed list for each text or pair. Members as in ``Task``.

    Args:
        read_target: a raw label to its name, for tasks whose files write numbers.
        fixed_labels: the labels in a fixed order, where the task has one; else those of the data.
        chosen: names of the statistics that the task reports, the primary one first.
        positive: the place of the label whose F1 is reported as ``f1``, told the names of both.
    """

    name: str
    aliases: tuple[str, ...]
    summary: str
    columns: tuple[Column, ...]
    metric: str
    chosen: tuple[str, ...]
    layouts: tuple[Layout, ...] = ()
    Settings: type[TaskSettings] = LabelSettings
    activation: Literal["softmax", "sigmoid", "none"] = "softmax"
    offsets: bool = False
    policies: tuple[Policy, ...] = POLICIES
    label_outputs: bool = True
    read_target: Callable[[str], str | None] = lambda label: label
    fixed_labels: tuple[str, ...] = ()
    positive: Callable[[Sequence[str]], int] = lambda labels: 1

    @property
    def head(self) -> Head:
        """See ``Task.head``."""
        from bertolt.models.heads import SequenceHead

        return SequenceHead()

    def example(self, row: Row, settings: TaskSettings) -> Record:
        """See ``Task.example``."""
        raw = read_label(row, "label")
        label = None if raw is None else self.read_target(raw)
        note = REWRITTEN if is_rewritten(row.values.get("label")) else ""
        if raw is not None and label is None:
            note = f"without a gold label ({raw!r})"
        text = read_text(row, self.columns[0].name)
        if len(self.columns) == 2:
            return TextExample(line=row.line, note=note, text=text, label=label)
        second = read_text(row, self.columns[1].name)
        return PairExample(line=row.line, note=note, text=text, text_pair=second, label=label)

    def label_names(self, examples: Sequence[Record], settings: TaskSettings) -> tuple[str, ...]:
        """See ``Task.label_names``: the fixed ones, or those of the examples in alphabetical order."""
        counts = Counter(example.label for example in examples)
        if len(counts) < 2:
            raise DataError(
                "at least two different labels",
                f"only {next(iter(counts), None)!r} in {counted(len(examples), 'row')}",
                "check the label column (--label), or add rows of another label",
            )
        found = sorted(label for label in counts if label is not None)
        if not self.fixed_labels:
            return tuple(found)
        strange = [example for example in examples if example.label not in self.fixed_labels]
        if strange:
            shown = ", ".join(f"{example.label!r} on line {example.line}" for example in strange[:5])
            raise DataError(
                f"the labels {', '.join(self.fixed_labels)}",
                f"{len(strange):,} other: {shown}{', …' if len(strange) > 5 else ''}",
                "correct the label column, or choose text-classification or sentence-pair-classification",
            )
        return self.fixed_labels

    def stratum(self, example: Record) -> str | None:
        """See ``Task.stratum``: the label."""
        return example.label

    def group(self, example: Record) -> None:
        """See ``Task.group``: none."""

    def texts(self, example: Record) -> tuple[str, ...]:
        """See ``Task.texts``."""
        return (example.text, example.text_pair) if isinstance(example, PairExample) else (example.text,)

    def encode(
        self, example: Record, tokens: Sequence[Tokens], spec: ModelSpec, tokenizer: Tokenizer
    ) -> Encoded:
        """See ``Task.encode``: one feature, or one for each window."""
        target = None if example.label is None else label_index(example.label, spec.labels, example.line)
        return encode_texts(tokens, target, spec, tokenizer)

    def loss(self, logits: Tensor, features: Sequence[Feature], class_weight: Tensor | None) -> Tensor:
        """Cross-entropy of each feature times its weight (and its class's), summed."""
        import torch
        from torch.nn import functional

        targets = torch.tensor([feature.target for feature in features], device=logits.device)
        weights = torch.tensor([feature.weight for feature in features], device=logits.device)
        losses = functional.cross_entropy(logits.float(), targets, weight=class_weight, reduction="none")
        return (losses * weights).sum()

    def combine(
        self, example: Record, encoded: Encoded, logits: Sequence[Logits], spec: ModelSpec
    ) -> SequenceOutput:
        """See ``Task.combine``: the windows' logits averaged, weighted by their tokens."""
        return average(encoded, logits)

    def choose(
        self, examples: Sequence[Record], outputs: Sequence[SequenceOutput], spec: ModelSpec
    ) -> ModelSpec:
        """See ``Task.choose``: the temperature (Guo et al. 2017)."""
        temperature = fit_temperature(stack(outputs), gold_indices(examples, spec))
        return spec.model_copy(update={"temperature": temperature})

    def decode(self, example: Record, output: SequenceOutput, spec: ModelSpec) -> Labels:
        """See ``Task.decode``."""
        probabilities = softmax(output.logits.astype(np.float64))
        best = int(probabilities.argmax())
        return Labels(
            label=spec.labels[best],
            score=float(probabilities[best]),
            scores=dict(zip(spec.labels, probabilities.tolist(), strict=True)),
            truncated=output.tokens_read < output.tokens,
            tokens=output.tokens,
            tokens_read=output.tokens_read,
            unknown=output.unknown,
        )

    def statistics(
        self, examples: Sequence[Record], outputs: Sequence[SequenceOutput], spec: ModelSpec
    ) -> Mapping[str, Statistic]:
        """See ``Task.statistics``."""
        probabilities = softmax(stack(outputs).astype(np.float64))
        gold = gold_indices(examples, spec)
        predicted = probabilities.argmax(axis=1)
        classes = len(spec.labels)
        known: dict[str, Callable[[], Statistic]] = {
            "accuracy": lambda: classification.accuracy(gold, predicted, classes=classes),
            "macro_f1": lambda: classification.macro_f1(gold, predicted, classes=classes),
            "f1": lambda: classification.f1(
                gold, predicted, classes=classes, positive=self.positive(spec.labels)
            ),
            "matthews": lambda: classification.matthews(gold, predicted, classes=classes),
            "log_loss": lambda: classification.log_loss(gold, probabilities),
            "brier": lambda: classification.brier(gold, probabilities),
            "ece": lambda: classification.ece(gold, probabilities),
        }
        # F1 of one class means something only where there are two.
        return {name: known[name]() for name in self.chosen if name != "f1" or classes == 2}


def label_index(label: str, labels: Sequence[str], line: int) -> int:
    """The place of a label in the model's list.

    Raises:
        DataError: the model does not know it.
    """
    try:
        return labels.index(label)
    except ValueError:
        raise DataError(
            f"one of the model's labels: {', '.join(labels)}",
            f"{label!r} on line {line}",
            "correct the label, remove the row, or train a model on data that has this label",
        ) from None


def encode_texts(tokens: Sequence[Tokens], target: object, spec: ModelSpec, tokenizer: Tokenizer) -> Encoded:
    """Features of one text or of a pair, cut by the model's policy.

    Windows share a weight of 1 by their tokens. Of a pair that is too long the longer text is cut; under
    ``windows`` the longer one is read in windows, beside as much of the other as half a row holds.
    """
    template = tokenizer.single if len(tokens) == 1 else tokenizer.pair
    budget = spec.max_length - template.size
    lengths = [len(part.ids) for part in tokens]
    total = sum(lengths)
    pieces: list[tuple[NDArray[np.int32], ...]]
    if len(tokens) == 1:
        pieces = [(take(tokens[0].ids, piece),) for piece in cut(lengths[0], budget, spec.long)]
    else:
        pieces = _pair_pieces(tokens, budget, spec)
    sizes = [sum(len(text) for text in piece) for piece in pieces]
    features = []
    for piece, size in zip(pieces, sizes, strict=True):
        ids, types = assemble(template, piece)
        weight = 1.0 if len(pieces) == 1 else size / sum(sizes)
        features.append(Feature(ids=ids, types=types, weight=weight, target=target))
    read = min(total, sizes[0] if len(pieces) == 1 else _read_in_windows(lengths, sizes, budget))
    unknown = sum(part.unknown for part in tokens)
    return Encoded(tuple(features), total, read, unknown)


def _pair_pieces(
    tokens: Sequence[Tokens], budget: int, spec: ModelSpec
) -> list[tuple[NDArray[np.int32], ...]]:
    first, second = (part.ids for part in tokens)
    keep = share(len(first), len(second), budget)
    if spec.long != "windows" or len(first) + len(second) <= budget:
        kept = [
            take(ids, cut(len(ids), max(1, limit), "head" if spec.long == "windows" else spec.long)[0])
            for ids, limit in zip((first, second), keep, strict=True)
        ]
        return [tuple(kept)]
    first_longer = len(first) > len(second)
    longer, shorter = (first, second) if first_longer else (second, first)
    shorter = shorter[: min(len(shorter), budget // 2)]
    windows = [take(longer, piece) for piece in cut(len(longer), budget - len(shorter), "windows")]
    return [(window, shorter) if first_longer else (shorter, window) for window in windows]


def _read_in_windows(lengths: Sequence[int], sizes: Sequence[int], budget: int) -> int:
    if len(lengths) == 1:
        return lengths[0]
    return max(lengths) + min(min(lengths), budget // 2)


def average(encoded: Encoded, logits: Sequence[Logits]) -> SequenceOutput:
    """The mean of the features' logits, weighted as the features are."""
    if len(logits) == 1:
        mean = logits[0]
    else:
        weights = np.asarray([feature.weight for feature in encoded.features], dtype=np.float64)
        mean = np.average(np.stack(logits), axis=0, weights=weights).astype(np.float32)
    return SequenceOutput(mean, encoded.tokens, encoded.tokens_read, encoded.unknown)


def stack(outputs: Sequence[SequenceOutput]) -> NDArray[np.float32]:
    """The logits of many texts, shape (n, K)."""
    return np.stack([output.logits for output in outputs])


def gold_indices(examples: Sequence[Record], spec: ModelSpec) -> NDArray[np.int64]:
    """The places of the examples' labels in the model's list, shape (n,)."""
    places = [label_index(str(example.label), spec.labels, example.line) for example in examples]
    return np.asarray(places, dtype=np.int64)
