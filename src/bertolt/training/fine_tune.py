"""Fine-tuning from the settings to the model folder: the recipe, chapter by chapter."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from bertolt.data.examples import Example, fingerprint
from bertolt.data.tokenizer import without_surrogates
from bertolt.evaluation.evaluate import Evaluation, evaluate_examples
from bertolt.inference.engine import TorchEngine
from bertolt.inference.pipeline import Pipeline
from bertolt.inference.run import Model
from bertolt.metrics.intervals import Estimate
from bertolt.models.backbone import Backbone, load_backbone
from bertolt.models.device import choose_device, set_threads
from bertolt.models.folder import Contents, save_model
from bertolt.models.heads import Blueprint
from bertolt.models.spec import FolderRecord
from bertolt.progress import progress_bar
from bertolt.training.checkpoints import EVERY_SECONDS, Checkpoints
from bertolt.training.corpus import Corpus
from bertolt.training.loop import Plan, train
from bertolt.training.objective import Objective
from bertolt.training.optimisation import is_embedding
from bertolt.training.prepare import Prepared, Say, output_folder, prepare
from bertolt.training.run_folder import RunFolder, machine_identity
from bertolt.training.settings import LARGE_RATE, SMALL_HIDDEN, SMALL_RATE, TrainSettings
from bertolt.training.supervised import Supervised, SupervisedData
from bertolt.training.weights import class_weights, prior_log_odds
from bertolt.version import versions


@dataclass(frozen=True, slots=True)
class Run:
    """A finished training.

    Args:
        folder: the model folder.
        pipeline: the model, ready to predict.
        evaluation: on the test part, else on validation; None where there is neither.
        record: what ``bertolt.json`` says.
        seconds: of the whole run.
    """

    folder: Path
    pipeline: Pipeline
    evaluation: Evaluation | None
    record: FolderRecord
    seconds: float

    @property
    def metrics(self) -> Mapping[str, Estimate]:
        """Each metric with its 95% interval, the primary one first; empty where nothing was measured."""
        return {} if self.evaluation is None else self.evaluation.metrics


def fine_tune(
    settings: TrainSettings,
    say: Say,
    *,
    resume: bool = False,
    checkpoint_seconds: float = EVERY_SECONDS,
    corpus: Corpus | None = None,
) -> Run:
    """Trains one model and writes its folder. ``seeds`` and ``folds`` are those of ``run_training``.

    Args:
        settings: what is wanted.
        say: receives lines for people.
        resume: go on with the interrupted run of this folder instead of beginning a new one.
        checkpoint_seconds: of work that an interruption may cost; 0 keeps a checkpoint of every step.
        corpus: the examples themselves, instead of those of ``settings.data``.

    Raises:
        InputError: the data, a name, a setting or the output folder cannot be used; nothing is left behind.
        DiskError: the disk is full; the run can be resumed.
    """
    start = time.perf_counter()
    out = output_folder(settings)
    threads = set_threads(settings.threads)
    backbone = load_backbone(settings.model)
    prepared = prepare(settings, backbone, say, corpus)
    model = build(prepared, backbone, settings)
    objective = _objective(model, prepared, settings)
    plan = Plan(
        epochs=settings.epochs,
        learning_rate=learning_rate(settings.lr, backbone),
        seed=settings.seed,
        patience=settings.patience,
        layer_decay=settings.layer_decay,
        bf16=model.engine.device.type == "cuda",
    )
    identity = {
        "data": fingerprint(prepared.corpus.train),
        "validation": fingerprint(prepared.corpus.validation),
        "test": fingerprint(prepared.corpus.test),
        **machine_identity(model.engine.device.type, threads),
    }
    run_folder = RunFolder(out)
    with run_folder.open(settings.model_dump(mode="json"), identity, resume=resume):
        say(expected_time(objective, plan, f"{model.engine.device.type}, {threads} threads"))
        total = plan.epochs * len(objective.steps(0))
        with progress_bar("training", total) as progress:
            checkpoints = Checkpoints(run_folder.path, every_seconds=checkpoint_seconds)
            train(objective, plan, checkpoints, run_folder.log, progress)
        fitted = fit_choices(model, prepared.choices)
        evaluation, measured_on = measure(fitted, prepared.corpus)
        record = FolderRecord(
            spec=fitted.spec,
            backbone=settings.model,
            seed=settings.seed,
            data=identity["data"],
            examples=prepared.corpus.sizes(),
            versions=versions(),
            threads=threads,
            training=settings.model_dump(mode="json"),
            metrics={} if evaluation is None else evaluation.to_dict()["metrics"],
            measured_on=measured_on,
        )
        kept = kept_rows(prepared.corpus.validation, settings.keep_examples)
        if _save(out, fitted, record, kept):
            say(f"replaced the older model folder {out}")
    return Run(out, Pipeline(fitted, record), evaluation, record, time.perf_counter() - start)


@dataclass(frozen=True, slots=True)
class TrainableModel(Model):
    """A model whose engine holds a network that can be trained."""

    engine: TorchEngine


def build(prepared: Prepared, backbone: Backbone, settings: TrainSettings) -> TrainableModel:
    """The network with a new head. The seed is set before the head is made: equal seeds, equal heads."""
    device = choose_device(settings.device)
    torch.manual_seed(settings.seed)
    head = prepared.task.head
    labels = prepared.spec.labels
    prior = prior_log_odds(prepared.task, prepared.corpus.train, labels)
    network = head.build(backbone, Blueprint(labels, device.type != "cpu", prior))
    if settings.freeze_embeddings:
        freeze_embeddings(network)
    engine = TorchEngine(network, head, pad_id=prepared.tokenizer.pad_id, device=device)
    return TrainableModel(prepared.task, prepared.spec, prepared.tokenizer, engine)


def freeze_embeddings(network: nn.Module) -> None:
    """Leaves the input embeddings as the backbone has them."""
    for name, parameter in network.named_parameters():
        if is_embedding(name):
            parameter.requires_grad_(False)


def _objective(model: TrainableModel, prepared: Prepared, settings: TrainSettings) -> Supervised:
    weight = class_weights(settings.class_weight, model.task, prepared.corpus.train, model.spec.labels)
    data = SupervisedData(
        prepared.encoded, prepared.choices, None if weight is None else weight.to(model.engine.device)
    )
    return Supervised(model, data, batch_size=settings.batch_size, seed=settings.seed)


def _save(out: Path, model: TrainableModel, record: FolderRecord, kept: Sequence[Mapping[str, Any]]) -> bool:
    def save_tokenizer(folder: Path) -> None:
        model.tokenizer.save(folder, model.spec.max_length)

    return save_model(out, Contents(model.engine.network, save_tokenizer, record, kept))


def learning_rate(wanted: float | None, backbone: Backbone) -> float:
    """The peak learning rate: small encoders bear a greater one."""
    return wanted or (SMALL_RATE if backbone.config.hidden_size <= SMALL_HIDDEN else LARGE_RATE)


def expected_time(objective: Objective, plan: Plan, where: str) -> str:
    """How long the run will take, from one step's gradient, which is thrown away."""
    steps = objective.steps(0)
    middle = sorted(steps, key=lambda step: step.tokens)[len(steps) // 2]
    seconds = float("inf")
    objective.network.train()
    for _ in range(3):  # the first one warms up, and another program may disturb one of the others
        start = time.perf_counter()
        for batch in middle.batches:
            objective.loss(batch).backward()  # type: ignore[no-untyped-call]
        seconds = min(seconds, time.perf_counter() - start)
    objective.network.zero_grad()
    tokens = sum(step.tokens for step in steps)
    minutes = plan.epochs * seconds * tokens / max(1, middle.tokens) / 60
    return (
        f"time: about {minutes:.1f} minutes for {plan.epochs} epochs of {len(steps):,} steps ({where}); "
        f"learning rate {plan.learning_rate:g}"
    )


def fit_choices(model: TrainableModel, validation: Sequence[Any]) -> TrainableModel:
    """Fits temperature and thresholds, and folds the temperature into the network."""
    if not validation:
        return model
    examples, outputs = zip(*model.outputs(validation), strict=True)
    spec = model.task.choose(examples, outputs, model.spec)
    if spec.temperature != 1.0:
        model.task.head.fold_temperature(model.engine.network, spec.temperature)
    return replace(model, spec=spec)


def measure(model: Model, corpus: Corpus) -> tuple[Evaluation | None, Literal["test", "validation", "none"]]:
    """The model on the test part, else on validation."""
    examples = corpus.test or corpus.validation
    if not examples:
        return None, "none"
    with progress_bar("evaluating", len(examples)) as progress:
        evaluation = evaluate_examples(model, examples, progress=progress)
    return evaluation, "test" if corpus.test else "validation"


def kept_rows(examples: Sequence[Example], most: int) -> list[dict[str, Any]]:
    """What a model folder keeps of examples: at most ``most`` rows, evenly spread over their order.

    As the tokenizer reads them: parquet cannot hold a lone surrogate.
    """
    count = min(most, len(examples))
    chosen = [examples[index * len(examples) // count] for index in range(count)]
    return [{name: without_surrogates(value) for name, value in each.values().items()} for each in chosen]
