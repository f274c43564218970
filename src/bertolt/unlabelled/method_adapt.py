"""Reading the pool first, then fine-tuning (Howard & Ruder 2018; Gururangan et al. 2020, §4)."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from pydantic import Field
from torch import nn

from bertolt.data.masking import masking_for
from bertolt.inference.engine import TorchEngine
from bertolt.models.families import encoder_of
from bertolt.models.heads import Blueprint
from bertolt.models.masked_head import MaskedHead, new_parameters
from bertolt.models.next_sentence_head import build_both
from bertolt.training.method import SUPERVISED, MethodSettings, TrainingContext
from bertolt.training.trainable import freeze_embeddings
from bertolt.unlabelled.masked_lm import HEAD_RATE, HeadWarmup, MaskedLM, Reading, only
from bertolt.unlabelled.rows import Pieces, Text

#: Tokens of a row, at most: short rows are read quickest, and every token of a text is in some row.
ROW_LENGTH = 128


class AdaptMethodSettings(MethodSettings):
    """The settings of reading first.

    Args:
        mlm_epochs: passes over the pool.
        mlm_lr: peak learning rate of reading.
        warm_up: steps in which a new head for the missing words is trained alone, before the rest.
        min_steps: of fine-tuning: of few labels it makes more passes than ``--epochs`` says, as two would
            be over before anything is learnt.
    """

    mlm_epochs: int = Field(default=1, ge=1, le=1000)
    mlm_lr: float = Field(default=5e-4, gt=0, lt=1)
    warm_up: int = Field(default=100, ge=0)
    min_steps: int = Field(default=60, ge=0)


class Adapt:
    """See the module. Implements ``Method``."""

    name = "adapt"
    needs_pool = True
    settings: type[MethodSettings] = AdaptMethodSettings

    def train(self, context: TrainingContext) -> None:
        """See ``Method.train``."""
        read_pool_first(context)
        least = context.settings_as(AdaptMethodSettings).min_steps
        a_pass = math.ceil(len(context.prepared.encoded) / context.settings.batch_size)
        epochs = math.ceil(least / a_pass)
        if epochs > context.plan.epochs:
            context.runner.say(f"adapt: {epochs} epochs of fine-tuning, for at least {least} steps")
            context = replace(context, plan=replace(context.plan, epochs=epochs))
        SUPERVISED.train(context)


def read_pool_first(context: TrainingContext) -> None:
    """Trains the body of the network on the missing words of the pool; its head stays as it is."""
    options, settings, plan = context.settings_as(AdaptMethodSettings), context.settings, context.plan
    device = context.model.engine.device
    torch.manual_seed(settings.seed)
    blueprint = Blueprint((), attention_dropout=device.type != "cpu")
    engine = TorchEngine(
        build_both(context.backbone, blueprint, next_sentence=False),
        MaskedHead(),
        pad_id=context.model.tokenizer.pad_id,
        device=device,
    )
    network = engine.network
    if settings.freeze_embeddings:
        freeze_embeddings(network)
    objective = masked_lm(context, network)
    new = new_parameters(network, context.backbone)
    if new and options.warm_up:
        first = HeadWarmup(objective, options.warm_up)
        with only(network, new):
            context.runner.run_phase(
                "reading-head", first, replace(plan, epochs=first.epochs, learning_rate=HEAD_RATE)
            )
    mlm_plan = replace(plan, epochs=options.mlm_epochs, learning_rate=options.mlm_lr)
    context.runner.run_phase("reading", objective, mlm_plan)
    take_body(context.model.engine.network, network)


def masked_lm(context: TrainingContext, network: nn.Module) -> MaskedLM:
    """The missing words of the pool, each text whole in rows of equal length."""
    tokenizer, settings = context.model.tokenizer, context.settings
    tokens = tokenizer.tokens([example.text for example in context.pool])
    length = min(ROW_LENGTH, context.backbone.positions)
    rows = Pieces([Text(each.ids) for each in tokens], tokenizer.single, length)
    reading = Reading(masking_for(tokenizer), tokenizer.pad_id, settings.batch_size, settings.seed)
    return MaskedLM(network, rows, reading, lambda: None)


def take_body(network: nn.Module, source: nn.Module) -> None:
    """Copies the body of one network into another of the same backbone; heads, poolers too, stay."""
    body, theirs = (encoder_of(each) for each in (network, source))
    missing, strange = body.load_state_dict(theirs.state_dict(), strict=False)
    lost = [name for name in missing if "pooler" not in name]
    if lost or strange:
        raise AssertionError(f"two bodies of one backbone differ in {[*lost, *strange][:3]}")
