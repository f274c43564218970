"""Several trainings instead of one: ``--seeds N`` shows how much luck is in a figure, ``--folds K``
measures on every row. Each training is an ordinary one, in a part of the run's folder until all are done.
"""

from __future__ import annotations

import math
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bertolt.data.documents import read_documents
from bertolt.data.examples import TextExample, fingerprint
from bertolt.data.splits import MIN_FOR_CHOICES
from bertolt.errors import InputError, SettingError
from bertolt.evaluation.evaluate import Evaluation
from bertolt.evaluation.pooling import Fold, pool
from bertolt.inference.pipeline import Pipeline
from bertolt.metrics.intervals import number
from bertolt.models.device import choose_device, set_threads
from bertolt.models.folder import adopt_model
from bertolt.models.spec import FolderRecord, RepeatedRun, Repeats, Spread
from bertolt.tasks.registry import get_task
from bertolt.tasks.task import typed_settings
from bertolt.training.checkpoints import EVERY_SECONDS
from bertolt.training.corpus import Corpus, read_all, read_corpus
from bertolt.training.fine_tune import Run, fine_tune, measure, no_report
from bertolt.training.folds import fold_corpora, whole_corpus
from bertolt.training.method import SUPERVISED, Method, split_settings
from bertolt.training.prepare import Say, output_folder
from bertolt.training.run_folder import RunFolder
from bertolt.training.settings import TrainSettings
from bertolt.version import versions
from bertolt.wording import counted


def run_training(
    settings: TrainSettings,
    say: Say,
    *,
    method: Method = SUPERVISED,
    resume: bool = False,
    checkpoint_seconds: float = EVERY_SECONDS,
    report: Callable[[Run], None] = no_report,
) -> Run:
    """Trains as often as ``settings`` say, and writes one model folder.

    With ``seeds`` the split is that of the first seed; the model with the best validation score is kept,
    with its own test figures. With ``folds`` a model is trained for each fold on the others, with all that
    is fitted (weights of classes, checkpoint, temperature, thresholds) fitted inside them; then one is
    trained in the same way on all rows and kept, and its figures are those of the folds.

    Args:
        settings: what is wanted.
        say: receives lines for people.
        method: of each training.
        resume: go on with the interrupted run of this folder; trainings that are done are not repeated.
        checkpoint_seconds, report: see ``fine_tune``.

    Raises:
        SettingError: seeds and folds together, or folds that cannot be.
        InputError, BusyError, DiskError: see ``fine_tune``.
    """
    if settings.seeds == 1 and settings.folds == 0:
        return fine_tune(
            settings,
            say,
            method=method,
            resume=resume,
            checkpoint_seconds=checkpoint_seconds,
            report=report,
        )
    _check(settings)
    out = output_folder(settings)
    job = _Job(settings, method, RunFolder(out), say, checkpoint_seconds, report)
    with job.folder.lock():
        return _train_folds(job, out, resume) if settings.folds else _train_seeds(job, out, resume)


def _check(settings: TrainSettings) -> None:
    if settings.seeds > 1 and settings.folds:
        raise SettingError("--seeds or --folds", "both", "choose one of them")
    if settings.folds == 1:
        raise SettingError("--folds of 2 or more", "1", "5 and 10 are usual")
    given = "--test" if settings.test is not None else "--validation"
    if settings.folds and (settings.test, settings.validation) != (None, None):
        raise SettingError(
            "DATA alone with --folds, which measure on every row of it",
            f"also {given}",
            f"leave {given} out, or leave --folds out",
        )


@dataclass(frozen=True, slots=True)
class _Job:
    """What all trainings of a run share."""

    settings: TrainSettings
    method: Method
    folder: RunFolder
    say: Say
    checkpoint_seconds: float
    report: Callable[[Run], None]


@dataclass(frozen=True, slots=True)
class _Done:
    """A training that is a part of the run: its model on disk, and what was measured."""

    folder: Path
    record: FolderRecord
    evaluation: Evaluation
    validation: float | None

    def run(self, number_: int) -> RepeatedRun:
        values = {name: number(found.value) for name, found in self.evaluation.metrics.items()}
        rows = len(self.evaluation.examples)
        validation = None if self.validation is None else number(self.validation)
        return RepeatedRun(number=number_, rows=rows, validation=validation, metrics=values)


def _train_seeds(job: _Job, out: Path, resume: bool) -> Run:
    start, settings, say = time.perf_counter(), job.settings, job.say
    task = get_task(settings.task)
    of_task, _ = split_settings(settings, job.method)
    corpus = read_corpus(task, typed_settings(task, of_task.set), settings)
    if not corpus.test and not corpus.validation:
        raise InputError("rows to measure on, for --seeds", "none", "give --validation or --test data")
    seeds = range(settings.seed, settings.seed + settings.seeds)
    notes = [*corpus.notes, f"seeds: {seeds[0]} to {seeds[-1]} on this split; times are of one training"]
    done: list[_Done] = []
    with _open(job, corpus, notes, resume):
        for seed in seeds:
            done.append(_measured(_train(job, f"seed-{seed}", seed, corpus, first=not done), corpus))
            say(f"seed {seed}: {_line(done[-1])}")
        best = _best(done)
        say(f"kept: seed {seeds[best]}, {_reason(done[best])}")
        runs = [part.run(seed) for seed, part in zip(seeds, done, strict=True)]
        kept = done[best]
        record = kept.record.model_copy(update=_update(settings, "seeds", runs))
        _adopt(job, out, kept.folder, record)
        return _finished(job, out, kept.evaluation, record, start)


def _train_folds(job: _Job, out: Path, resume: bool) -> Run:
    start, settings, say = time.perf_counter(), job.settings, job.say
    task = get_task(settings.task)
    of_task, _ = split_settings(settings, job.method)
    whole, groups = read_all(task, typed_settings(task, of_task.set), settings)
    corpora = fold_corpora(task, whole, groups, settings.folds, settings.seed)
    last = whole_corpus(task, whole, groups, settings.seed)
    sizes = [len(each.rows) for each in corpora]
    notes = [
        *whole.notes,
        f"folds: {len(sizes)} of {' or '.join(f'{size:,}' for size in sorted({*sizes}))} rows, each judged "
        f"by a model that was trained on the others (seed {settings.seed}); then one model is trained on all "
        f"({len(last.train):,} train, {len(last.validation):,} validation); times are of one training",
    ]
    if min(len(each.corpus.validation) for each in corpora) < MIN_FOR_CHOICES <= len(last.validation):
        notes.append(
            f"warning: inside a fold under {MIN_FOR_CHOICES} rows are left to choose on, so nothing is "
            "calibrated there, as it is in the model that is kept; use more --folds, or add rows"
        )
    done: list[_Done] = []
    with _open(job, whole, notes, resume):
        for place, each in enumerate(corpora, start=1):
            run = _train(job, f"fold-{place}", settings.seed, each.corpus, first=not done)
            done.append(_measured(run, each.corpus))
            say(f"fold {place}: {_line(done[-1])}")
        judged = zip(corpora, done, strict=True)
        pooled = pool(task, [Fold(each.rows, part.record.spec, part.evaluation) for each, part in judged])
        say("all rows: the model that is kept")
        kept = _train(job, "whole", settings.seed, last, first=False)
        runs = [part.run(place) for place, part in enumerate(done, start=1)]
        figures = {"metrics": pooled.to_dict()["metrics"], "measured_on": "folds"}
        record = kept.record.model_copy(update={**_update(settings, "folds", runs), **figures})
        _adopt(job, out, kept.folder, record)
        return _finished(job, out, pooled, record, start)


@contextmanager
def _open(job: _Job, corpus: Corpus, notes: Sequence[str], resume: bool) -> Iterator[None]:
    """Opens the run's folder. What cannot be used leaves nothing behind, as in one training."""
    for note in notes:
        job.say(note)
    identity = {
        "data": fingerprint(corpus.train),
        "validation": fingerprint(corpus.validation),
        "test": fingerprint(corpus.test),
        **_pool_identity(job.settings),
        "device": choose_device(job.settings.device).type,
        "threads": str(set_threads(job.settings.threads)),
        **versions(),
    }
    with job.folder.open(job.settings.model_dump(mode="json"), identity, resume=resume):
        try:
            yield
        except InputError:
            if not resume and not job.folder.part("").exists():
                shutil.rmtree(job.folder.path, ignore_errors=True)
            raise


def _pool_identity(settings: TrainSettings) -> dict[str, str]:
    """Of the unlabelled texts: each training leaves out of them what it is measured on, and no more."""
    if not settings.unlabelled:
        return {}
    documents = read_documents(settings.unlabelled, settings.text, settings.read_options()).documents
    return {"unlabelled": fingerprint(TextExample(text=each.text) for each in documents)}


def _train(job: _Job, name: str, seed: int, corpus: Corpus, *, first: bool) -> Run:
    """One training of the run: begun, gone on with, or found done. Only the first one says its notes."""
    folder = job.folder.part(name)
    before = RunFolder(folder)
    settings = job.settings.model_copy(update={"seed": seed, "seeds": 1, "folds": 0, "out": str(folder)})
    if before.begun and before.read()["finished"]:
        pipeline = Pipeline.from_folder(folder, device=settings.device)
        evaluation, _ = measure(pipeline.model, corpus)
        return Run(folder, pipeline, evaluation, pipeline.record, 0.0)
    return fine_tune(
        settings,
        job.say if first else _say_nothing,
        method=job.method,
        resume=before.begun,
        checkpoint_seconds=job.checkpoint_seconds,
        corpus=replace(corpus, notes=[]),
    )


def _measured(run: Run, corpus: Corpus) -> _Done:
    """A training as it is compared with the others; its network is let go."""
    if run.evaluation is None:
        raise InputError("rows to measure on, in every training", "none", "add labelled rows")
    validation = None
    if len(corpus.validation) >= MIN_FOR_CHOICES:
        model = run.pipeline.model
        examples, outputs = zip(*model.outputs(corpus.validation), strict=True)
        found = model.task.statistics(examples, outputs, model.spec)
        validation = float(next(iter(found.values()))(np.ones((1, len(examples))))[0])
    return _Done(run.folder, run.record, run.evaluation, validation)


def _best(done: Sequence[_Done]) -> int:
    """The place of the training with the best validation score; the first of equals."""
    scores = [part.validation for part in done]
    ranked = [-math.inf if score is None or math.isnan(score) else score for score in scores]
    return ranked.index(max(ranked))


def _line(done: _Done) -> str:
    primary = done.evaluation.primary
    value = done.evaluation.metrics[primary].value
    chosen = "" if done.validation is None else f"; {done.validation:.4f} on validation"
    return f"{primary} {value:.4f} on {counted(len(done.evaluation.examples), 'row')}{chosen}"


def _reason(done: _Done) -> str:
    if done.validation is None:
        return f"the first, as under {MIN_FOR_CHOICES} validation rows are too few to choose on"
    return f"the best on validation ({done.evaluation.primary} {done.validation:.4f})"


def _update(settings: TrainSettings, kind: Literal["seeds", "folds"], runs: Sequence[RepeatedRun]) -> Any:
    repeats = Repeats(kind=kind, runs=tuple(runs), spread=spread([run.metrics for run in runs]))
    return {"training": settings.model_dump(mode="json"), "repeats": repeats}


def spread(runs: Sequence[Mapping[str, float | None]]) -> dict[str, Spread]:
    """How each metric that all runs have varies over them: nothing is told where it is undefined in one."""
    found = {}
    for name in runs[0]:
        if not all(name in run for run in runs):
            continue
        values = [value for run in runs if (value := run[name]) is not None]
        if len(values) < len(runs):
            found[name] = Spread(mean=None, std=None, least=None, greatest=None)
            continue
        found[name] = Spread(
            mean=statistics.fmean(values),
            std=statistics.stdev(values),
            least=min(values),
            greatest=max(values),
        )
    return found


def _adopt(job: _Job, out: Path, source: Path, record: FolderRecord) -> None:
    """Makes a part's model that of the run, with its log."""
    if adopt_model(out, source, record):
        job.say(f"replaced the older model folder {out}")
    job.folder.take_log(RunFolder(source))


def _finished(job: _Job, out: Path, evaluation: Evaluation, record: FolderRecord, start: float) -> Run:
    pipeline = Pipeline.from_folder(out, device=job.settings.device)
    run = Run(out, pipeline, evaluation, record, time.perf_counter() - start)
    job.report(run)
    return run


def _say_nothing(text: str) -> None:
    """Says nothing: the first training has said it."""
