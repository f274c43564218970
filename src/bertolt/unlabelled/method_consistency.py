"""``--method consistency``: few labels, and a pool whose texts must be read as their views are."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Literal, get_args

import torch
from pydantic import Field, field_validator

from bertolt.data.tokenizer import Ids
from bertolt.inference.engine import MAX_TOKENS
from bertolt.training.method import MethodSettings, TrainingContext, refuse_padding
from bertolt.training.supervised import SupervisedData
from bertolt.unlabelled.consistency import Consistency, Recipe
from bertolt.unlabelled.consistency_data import ConsistencySteps, Sizes
from bertolt.unlabelled.few_shot import init_linear_probe, smoothed_class_shares
from bertolt.unlabelled.targets import Schedule
from bertolt.unlabelled.views import ViewName, make_views, view_of


class ConsistencySettings(MethodSettings):
    """The settings of ``--method consistency``.

    Args:
        steps: updates of the weights.
        labelled_batch, unlabelled_batch: texts of a step.
        views: one or more of ``replace``, ``dropout`` and ``mask``, with commas; one is drawn for each text.
            ``back-translation`` needs a translation model, and is refused.
        view_rate: share of the tokens that a view changes.
        annealing: how the labelled loss comes in: ``none``, ``log``, ``linear`` or ``exp``.
        temperature: of the targets; below 1 sharpens them.
        confidence: probability from which a text of the pool counts: UDA has 0.8, FixMatch 0.95.
        relative: whether ``confidence`` is a part of the mean confidence on labelled texts (AdaMatch: 0.9).
        align: the shares of classes that guesses are aligned to: ``labels``, ``equal`` or ``none``.
        weight: of the unlabelled loss.
        ramp: steps over which that weight rises from 0: warm-up on the labels.
        teacher: decay of the running mean of weights that makes the targets; 0: the network itself.
        check_every: steps between two looks for a collapse.
        rollbacks: after which the unlabelled loss is switched off.
        probe: whether training begins with a linear head on the layer that tells the labels apart.
    """

    steps: int = Field(default=400, ge=1, le=1_000_000)
    labelled_batch: int = Field(default=8, ge=1, le=1024)
    unlabelled_batch: int = Field(default=24, ge=1, le=4096)
    views: tuple[ViewName, ...] = Field(default=("replace", "dropout"), min_length=1)
    view_rate: float = Field(default=0.2, gt=0, lt=1)
    annealing: Schedule = "linear"
    temperature: float = Field(default=0.4, gt=0, le=1)
    confidence: float = Field(default=0.9, ge=0, lt=1)
    relative: bool = True
    align: Literal["labels", "equal", "none"] = "labels"
    weight: float = Field(default=1.0, ge=0, le=100)
    ramp: int = Field(default=50, ge=0)
    teacher: float = Field(default=0.99, ge=0, lt=1)
    check_every: int = Field(default=50, ge=1)
    rollbacks: int = Field(default=3, ge=0, le=100)
    probe: bool = True

    @field_validator("views", mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        """Names out of ``--set views=replace,mask``."""
        names = tuple(value.split(",")) if isinstance(value, str) else value
        strange = [name for name in names if name not in get_args(ViewName)]
        if strange:
            raise ValueError(f"{strange[0]!r} is none of {', '.join(get_args(ViewName))}")
        return names


class ConsistencyTraining:
    """See the module. Implements ``Method``."""

    name = "consistency"
    needs_pool = True
    settings: type[MethodSettings] = ConsistencySettings

    def train(self, context: TrainingContext) -> None:
        """See ``Method.train``.

        Raises:
            SettingError: a view that cannot be made.
        """
        refuse_padding(context, "--method consistency")
        steps = consistency_steps(context)
        if context.settings_as(ConsistencySettings).probe:
            init_linear_probe(context)
        consistency_phase(context, steps)


def consistency_phase(context: TrainingContext, steps: ConsistencySteps) -> None:
    """Trains the network as it is now, as the settings describe; the teacher's weights are left in it.

    Args:
        context: with this method's own settings.
        steps: of ``consistency_steps``.
    """
    options = context.settings_as(ConsistencySettings)
    objective = consistency(context, steps)
    epochs = math.ceil(options.steps / options.check_every)
    context.runner.run_phase("consistency", objective, replace(context.plan, epochs=epochs, patience=0))
    objective.finish()


def consistency(context: TrainingContext, steps: ConsistencySteps) -> Consistency:
    """The objective that the settings describe, with the network as it is now as its first teacher."""
    return Consistency(
        context.model,
        steps,
        _recipe(context, context.settings_as(ConsistencySettings)),
        SupervisedData((), context.prepared.choices, context.class_weight),
        report=context.runner.event,
    )


def consistency_steps(context: TrainingContext) -> ConsistencySteps:
    """The steps that the settings describe.

    Raises:
        SettingError: a view that cannot be made.
    """
    options = context.settings_as(ConsistencySettings)
    pool = context.pool_rows
    ids = [row.ids for each in pool for row in each.features]
    views = make_views(options.views, options.view_rate, context.prepared.tokenizer, ids)
    seed = context.settings.seed

    def view(row: Ids, epoch: int, index: int) -> Ids:
        return view_of(views, row, seed, epoch, index)

    most = MAX_TOKENS[context.model.engine.device.type]
    # Whole epochs, so that the last check comes after the last step.
    each = math.ceil(options.steps / math.ceil(options.steps / options.check_every))
    sizes = Sizes(options.labelled_batch, options.unlabelled_batch, each, most)
    return ConsistencySteps(context.prepared.encoded, pool, view, sizes, seed)


def _recipe(context: TrainingContext, options: ConsistencySettings) -> Recipe:
    classes = len(context.model.spec.labels)
    equal = torch.full((classes,), 1 / classes, dtype=torch.float64)
    labelled = torch.from_numpy(smoothed_class_shares(context.prepared.encoded, classes))
    return Recipe(
        total_steps=options.steps,
        annealing=options.annealing,
        temperature=options.temperature,
        confidence=options.confidence,
        relative=options.relative,
        weight=options.weight,
        ramp=options.ramp,
        decay=options.teacher,
        rollbacks=options.rollbacks,
        prior=equal if options.align == "equal" else labelled,
        aligned=options.align != "none",
    )
