"""``--method few-shot``: few labels and no other text."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

from pydantic import Field

from bertolt.training.method import MethodSettings, Setting, supervised_objective
from bertolt.unlabelled.contrastive import Contrastive
from bertolt.unlabelled.few_shot import fit_linear_head, start

#: Rates at which the whole network is trained on few labels, as a share of that of fine-tuning.
RATE_SHARE = 0.2


class FewShotSettings(MethodSettings):
    """The settings of ``--method few-shot``.

    Args:
        kind: ``probe``: a linear head on the frozen network; ``contrastive``: the network trained on pairs of
            labelled texts first (SetFit); ``lp-ft``: the linear head, then all of the network (Kumar et al.
            2022); ``all``: pairs, head, then all of the network.
        label_names: whether the names of the labels are read as well.
        contrastive_steps: steps on pairs.
        contrastive_batch: labelled texts of a step on pairs.
        tuning_steps: steps in which all of the network is trained, at least; ``--epochs`` may make them more.
    """

    kind: Literal["probe", "contrastive", "lp-ft", "all"] = "probe"
    label_names: bool = True
    contrastive_steps: int = Field(default=30, ge=1, le=100_000)
    contrastive_batch: int = Field(default=32, ge=2, le=1024)
    tuning_steps: int = Field(default=30, ge=1, le=100_000)


class FewShot:
    """See the module. Implements ``Method``."""

    name = "few-shot"
    needs_pool = False
    settings: type[MethodSettings] = FewShotSettings

    def train(self, setting: Setting) -> None:
        """See ``Method.train``."""
        own = setting.own(FewShotSettings)
        start(setting, label_names=own.label_names)
        few_shot_phases(setting, own)


def few_shot_phases(setting: Setting, settings: FewShotSettings) -> None:
    """What follows the start; another method may begin with it.

    Args:
        setting: its network is as ``few_shot.start`` leaves it.
        settings: of this method, whatever ``setting.method_settings`` are.
    """
    careful = replace(setting.plan, learning_rate=setting.plan.learning_rate * RATE_SHARE)
    if settings.kind in ("contrastive", "all"):
        objective = Contrastive(
            setting.model,
            setting.prepared.encoded,
            steps=settings.contrastive_steps,
            batch_size=settings.contrastive_batch,
            seed=setting.settings.seed,
        )
        setting.run.run("contrastive", objective, replace(careful, epochs=1))
        fit_linear_head(setting.model, setting.prepared.encoded, label_names=settings.label_names)
    if settings.kind in ("lp-ft", "all"):
        tuning = supervised_objective(setting)
        # Two epochs of twenty texts are two steps, in which nothing is learnt.
        epochs = max(setting.plan.epochs, math.ceil(settings.tuning_steps / len(tuning.steps(0))))
        setting.run.run("fine-tuning", tuning, replace(careful, epochs=epochs))
