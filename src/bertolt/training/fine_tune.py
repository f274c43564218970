"""Fine-tuning from the settings to the model folder: the recipe, chapter by chapter."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from bertolt.data.examples import Example, fingerprint
from bertolt.data.tokenizer import without_surrogates
from bertolt.evaluation.evaluate import Evaluation, evaluate_examples
from bertolt.inference.pipeline import Pipeline
from bertolt.inference.run import Model
from bertolt.metrics.intervals import Estimate
from bertolt.models.backbone import Backbone, load_backbone
from bertolt.models.device import set_threads
from bertolt.models.folder import Contents, save_model
from bertolt.models.heads import loading_notes
from bertolt.models.spec import FolderRecord, MethodRecord
from bertolt.progress import progress_bar
from bertolt.training.checkpoints import EVERY_SECONDS
from bertolt.training.corpus import Corpus
from bertolt.training.loop import Plan
from bertolt.training.method import SUPERVISED, Method, TrainingContext, split_settings
from bertolt.training.pool import Pool, read_pool
from bertolt.training.prepare import Say, output_folder, prepare
from bertolt.training.run_folder import PHASES, RunFolder, machine_identity
from bertolt.training.runner import RunContext, Runner
from bertolt.training.settings import LARGE_RATE, SMALL_HIDDEN, SMALL_RATE, TrainSettings
from bertolt.training.trainable import TrainableModel, build
from bertolt.training.trial import try_training
from bertolt.training.weights import class_weights
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


def no_report(run: Run) -> None:
    """Writes nothing beside the model."""


def fine_tune(
    settings: TrainSettings,
    say: Say,
    *,
    method: Method = SUPERVISED,
    resume: bool = False,
    checkpoint_seconds: float = EVERY_SECONDS,
    corpus: Corpus | None = None,
    report: Callable[[Run], None] = no_report,
) -> Run:
    """Trains one model and writes its folder. ``seeds`` and ``folds`` are those of ``run_training``.

    Args:
        settings: what is wanted.
        say: receives lines for people.
        method: how it is trained.
        resume: go on with the interrupted run of this folder instead of beginning a new one.
        checkpoint_seconds: of work that an interruption may cost; 0 keeps a checkpoint of every step.
        corpus: the examples themselves, instead of those of ``settings.data``.
        report: writes what else belongs to the run into the model folder. The run is finished after it.

    Raises:
        BusyError: another process writes the folder or its run.
        InputError: the data, a name, a setting or the output folder cannot be used; nothing is left behind.
        DiskError: the disk is full; the run can be resumed.
    """
    start = time.perf_counter()
    with ExitStack() as opened:
        opened.enter_context(RunFolder(output_folder(settings)).lock())
        work = _begin(settings, say, method, corpus, checkpoint_seconds)
        context, prepared = work.context, work.context.prepared
        content = settings.model_dump(mode="json")
        opened.enter_context(work.run_folder.open(content, work.identity, resume=resume))
        method.train(context)
        fitted = fit_choices(context.model, prepared.choices)
        evaluation, measured_on = measure(fitted, prepared.corpus)
        record = FolderRecord(
            spec=fitted.spec,
            backbone=settings.model,
            seed=settings.seed,
            data=work.identity["data"],
            examples=prepared.corpus.sizes(),
            versions=versions(),
            threads=int(work.identity["threads"]),
            training=settings.model_dump(mode="json"),
            notes=loading_notes(context.model.engine.network),
            metrics={} if evaluation is None else evaluation.to_dict()["metrics"],
            measured_on=measured_on,
            method=_method_record(work, method),
        )
        kept = kept_rows(prepared.corpus.validation, settings.keep_examples)
        if _save(work.out, fitted, record, kept):
            say(f"replaced the older model folder {work.out}")
        run = Run(work.out, Pipeline(fitted, record), evaluation, record, time.perf_counter() - start)
        report(run)
    return run


@dataclass(frozen=True, slots=True)
class _Work:
    """All that stands before the first step."""

    out: Path
    run_folder: RunFolder
    context: TrainingContext
    pool: Pool
    identity: Mapping[str, str]


def _begin(
    settings: TrainSettings, say: Say, method: Method, corpus: Corpus | None, checkpoint_seconds: float
) -> _Work:
    out = output_folder(settings)
    threads = set_threads(settings.threads)
    of_task, of_method = split_settings(settings, method)
    backbone = load_backbone(settings.model)
    prepared = prepare(of_task, backbone, say, corpus)
    pool = read_pool(settings, prepared)
    for note in pool.notes:
        say(note)
    model = build(prepared, backbone, settings)
    for note in loading_notes(model.engine.network):
        say(note)
    try_training(model, prepared.encoded, out)
    device = model.engine.device.type
    weight = class_weights(settings.class_weight, model.task, prepared.corpus.train, prepared.spec.labels)
    run_folder = RunFolder(out)
    where = RunContext(run_folder.log, say, f"{device}, {threads} threads", checkpoint_seconds)
    context = TrainingContext(
        model=model,
        prepared=prepared,
        backbone=backbone,
        pool=pool.examples,
        pool_rows=pool.rows,
        plan=_plan(settings, backbone, device),
        class_weight=None if weight is None else weight.to(model.engine.device),
        settings=settings,
        method_settings=of_method,
        runner=Runner(run_folder.path / PHASES, where),
    )
    identity = {
        "data": fingerprint(prepared.corpus.train),
        "validation": fingerprint(prepared.corpus.validation),
        "test": fingerprint(prepared.corpus.test),
        **({"unlabelled": fingerprint(pool.examples)} if settings.unlabelled else {}),
        **machine_identity(device, threads),
    }
    return _Work(out, run_folder, context, pool, identity)


def _plan(settings: TrainSettings, backbone: Backbone, device: str) -> Plan:
    return Plan(
        epochs=settings.epochs,
        learning_rate=learning_rate(settings.lr, backbone),
        seed=settings.seed,
        patience=settings.patience,
        layer_decay=settings.layer_decay,
        bf16=device == "cuda",
    )


def _method_record(work: _Work, method: Method) -> MethodRecord | None:
    """What ``bertolt.json`` says of the method; nothing of plain supervised learning."""
    if method is SUPERVISED:
        return None
    return MethodRecord(
        name=method.name,
        settings=work.context.method_settings.model_dump(mode="json"),
        pool=work.pool.counts,
        notes=tuple(work.context.runner.notes),
    )


def _save(out: Path, model: TrainableModel, record: FolderRecord, kept: Sequence[Mapping[str, Any]]) -> bool:
    def save_tokenizer(folder: Path) -> None:
        model.tokenizer.save(folder, model.spec.max_length)

    return save_model(out, Contents(model.engine.network, save_tokenizer, record, kept))


def learning_rate(wanted: float | None, backbone: Backbone) -> float:
    """The peak learning rate: small encoders bear a greater one."""
    size = backbone.config.get_text_config().hidden_size
    return wanted or (SMALL_RATE if size <= SMALL_HIDDEN else LARGE_RATE)


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
