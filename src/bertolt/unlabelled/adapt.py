"""Adaptation of a backbone to unlabelled text, from the settings to the model folder."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import torch

from bertolt.data.examples import fingerprint
from bertolt.data.masking import masking_for
from bertolt.data.splits import MIN_FOR_CHOICES
from bertolt.data.tokenizer import Tokenizer
from bertolt.evaluation.evaluate import evaluate_examples
from bertolt.inference.engine import TorchEngine
from bertolt.inference.pipeline import Pipeline
from bertolt.inference.run import Model
from bertolt.metrics.intervals import Estimate
from bertolt.models.backbone import Backbone, load_backbone
from bertolt.models.device import choose_device, set_threads
from bertolt.models.families import fit_tokens
from bertolt.models.folder import Contents, save_model
from bertolt.models.heads import Blueprint, loading_notes
from bertolt.models.masked_head import new_parameters
from bertolt.models.next_sentence_head import SecondHead, build_both
from bertolt.models.spec import FolderRecord, ModelSpec
from bertolt.progress import progress_bar
from bertolt.tasks.next_sentence_prediction import FOLLOWS, OTHER
from bertolt.tasks.registry import get_task
from bertolt.training.fine_tune import kept_rows, learning_rate
from bertolt.training.loop import Plan
from bertolt.training.objective import Validation
from bertolt.training.prepare import Say, free_or_ours, row_length
from bertolt.training.run_folder import PHASES, RunFolder, machine_identity, settings_of
from bertolt.training.runner import RunContext, Runner
from bertolt.training.trial import try_saving
from bertolt.unlabelled.corpus import AdaptData, read_adapt_data
from bertolt.unlabelled.masked_lm import HEAD_RATE, HeadWarmup, MaskedLM, Reading, only
from bertolt.unlabelled.settings import AdaptSettings
from bertolt.version import versions

#: The verb whose runs these are.
VERB = "adapt"
#: Tokens of a row unless told otherwise.
ROW_LENGTH = 128

Figures = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Adaptation:
    """A finished adaptation.

    Args:
        folder: the model folder: a backbone, and a fill-mask model.
        pipeline: the fill-mask model, ready to predict.
        before: figures on the held-out documents with the body as it was, a new head warmed up.
        metrics: the same figures afterwards, with 95% intervals.
        record: what ``bertolt.json`` says.
        seconds: of the whole run.
    """

    folder: Path
    pipeline: Pipeline
    before: Figures
    metrics: Mapping[str, Estimate]
    record: FolderRecord
    seconds: float


def adapt(settings: AdaptSettings, say: Say, *, resume: bool = False) -> Adaptation:
    """Trains a backbone on unlabelled text and writes its folder.

    Args:
        settings: what is wanted.
        say: receives lines for people.
        resume: go on with the interrupted run of this folder instead of beginning a new one.

    Raises:
        BusyError: another process writes the folder or its run.
        InputError: the data, a name, a setting or the output folder cannot be used; nothing is left behind.
        DiskError: the disk is full; the run can be resumed.
    """
    start = time.perf_counter()
    run_folder = RunFolder(free_or_ours(Path(settings.out)), VERB)
    with ExitStack() as opened:
        opened.enter_context(run_folder.lock())
        work = _prepare(settings, say)
        opened.enter_context(run_folder.open(settings.model_dump(mode="json"), work.identity, resume=resume))
        machine = f"{work.identity['device']}, {work.identity['threads']} threads"
        before = _train(work, Runner(run_folder.path / PHASES, RunContext(run_folder.log, say, machine)))
        metrics = measure(work.models, work.data)
        say(f"after: {_shown(_values(metrics))}")
        record = _record(work, before, metrics)
        if _save(work, record):
            say(f"replaced the older model folder {work.out}")
    pipeline = Pipeline(work.models.words, record)
    seconds = time.perf_counter() - start
    return Adaptation(work.out, pipeline, before, metrics, record, seconds)


def resume(folder: Path, say: Say) -> Adaptation:
    """Goes on with the interrupted adaptation of a model folder.

    Args:
        folder: where the model was to go.
        say: receives lines for people.

    Raises:
        FolderError: there is no interrupted adaptation, or data, versions or threads have changed.
    """
    return adapt(
        settings_of(RunFolder(folder, VERB).read_unfinished(), AdaptSettings, folder), say, resume=True
    )


@dataclass(frozen=True, slots=True)
class _Work:
    """All that stands before the first step."""

    settings: AdaptSettings
    out: Path
    backbone: Backbone
    data: AdaptData
    models: AdaptModels
    objective: MaskedLM
    plan: Plan
    identity: Mapping[str, str]


def _prepare(settings: AdaptSettings, say: Say) -> _Work:
    out = free_or_ours(Path(settings.out))
    threads = set_threads(settings.threads)
    backbone = load_backbone(settings.model)
    tokenizer = Tokenizer.from_folder(backbone.folder, embeddings=backbone.embeddings)
    length = row_length(settings.max_length or min(ROW_LENGTH, backbone.positions), backbone)
    reading = Reading(masking_for(tokenizer), tokenizer.pad_id, settings.batch_size, settings.seed)
    data = read_adapt_data(settings, tokenizer, length)
    for note in data.notes:
        say(note)
    models = build_models(settings, backbone, tokenizer, length)
    for note in loading_notes(models.engine.network):
        say(note)
    try_saving(models.engine, out, tokenizer.pad_id)
    objective = MaskedLM(
        models.engine.network, data.rows, reading, lambda: _validation(models, data, settings.epochs)
    )
    device = models.engine.device.type
    plan = Plan(
        epochs=settings.epochs,
        learning_rate=learning_rate(settings.lr, backbone),
        seed=settings.seed,
        bf16=device == "cuda",
    )
    identity = {
        "data": fingerprint(data.train),
        "validation": fingerprint(data.held_out),
        **machine_identity(device, threads),
    }
    return _Work(settings, out, backbone, data, models, objective, plan, identity)


def _train(work: _Work, runner: Runner) -> Figures:
    """Trains a new head alone, measures the network, and then trains all of it; returns what was measured."""
    warmed = _warm_up_head(work, runner)
    before: Figures = runner.cached("before", lambda: _values(measure(work.models, work.data)))
    runner.say(f"before{' (new head only)' if warmed else ''}: {_shown(before)}")
    runner.run_phase(VERB, work.objective, work.plan)
    return before


def _warm_up_head(work: _Work, runner: Runner) -> bool:
    """Trains the parameters that the backbone lacks, alone; whether there were any."""
    network, total = work.objective.network, work.settings.warm_up
    new = new_parameters(network, work.backbone)
    if not new or not total:
        return False
    first = HeadWarmup(work.objective, total)
    plan = Plan(first.epochs, HEAD_RATE, work.plan.seed, bf16=work.plan.bf16)
    with only(network, new):
        runner.run_phase("head", first, plan, announce=False)
    return True


def _record(work: _Work, before: Figures, metrics: Mapping[str, Estimate]) -> FolderRecord:
    models, data = work.models, work.data
    return FolderRecord(
        spec=models.words.spec,
        others=() if models.pairs is None else (models.pairs.spec,),
        backbone=work.settings.model,
        seed=work.settings.seed,
        data=work.identity["data"],
        examples={"train": len(data.train), "validation": len(data.held_out), "test": 0},
        versions=versions(),
        threads=int(work.identity["threads"]),
        notes=loading_notes(models.engine.network),
        training={**work.settings.model_dump(mode="json"), "before": before},
        metrics={name: found.to_dict() for name, found in metrics.items()},
        measured_on="validation",
    )


def _save(work: _Work, record: FolderRecord) -> bool:
    def save_tokenizer(folder: Path) -> None:
        # Rows were short to be quick; what is fine-tuned from here may use all positions.
        work.models.words.tokenizer.save(folder, work.backbone.positions)

    rows = kept_rows(work.data.held_out, work.settings.keep_examples)
    return save_model(work.out, Contents(work.objective.network, save_tokenizer, record, rows))


@dataclass(frozen=True, slots=True)
class AdaptModels:
    """One network as a model for each of its heads.

    Args:
        engine: holds the network.
        words: for the missing word.
        pairs: for the next sentence, or None.
    """

    engine: TorchEngine
    words: Model
    pairs: Model | None


def build_models(
    settings: AdaptSettings, backbone: Backbone, tokenizer: Tokenizer, max_length: int
) -> AdaptModels:
    """The network, with new heads where the backbone has none. Equal seeds, equal heads."""
    device = choose_device(settings.device)
    torch.manual_seed(settings.seed)
    blueprint = Blueprint((), attention_dropout=device.type != "cpu")
    network = build_both(backbone, blueprint, next_sentence=settings.next_sentence)
    fit_tokens(network, tokenizer.pad_id, tokenizer.largest_id)
    task = get_task("fill-mask")
    engine = TorchEngine(network, task.head, pad_id=tokenizer.pad_id, device=device)
    # Documents are measured as they are learnt: whole, in rows of the same length.
    spec = ModelSpec(
        task=task.name, settings=task.Settings().model_dump(), max_length=max_length, long="windows"
    )
    words = Model(task, spec, tokenizer, engine)
    if not settings.next_sentence:
        return AdaptModels(engine, words, None)
    second = get_task("next-sentence-prediction")
    pair_spec = ModelSpec(task=second.name, labels=(FOLLOWS, OTHER), max_length=max_length)
    pair_engine = TorchEngine(network, SecondHead(), pad_id=tokenizer.pad_id, device=device)
    return AdaptModels(engine, words, Model(second, pair_spec, tokenizer, pair_engine))


def measure(models: AdaptModels, data: AdaptData) -> dict[str, Estimate]:
    """The figures on the held-out documents, with their intervals."""
    total = len(data.held_out) + len(data.pairs)
    with progress_bar("measuring", total) as progress:
        found = dict(evaluate_examples(models.words, data.held_out, progress=progress).metrics)
        if models.pairs is not None and data.pairs:
            pairs = evaluate_examples(models.pairs, data.pairs, progress=progress).metrics
            found["next_sentence_accuracy"] = pairs["accuracy"]
    return found


def _validation(models: AdaptModels, data: AdaptData, epochs: int) -> Validation | None:
    """What a checkpoint is chosen by; nothing is chosen among one, or on too few documents."""
    if epochs == 1 or len(data.held_out) < MIN_FOR_CHOICES:
        return None
    figures = {name: found.value for name, found in measure(models, data).items()}
    return Validation(score=-figures["perplexity"], figures=figures)


def _values(metrics: Mapping[str, Estimate]) -> Figures:
    return {name: found.to_dict()["value"] for name, found in metrics.items()}


def _shown(figures: Figures) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} " + ("undefined" if value is None else f"{value:.4g}")
        for name, value in figures.items()
    )
