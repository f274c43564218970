"""Multi-label classification: labels that each hold or do not, any number of them, such as emotions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from bertolt.data.columns import LABEL_NAMES, TEXT_NAMES, read_text
from bertolt.data.examples import MultiLabelExample
from bertolt.data.features import Encoded, Feature
from bertolt.data.table import Column, Layout, Row
from bertolt.data.tokenizer import Tokenizer, Tokens
from bertolt.data.truncation import POLICIES, Policy
from bertolt.errors import DataError
from bertolt.metrics import multilabel
from bertolt.metrics.calibration import fit_temperature_binary, sigmoid, tune_thresholds
from bertolt.metrics.statistic import Statistic
from bertolt.models.spec import ModelSpec
from bertolt.results import NO_LABELS, Labels
from bertolt.tasks.label_list import (
    MULTI_HOT,
    NUMBERED,
    TAKEN,
    check_names,
    multi_hot_error,
    read_label_list,
    read_names,
)
from bertolt.tasks.single_label import SequenceOutput, average, encode_texts, label_index, stack
from bertolt.tasks.task import Logits, TaskSettings
from bertolt.wording import counted, listed

if TYPE_CHECKING:
    from torch import Tensor

    from bertolt.models.heads import Head

LABELS_NAMES = (*LABEL_NAMES, "emotions", "tags", "topics", "categories", "genres")

#: What a label needs to hold where no thresholds were tuned: in training, and on little data.
UNTUNED = 0.5


class MultiLabelSettings(TaskSettings):
    """The settings of multi-label classification."""

    delimiter: str | None = Field(
        default=None,
        min_length=1,
        description="what stands between two labels in text; by default the one of | ; , that is there",
    )
    names: tuple[str, ...] = Field(
        default=(),
        description="names of the labels, with commas between, or a file with one on each line: where the "
        "data writes their numbers from 0, or lists of 0 and 1",
    )
    min_support: int = Field(
        default=10,
        ge=1,
        description="validation rows with a label that it needs for a threshold of its own; rarer ones share",
    )

    @field_validator("names", mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        # Read here and now: the model folder then holds the names and needs no file beside it.
        if isinstance(value, str):
            named = "," in value and not Path(value).is_file()
            return check_names(value.split(","), "in --set names") if named else read_names(Path(value))
        return check_names(value, "in --set names") if isinstance(value, list | tuple) else value


def _is_goemotions(fields: Sequence[str]) -> bool:
    return len(fields) == 3 and re.fullmatch(r"\d+(,\d+)*", fields[1]) is not None


#: Text, the numbers of its labels with commas between them, and the comment's id; no header.
#: Demszky et al. 2020, GoEmotions (https://arxiv.org/abs/2005.00547).
GOEMOTIONS = Layout("GoEmotions tsv", ("text", "labels", "id"), _is_goemotions)


@dataclass(frozen=True, kw_only=True)
class MultiLabel:
    """Members as in ``Task``."""

    name: str = "multi-label-classification"
    aliases: tuple[str, ...] = ("multi-label", "multilabel-classification")
    summary: str = "Every label that holds for a text, none or several: emotions, topics, tags"
    columns: tuple[Column, ...] = (
        Column("text", TEXT_NAMES, holds="text"),
        Column("labels", LABELS_NAMES, target=True, holds="labels"),
    )
    layouts: tuple[Layout, ...] = (GOEMOTIONS,)
    Settings: type[TaskSettings] = MultiLabelSettings
    activation: Literal["softmax", "sigmoid", "none"] = "sigmoid"
    metric: str = "macro_f1"
    offsets: bool = False
    policies: tuple[Policy, ...] = POLICIES
    label_outputs: bool = True

    @property
    def head(self) -> Head:
        """See ``Task.head``."""
        from bertolt.models.heads import SequenceHead

        return SequenceHead("multi_label_classification")

    def example(self, row: Row, settings: TaskSettings) -> MultiLabelExample:
        """See ``Task.example``."""
        assert isinstance(settings, MultiLabelSettings)
        found = read_label_list(row, "labels", delimiter=settings.delimiter, names=settings.names)
        text = read_text(row, "text")
        return MultiLabelExample(line=row.line, note=found.note, text=text, labels=found.labels)

    def label_names(self, examples: Sequence[MultiLabelExample], settings: TaskSettings) -> tuple[str, ...]:
        """See ``Task.label_names``: those of the setting ``names``, or of the examples, by alphabet."""
        assert isinstance(settings, MultiLabelSettings)
        _refuse_two_forms(examples)
        found = sorted({label for example in examples for label in example.labels or ()})
        several = next((each for each in examples if len(each.labels or ()) > 1), None)
        if found == ["0", "1"] and several is not None and not settings.names:
            raise multi_hot_error(2, (), f"only the labels 0 and 1, both of them on line {several.line}")
        if len(found) < 2:
            raise DataError(
                "at least two different labels",
                f"only {listed(found) or 'rows without any'} in {counted(len(examples), 'row')}",
                "check the label column (--label), or choose text-classification",
            )
        return settings.names or tuple(found)

    def stratum(self, example: MultiLabelExample) -> tuple[str, ...]:
        """See ``Task.stratum``: all labels, of which a split takes the rarest."""
        return example.labels or ()

    def group(self, example: MultiLabelExample) -> None:
        """See ``Task.group``: none."""

    def texts(self, example: MultiLabelExample) -> tuple[str, ...]:
        """See ``Task.texts``."""
        return (example.text,)

    def encode(
        self, example: MultiLabelExample, tokens: Sequence[Tokens], spec: ModelSpec, tokenizer: Tokenizer
    ) -> Encoded:
        """See ``Task.encode``: the target is 1 for each label that holds, else 0, of shape (K,)."""
        target = None if example.labels is None else _holds(example, spec.labels).astype(np.float32)
        return encode_texts(tokens, target, spec, tokenizer)

    def loss(self, logits: Tensor, features: Sequence[Feature], class_weight: Tensor | None) -> Tensor:
        """Binary cross-entropy, the mean over a feature's K labels, times its weight, summed over features.

        The mean, as transformers' own loss for ``multi_label_classification``, so that losses compare. A
        class's weight counts where its label holds (``pos_weight``).
        """
        import torch
        from torch.nn import functional

        targets = torch.from_numpy(np.stack([feature.target for feature in features])).to(logits.device)
        weights = torch.tensor([feature.weight for feature in features], device=logits.device)
        losses = functional.binary_cross_entropy_with_logits(
            logits.float(), targets, pos_weight=class_weight, reduction="none"
        )
        return (losses.mean(dim=1) * weights).sum()

    def combine(
        self, example: MultiLabelExample, encoded: Encoded, logits: Sequence[Logits], spec: ModelSpec
    ) -> SequenceOutput:
        """See ``Task.combine``: the windows' logits averaged, weighted by their tokens."""
        return average(encoded, logits)

    def choose(
        self, examples: Sequence[MultiLabelExample], outputs: Sequence[SequenceOutput], spec: ModelSpec
    ) -> ModelSpec:
        """See ``Task.choose``: one temperature, then the threshold of each label with the best F1.

        Labels that hold in fewer than ``min_support`` of the examples share one threshold.
        """
        settings = MultiLabelSettings.model_validate(spec.settings)
        logits, gold = stack(outputs).astype(np.float64), _gold(examples, spec)
        temperature = fit_temperature_binary(logits, gold)
        probabilities = sigmoid(logits / temperature)
        thresholds = tune_thresholds(probabilities, gold, min_support=settings.min_support)
        return spec.model_copy(
            update={"temperature": temperature, "thresholds": tuple(map(float, thresholds))}
        )

    def decode(self, example: MultiLabelExample, output: SequenceOutput, spec: ModelSpec) -> Labels:
        """See ``Task.decode``: see ``Labels`` for what stands for several labels, and for none."""
        probabilities = sigmoid(output.logits)
        passes = probabilities >= _thresholds(spec)
        order = np.argsort(-probabilities, kind="stable")
        passed = tuple(spec.labels[place] for place in order if passes[place])
        return Labels(
            label=", ".join(passed) if passed else NO_LABELS,
            score=float(probabilities[passes].max() if passed else 1 - probabilities.max()),
            scores=dict(zip(spec.labels, probabilities.tolist(), strict=True)),
            passed=passed,
            thresholds=dict(zip(spec.labels, _thresholds(spec).tolist(), strict=True)),
            truncated=output.tokens_read < output.tokens,
            tokens=output.tokens,
            tokens_read=output.tokens_read,
            unknown=output.unknown,
        )

    def statistics(
        self, examples: Sequence[MultiLabelExample], outputs: Sequence[SequenceOutput], spec: ModelSpec
    ) -> Mapping[str, Statistic]:
        """See ``Task.statistics``: with the model's thresholds, and the same F1s at 0.5 beside them.

        Where there are no thresholds yet, as during training, average precision comes first and decides: it
        needs none, while the F1s at 0.5 of rare labels stay at 0 for long.
        """
        gold = _gold(examples, spec)
        probabilities = sigmoid(stack(outputs))
        passes, at_half = probabilities >= _thresholds(spec), probabilities >= UNTUNED
        precision = multilabel.average_precision(gold, probabilities)
        return {
            **({"average_precision": precision} if spec.thresholds is None else {}),
            "macro_f1": multilabel.macro_f1(gold, passes),
            "micro_f1": multilabel.micro_f1(gold, passes),
            "average_precision": precision,
            "log_loss": multilabel.log_loss(gold, probabilities),
            "macro_f1_at_half": multilabel.macro_f1(gold, at_half),
            "micro_f1_at_half": multilabel.micro_f1(gold, at_half),
        }


def _refuse_two_forms(examples: Sequence[MultiLabelExample]) -> None:
    """Refuses files in which one row reads as two labels what another row may mean as one."""
    of_form = {form: [each.line for each in examples if form in each.note] for form in (MULTI_HOT, NUMBERED)}
    if all(of_form.values()):
        raise DataError(
            "one form of list in all rows: 0 and 1 for each name, or the numbers of the labels that hold",
            "; ".join(f"{form} on line {lines[0]}" for form, lines in of_form.items()),
            "write the labels in one form",
        )
    first: dict[str, int] = {}
    for example in examples:
        for delimiter, note in TAKEN.items():
            if note in example.note:
                first.setdefault(delimiter, example.line)
    if len(first) > 1:
        raise DataError(
            "one kind of delimiter between labels in all rows",
            " and ".join(f"{delimiter!r} on line {line}" for delimiter, line in first.items()),
            f"say which one it is, such as --set 'delimiter={next(iter(first))}'",
        )


def _holds(example: MultiLabelExample, labels: Sequence[str]) -> NDArray[np.bool_]:
    """Whether each label holds, shape (K,)."""
    holds = np.zeros(len(labels), dtype=np.bool_)
    for label in example.labels or ():
        holds[label_index(label, labels, example.line)] = True
    return holds


def _gold(examples: Sequence[MultiLabelExample], spec: ModelSpec) -> NDArray[np.bool_]:
    """Whether each label holds, shape (n, K)."""
    return np.stack([_holds(example, spec.labels) for example in examples])


def _thresholds(spec: ModelSpec) -> NDArray[np.float64]:
    """The threshold of each label, shape (K,)."""
    return np.asarray(spec.thresholds or [UNTUNED] * len(spec.labels), dtype=np.float64)


TASK = MultiLabel()
