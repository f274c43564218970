"""What a model folder says of its model: ``bertolt.json``. Engines and servers read it and choose nothing."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bertolt.models.engine_record import EngineRecord

FORMAT = 1

#: Among a spec's choices: the probability under which an answer is withheld, unless the caller gives one.
ABSTAIN = "abstain_below"


#: Tokens that a row must have room for: the special ones of a pair, and some of its texts.
LEAST_LENGTH = 8

Finite = Annotated[float, Field(allow_inf_nan=False)]


class ModelSpec(BaseModel):
    """All that turns the network's numbers into a result.

    Args:
        task: the task's name.
        settings: the task's typed settings, as plain values.
        labels: names of the outputs, in the network's order; empty where the task has none.
        activation: what makes probabilities of logits.
        thresholds: probability from which each label applies, in the order of ``labels``; only for
            tasks of several labels. None: 0.5 each.
        choices: other numbers fitted on validation, by name (such as a null threshold).
        temperature: as it was fitted and folded into the last linear layer; 1 where it was not.
        max_length: tokens of a row, special ones included.
        long: what is done with longer texts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    settings: dict[str, Any] = Field(default_factory=dict)
    labels: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    activation: Literal["softmax", "sigmoid", "none"] = "softmax"
    thresholds: tuple[Finite, ...] | None = None
    choices: dict[str, Finite] = Field(default_factory=dict)
    temperature: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    max_length: int = Field(default=512, ge=LEAST_LENGTH, strict=True)
    long: Literal["head", "tail", "head+tail", "windows"] = "head"

    @model_validator(mode="after")
    def _labels_fit(self) -> Self:
        if len(set(self.labels)) < len(self.labels):
            raise ValueError("labels: two have one name")
        if self.thresholds is not None and len(self.thresholds) != len(self.labels):
            raise ValueError(f"thresholds: {len(self.thresholds)} for {len(self.labels)} labels")
        return self


class RepeatedRun(BaseModel):
    """One of several trainings that were made to see how much the figures vary.

    Args:
        number: the run's seed, or its fold's number from 1.
        rows: how many examples it was measured on.
        validation: the primary metric on the validation examples; None where there were too few.
        metrics: on the run's test part, validation where there was none, or its fold.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    rows: int
    validation: float | None = None
    metrics: dict[str, float | None]


class Spread(BaseModel):
    """How a metric varies over runs: mean, sample standard deviation, least and greatest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean: float | None
    std: float | None
    least: float | None
    greatest: float | None


class Repeats(BaseModel):
    """The trainings beside the one that was kept.

    Args:
        kind: ``seeds``: the same split, trained with several seeds, of which the one with the best
            validation score was kept. ``folds``: cross-validation.
        runs: each of them.
        spread: of each metric over the runs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["seeds", "folds"]
    runs: tuple[RepeatedRun, ...]
    spread: dict[str, Spread]


class MethodRecord(BaseModel):
    """How a model was trained, where it was not from labelled examples alone.

    Args:
        name: of the method.
        settings: the method's own, as plain values.
        pool: how many unlabelled texts were read, and how many were left out for which reason.
        notes: what the method chose and found, in sentences.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    settings: dict[str, Any] = Field(default_factory=dict)
    pool: dict[str, int] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()


class FolderRecord(BaseModel):
    """The whole of ``bertolt.json``: the spec, and where the model comes from.

    Args:
        format: version of this file's form.
        spec: how the model is read.
        others: how it is read for further tasks whose heads the folder holds; may be none.
        trained_by: ``others`` where Bertolt uses a model that it did not train; then ``seed``, ``data``,
            ``examples``, ``versions`` and ``threads`` say nothing.
        backbone: the name or folder that training began from.
        seed: of the run.
        data: fingerprint of the training examples.
        examples: how many of each split: train, validation, test.
        versions: of bertolt, torch, transformers, tokenizers and Python.
        threads: of the processor during training; equal threads give equal bits.
        training: the settings of the run.
        metrics: test metrics (validation where there was no test), each with value, low and high.
        notes: what was found when the backbone was loaded, such as weights that began at random.
        measured_on: which split the metrics are of, or ``"none"``; ``"folds"`` where they are of
            cross-validation: each example was judged by a model that was trained without it.
        repeats: the trainings that were made to see how much the figures vary, or None.
        method: how it was trained; None: from labelled examples alone.
        engine: of an exported folder, with the gate's figures; None: torch.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    spec: ModelSpec
    others: tuple[ModelSpec, ...] = ()
    trained_by: Literal["bertolt", "others"] = "bertolt"
    backbone: str
    seed: int
    data: str
    examples: dict[str, int]
    versions: dict[str, str]
    threads: int
    training: dict[str, Any] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
    metrics: dict[str, dict[str, float | None]] = Field(default_factory=dict)
    measured_on: Literal["test", "validation", "folds", "none"] = "none"
    repeats: Repeats | None = None
    method: MethodRecord | None = None
    engine: EngineRecord | None = None
