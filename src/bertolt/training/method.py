"""A method: how a network becomes a trained one, as a sequence of phases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict
from torch import Tensor

from bertolt.data.features import Encoded
from bertolt.errors import SettingError
from bertolt.models.backbone import Backbone
from bertolt.tasks.registry import get_task
from bertolt.tasks.task import Typed, typed_values
from bertolt.training.loop import Plan
from bertolt.training.prepare import Prepared
from bertolt.training.runner import Runner
from bertolt.training.settings import TrainSettings
from bertolt.training.supervised import Supervised, SupervisedData
from bertolt.training.trainable import TrainableModel


class MethodSettings(BaseModel):
    """The typed settings of a method, given by ``--set name=value``. This one has none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class TrainingContext:
    """What a method trains with.

    Args:
        model: the network with a new head, and how it reads.
        prepared: the labelled data; what is chosen on is ``prepared.choices``, which may be empty.
        backbone: what the network was built from.
        pool: texts without labels, as examples of the task; may be empty.
        pool_rows: what the model reads of each of them.
        plan: of fine-tuning, as the user wants it.
        class_weight: weight of each class's loss, shape (K,), where the network is; or None.
        settings: of the training.
        method_settings: of the method's own class.
        runner: runs the phases.
    """

    model: TrainableModel
    prepared: Prepared
    backbone: Backbone
    pool: Sequence[Any]
    pool_rows: Sequence[Encoded]
    plan: Plan
    class_weight: Tensor | None
    settings: TrainSettings
    method_settings: BaseModel
    runner: Runner

    def settings_as(self, kind: type[Typed]) -> Typed:
        """The method's settings as what they are."""
        if not isinstance(self.method_settings, kind):
            raise TypeError(f"settings of {kind.__name__}, not {type(self.method_settings).__name__}")
        return self.method_settings


class Method(Protocol):
    """See the module.

    Args:
        name: as ``--method`` has it.
        needs_pool: whether it cannot do without unlabelled texts.
        settings: the class of its typed settings.
    """

    name: str
    needs_pool: bool
    settings: type[MethodSettings]

    def train(self, context: TrainingContext) -> None:
        """Leaves ``context.model.engine.network`` trained."""


class PlainSupervised:
    """The labelled examples alone, in one phase. Implements ``Method``."""

    name = "supervised"
    needs_pool = False
    settings: type[MethodSettings] = MethodSettings

    def train(self, context: TrainingContext) -> None:
        """See ``Method.train``."""
        context.runner.run_phase(self.name, supervised_objective(context), context.plan)


SUPERVISED: Method = PlainSupervised()


def supervised_objective(context: TrainingContext) -> Supervised:
    """The task's loss on the labelled examples."""
    prepared, settings = context.prepared, context.settings
    data = SupervisedData(prepared.encoded, prepared.choices, context.class_weight)
    return Supervised(context.model, data, batch_size=settings.batch_size, seed=settings.seed)


def refuse_padding(context: TrainingContext, method: str) -> None:
    """Refuses families whose answers depend on the padding of a batch, for methods that pad rows.

    Raises:
        SettingError: the network is of such a family.
    """
    if context.model.engine.equal_lengths:
        raise SettingError(
            f"for {method}, a model whose answers do not depend on padding",
            f"model type {context.backbone.config.model_type!r}, which pads rows of other lengths",
            "choose another --method, or a --model of another family (docs/models.md)",
        )


def split_settings(settings: TrainSettings, method: Method) -> tuple[TrainSettings, BaseModel]:
    """What ``--set`` says, parted: the settings with the task's own alone, and the method's, typed.

    Raises:
        SettingError: a name that neither knows, or a value of another type.
    """
    task = get_task(settings.task)
    theirs = {name: value for name, value in settings.set.items() if name in method.settings.model_fields}
    rest = {name: value for name, value in settings.set.items() if name not in theirs}
    unknown = [name for name in rest if name not in task.Settings.model_fields]
    if unknown and method.settings.model_fields:
        raise SettingError(
            f"a setting of {task.name}: {', '.join(task.Settings.model_fields) or 'none'}; or of --method "
            f"{method.name}: {', '.join(method.settings.model_fields)}",
            repr(unknown[0]),
            f"see `bertolt tasks {task.name}` and docs/unlabelled.md",
        )
    typed = typed_values(method.settings, f"--method {method.name}", "docs/unlabelled.md", theirs)
    return settings.model_copy(update={"set": rest}), typed
