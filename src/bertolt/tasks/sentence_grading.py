"""Grading sentences: not grammatical, grammatical, false, somewhat true, true; or any ordered list of labels.

Three judgements stand behind the five grades: acceptable a, verifiable v, and truth t in three steps. The
probabilities are P0 = 1 - a, P1 = a (1 - v) and P2..4 = a v P(false, somewhat true, true): a chain of
questions, each asked where the one before is yes, which is CORN's form too (see ``ordinal``). So the five
grades and an ordered list of labels are one and the same network, with one output a question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field, ValidationInfo, field_validator

from bertolt.data.columns import (
    LABEL_NAMES,
    NO_LABEL,
    REWRITTEN,
    TEXT_NAMES,
    is_rewritten,
    read_label,
    read_text,
)
from bertolt.data.examples import GradedExample
from bertolt.data.features import Encoded, Feature
from bertolt.data.table import Column, Layout, Row, Table
from bertolt.data.tokenizer import Tokenizer, Tokens
from bertolt.data.truncation import POLICIES, Policy
from bertolt.errors import DataError
from bertolt.metrics.calibration import sigmoid
from bertolt.metrics.statistic import Statistic
from bertolt.models.spec import ModelSpec
from bertolt.results import Grade
from bertolt.tasks.acceptability import COLA
from bertolt.tasks.grade_figures import fit_choices, grade_statistics, probabilities_of
from bertolt.tasks.grades import FORM, GRADES, JUDGEMENT_OF, OUTPUTS, UNSURE, output_targets, read_grade
from bertolt.tasks.grading_mapping import SetMapping, mapped, packaged_mapping, read_mapping
from bertolt.tasks.ordinal import chain_losses, chain_targets
from bertolt.tasks.scale import Scale, scale_of
from bertolt.tasks.single_label import SequenceOutput, average, encode_texts, label_index
from bertolt.tasks.task import LabelSettings, Logits, TaskSettings
from bertolt.wording import counted

if TYPE_CHECKING:
    from torch import Tensor

    from bertolt.models.heads import Head

#: Rows that are drawn of each set, so that a large one does not drown a small one.
MOST_ROWS = 8000


class GradingSettings(LabelSettings):
    """What ``--set`` takes."""

    mapping: dict[str, SetMapping] | None = Field(
        default=None,
        description="TOML file: how files of other sets are read; by default CoLA, LIAR, FEVER and JOCI",
    )
    order: tuple[str, ...] = Field(
        default=(),
        description="labels from the lowest to the highest, with commas between, instead of the five grades",
    )
    loss: Literal["corn", "cross-entropy"] = Field(
        default="corn", description="corn knows the order of the labels; cross-entropy does not (with order)"
    )
    decode: Literal["mode", "median"] | None = Field(
        default=None,
        description="the most probable grade or the middle one; by default mode, and median with order",
    )
    cap: int | None = Field(
        default=None,
        ge=1,
        description=f"rows drawn of each DATA in training; by default {MOST_ROWS:,}, and all with order",
    )

    @field_validator("mapping", mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        # Read here and now: the model folder then holds the mapping and needs no file beside it.
        return read_mapping(Path(value)) if isinstance(value, str) else value

    @field_validator("order", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(label.strip() for label in value.split(",")) if isinstance(value, str) else value

    @field_validator("order")
    @classmethod
    def _different(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value and (len(set(value)) < max(2, len(value)) or not all(value)):
            raise ValueError("at least two different labels, with commas between")
        return value

    @field_validator("loss")
    @classmethod
    def _fits(cls, value: str, info: ValidationInfo) -> str:
        if value == "cross-entropy" and not info.data.get("order"):
            raise ValueError("cross-entropy needs an order; the five grades are learnt as judgements")
        return value

    def view(self, table: Table) -> Table:
        """See ``TaskSettings.view``: a file of a set that the mapping knows, as grades."""
        if self.order:
            return table
        return mapped(table, packaged_mapping() if self.mapping is None else self.mapping)

    def most_rows(self) -> int | None:
        """See ``TaskSettings.most_rows``."""
        return self.cap or (None if self.order else MOST_ROWS)


_LIAR_LABELS = {"pants-fire", "false", "barely-true", "half-true", "mostly-true", "true"}


def _is_liar(fields: Sequence[str]) -> bool:
    return len(fields) == 14 and fields[1] in _LIAR_LABELS


#: Wang 2017 (https://arxiv.org/abs/1705.00648); no header, no quoting.
LIAR = Layout(
    "LIAR tsv",
    ("id", "label", "statement", "subject", "speaker", "job", "state", "party", "barely_true_counts",
     "false_counts", "half_true_counts", "mostly_true_counts", "pants_on_fire_counts", "place"),
    _is_liar,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class SentenceGrading:
    """See the module. Members as in ``Task``."""

    name: str = "sentence-grading"
    aliases: tuple[str, ...] = ("ordinal-classification", "ordinal-regression")
    summary: str = "A grade: not grammatical, grammatical, false, somewhat true, true; or of your own order"
    columns: tuple[Column, ...] = (
        Column("text", (*TEXT_NAMES, "claim", "statement", "hypothesis"), holds="text"),
        Column("context", ("premise", "evidence"), required=False),
        Column("label", ("grade", *LABEL_NAMES[1:], "score"), target=True, holds="label"),
    )
    layouts: tuple[Layout, ...] = (COLA, LIAR)
    Settings: type[TaskSettings] = GradingSettings
    activation: Literal["softmax", "sigmoid", "none"] = "sigmoid"
    metric: str = "quadratic_weighted_kappa"
    offsets: bool = False
    policies: tuple[Policy, ...] = POLICIES
    label_outputs: bool = False

    @property
    def head(self) -> Head:
        """See ``Task.head``."""
        from bertolt.models.heads import SequenceHead

        return SequenceHead("multi_label_classification")

    def example(self, row: Row, settings: TaskSettings) -> GradedExample:
        """See ``Task.example``."""
        assert isinstance(settings, GradingSettings)
        text, context = read_text(row, "text"), read_text(row, "context").strip() or None
        label = read_label(row, "label")
        judged: tuple[str, ...] = ()
        note = REWRITTEN if is_rewritten(row.values.get("label")) else ""
        if label == NO_LABEL and not settings.order:
            label, note = None, f"without a label ({label})"
        if label is not None and not settings.order:
            found = read_grade(label)
            if found is None:
                raise DataError(
                    FORM,
                    f"{label!r} on line {row.line}",
                    "correct it; say what the file's labels mean with --set mapping=FILE; or give an ordered "
                    "list of labels, such as --set order=1,2,3,4,5",
                )
            label, judged = found
        return GradedExample(line=row.line, note=note, text=text, context=context, label=label, judged=judged)

    def label_names(self, examples: Sequence[GradedExample], settings: TaskSettings) -> tuple[str, ...]:
        """See ``Task.label_names``: one a question of the chain; with cross-entropy one a grade."""
        assert isinstance(settings, GradingSettings)
        if not settings.order:
            _refuse_unjudged(examples)
            return OUTPUTS
        for example in examples:
            label_index(str(example.label), settings.order, example.line)
        if len({example.label for example in examples}) < 2:
            raise DataError(
                "at least two different labels",
                f"only {examples[0].label!r} in {counted(len(examples), 'row')}",
                "check the label column (--label), or add rows of another label",
            )
        if settings.loss == "cross-entropy":
            return settings.order
        return tuple(f"more than {label}" for label in settings.order[:-1])

    def stratum(self, example: GradedExample) -> str | None:
        """See ``Task.stratum``: the label."""
        return example.label

    def group(self, example: GradedExample) -> str:
        """See ``Task.group``: the context, whose sentences stand on one side; without one, the text."""
        return example.context or example.text

    def texts(self, example: GradedExample) -> tuple[str, ...]:
        """See ``Task.texts``: the context first."""
        return (example.text,) if example.context is None else (example.context, example.text)

    def encode(
        self, example: GradedExample, tokens: Sequence[Tokens], spec: ModelSpec, tokenizer: Tokenizer
    ) -> Encoded:
        """See ``Task.encode``: targets as in ``ordinal.chain_targets``; with cross-entropy the grade."""
        return encode_texts(tokens, _target(example, scale_of(spec)), spec, tokenizer)

    def loss(self, logits: Tensor, features: Sequence[Feature], class_weight: Tensor | None) -> Tensor:
        """The negative log-likelihood of what each feature's label says, times its weight, summed."""
        import torch
        from torch.nn import functional

        weights = torch.tensor([feature.weight for feature in features], device=logits.device)
        targets = torch.from_numpy(np.stack([feature.target for feature in features])).to(logits.device)
        if targets.ndim == 1:
            losses = functional.cross_entropy(logits.float(), targets, weight=class_weight, reduction="none")
        else:
            losses = chain_losses(logits, targets)
        return (losses * weights).sum()

    def combine(
        self, example: GradedExample, encoded: Encoded, logits: Sequence[Logits], spec: ModelSpec
    ) -> SequenceOutput:
        """See ``Task.combine``: the windows' logits averaged, weighted by their tokens."""
        return average(encoded, logits)

    def choose(
        self, examples: Sequence[GradedExample], outputs: Sequence[SequenceOutput], spec: ModelSpec
    ) -> ModelSpec:
        """See ``Task.choose``: one temperature, and from which probability grades 2 to 4 are given.

        That is the lowest from which grades 2 and 4 are right three times in four; where they are not at any
        coverage above a tenth of the sentences, it is 1, and the grade is 1 instead.
        """
        scale = scale_of(spec)
        targets = [_target(example, scale) for example in examples]
        return fit_choices(examples, outputs, targets, spec)

    def decode(self, example: GradedExample, output: SequenceOutput, spec: ModelSpec) -> Grade:
        """See ``Task.decode``."""
        scale = scale_of(spec)
        probabilities = probabilities_of(output.logits[None], scale)
        grade = int(scale.choose(probabilities)[0])
        graded = scale.names == GRADES
        answers = sigmoid(output.logits).tolist() if graded else []
        return Grade(
            grade=grade,
            name=scale.names[grade],
            probabilities=dict(zip(scale.names, probabilities[0].tolist(), strict=True)),
            judgements=dict(zip(spec.labels, answers, strict=graded)),
            unsure=UNSURE if graded else None,
            truncated=output.tokens_read < output.tokens,
            tokens=output.tokens,
            tokens_read=output.tokens_read,
            unknown=output.unknown,
        )

    def statistics(
        self, examples: Sequence[GradedExample], outputs: Sequence[SequenceOutput], spec: ModelSpec
    ) -> Mapping[str, Statistic]:
        """See ``Task.statistics``."""
        return grade_statistics(examples, outputs, spec)


def _target(example: GradedExample, scale: Scale) -> Any:
    if example.label is None:
        return None
    if scale.names == GRADES:
        return output_targets(example)
    grade = label_index(example.label, scale.names, example.line)
    if scale.chain:
        return chain_targets(grade, grade, len(scale.names))
    return np.int64(grade)


def _refuse_unjudged(examples: Sequence[GradedExample]) -> None:
    """Refuses data that say nothing of a judgement: its output would stay as it was drawn."""
    targets = np.stack([output_targets(example) for example in examples])
    for place in range(len(OUTPUTS)):
        if np.isnan(targets[:, place]).all():
            raise DataError(
                "rows that say something of each judgement: acceptable, verifiable, and truth",
                f"none of {counted(len(examples), 'row')} on {JUDGEMENT_OF[place]} ({OUTPUTS[place]!r})",
                "add a file that has such rows, or choose the task acceptability or text-classification",
            )


TASK = SentenceGrading()
