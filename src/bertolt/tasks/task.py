"""What a task is: everything in which one task differs from the next, and nothing else.

A task file holds one object named ``TASK`` that has the members below, in this order. The registry finds
it; no other file names it. Two kinds of tasks share most of their members: those build their ``TASK``
from a class beside them, such as ``single_label.SingleLabel``.

A task file imports torch and its head only inside ``head`` and ``loss``, so that reading and checking data
does not load torch.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bertolt.data.examples import Example
from bertolt.data.features import Encoded, Feature
from bertolt.data.splits import Stratum
from bertolt.data.table import Column, Layout, Row, Table
from bertolt.data.tokenizer import Tokenizer, Tokens
from bertolt.data.truncation import Policy
from bertolt.errors import SettingError
from bertolt.metrics.statistic import Statistic
from bertolt.models.spec import ModelSpec
from bertolt.results import Result

if TYPE_CHECKING:
    from torch import Tensor

    from bertolt.models.heads import Head

Logits = NDArray[np.float32]
Typed = TypeVar("Typed", bound=BaseModel)


class TaskSettings(BaseModel):
    """The typed settings of a task, given by ``--set name=value``. This one has none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def view(self, table: Table) -> Table:
        """The table with the task's own columns beside its own, where the settings know its columns."""
        return table

    def most_rows(self) -> int | None:
        """How many rows training draws of one DATA, at most; None: all."""
        return None

    def no_label_name(self) -> str | None:
        """The label that stands for no label; None: -1 where it is no label, see ``minus_one_is_label``."""
        return None


class LabelSettings(TaskSettings):
    """The setting of tasks with one label for each row."""

    no_label: str | None = Field(
        default=None,
        description="the label that stands for no label, whose rows are left out; by default -1, except in "
        "-1/1, -1/0/1 and beside other negative numbers; empty: every label is one",
    )

    @field_validator("no_label", mode="before")
    @classmethod
    def _as_name(cls, value: Any) -> Any:
        return value if value is None else str(value)

    def no_label_name(self) -> str | None:
        """See ``TaskSettings.no_label_name``."""
        return self.no_label


class Task(Protocol):
    """See the module.

    Args:
        name: the field's standard term, in kebab case.
        aliases: other names under which it is found.
        summary: one sentence for people, without a full stop.
        columns: what it reads; the first input column is the one that a bare string stands for.
        layouts: headerless kinds of file that it knows.
        Settings: its typed settings.
        activation: what makes probabilities of its logits.
        metric: the name of its usual primary statistic. The first of ``statistics`` decides, whose order may
            depend on the labels; greater is better.
        offsets: whether encoding needs the tokens' characters.
        policies: what it can do with a text longer than a row, its usual way first.
        label_outputs: whether the outputs of a model are the labels of its rows, one each.
    """

    name: str
    aliases: tuple[str, ...]
    summary: str
    columns: tuple[Column, ...]
    layouts: tuple[Layout, ...]
    Settings: type[TaskSettings]
    activation: Literal["softmax", "sigmoid", "none"]
    metric: str
    offsets: bool
    policies: tuple[Policy, ...]
    label_outputs: bool

    @property
    def head(self) -> Head:
        """What stands on the encoder."""

    def example(self, row: Row, settings: TaskSettings) -> Any:
        """A row as the task's typed record. What it repairs, or cannot use, it says in ``note``.

        Raises:
            DataError: a value that cannot be used, with the row's line.
        """

    def label_names(self, examples: Sequence[Any], settings: TaskSettings) -> tuple[str, ...]:
        """The outputs that training examples ask for, in a fixed order.

        Raises:
            DataError: labels that nothing can be learnt from, such as one class only.
        """

    def stratum(self, example: Any) -> Stratum:
        """What a split keeps the shares of: a label, several, or None where there is nothing to keep."""

    def group(self, example: Any) -> Hashable:
        """What must stand on one side of a split, or None where every example may stand alone."""

    def texts(self, example: Any) -> tuple[str, ...]:
        """The strings to tokenise."""

    def encode(
        self, example: Any, tokens: Sequence[Tokens], spec: ModelSpec, tokenizer: Tokenizer
    ) -> Encoded:
        """What the model reads of an example; targets are there where the example has labels.

        Raises:
            DataError: a label that ``spec.labels`` lacks.
        """

    def loss(self, logits: Tensor, features: Sequence[Feature], class_weight: Tensor | None) -> Tensor:
        """The weighted *sum* of the losses of a batch, a scalar. ``logits`` are the head's."""

    def combine(self, example: Any, encoded: Encoded, logits: Sequence[Logits], spec: ModelSpec) -> Any:
        """The logits of all features of an example as the example's one output, free of tokens."""

    def choose(self, examples: Sequence[Any], outputs: Sequence[Any], spec: ModelSpec) -> ModelSpec:
        """Fits temperature, thresholds and the like on validation examples."""

    def decode(self, example: Any, output: Any, spec: ModelSpec) -> Result:
        """The output as a person reads it."""

    def statistics(
        self, examples: Sequence[Any], outputs: Sequence[Any], spec: ModelSpec
    ) -> Mapping[str, Statistic]:
        """The task's metrics as functions of the examples' weights, the primary one first."""


def settings_of(task: Task, spec: ModelSpec) -> TaskSettings:
    """The settings in a model folder, typed again."""
    return task.Settings.model_validate(spec.settings)


def typed_settings(task: Task, values: Mapping[str, Any]) -> TaskSettings:
    """A task's settings out of names and plain values or strings.

    Raises:
        SettingError: a name that the task does not know, or a value of another type.
    """
    return typed_values(task.Settings, task.name, f"`bertolt tasks {task.name}`", values)


def typed_values(kind: type[Typed], owner: str, where: str, values: Mapping[str, Any]) -> Typed:
    """Settings of any class out of names and plain values or strings.

    Args:
        kind: the class.
        owner: whose settings they are, in a message.
        where: they are described.
        values: by name.

    Raises:
        SettingError: a name that the class does not know, or a value of another type.
    """
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        known = ", ".join(kind.model_fields) or "none"
        if first["type"] == "extra_forbidden":
            raise SettingError(f"a setting of {owner}: {known}", repr(name), f"see {where}") from error
        raise SettingError(
            f"a value for {name}: {first['msg'].lower()}", repr(first["input"]), f"see {where}"
        ) from error


def input_values(task: Task, example: Any) -> dict[str, Any]:
    """What prediction reads of an example: the task's input columns that it has, without targets."""
    values = example.values()
    names = [column.name for column in input_columns(task)]
    return {name: values[name] for name in names if values.get(name) is not None}


def input_columns(task: Task) -> tuple[Column, ...]:
    """The columns that prediction reads."""
    return tuple(column for column in task.columns if not column.target)


def target_columns(task: Task) -> tuple[Column, ...]:
    """The columns that are to be learnt."""
    return tuple(column for column in task.columns if column.target)


def has_target(task: Task, example: Example) -> bool:
    """Whether an example carries what is to be learnt."""
    needed = [column for column in target_columns(task) if column.required]
    return all(getattr(example, column.name) is not None for column in needed)
