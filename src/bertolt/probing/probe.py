"""A probe from the settings to its folder, chapter by chapter.

1. Read, split and align the texts.
2. Compute the hidden states of every text once, and those of a network with random weights.
3. Train all probes of the task together; then those of the control task, those on the random network, the mix
   with further seeds, and the blocks of the online code.
4. Measure everything on the test part, and write the folder.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from bertolt.data.examples import fingerprint
from bertolt.data.tokenizer import Tokenizer
from bertolt.models.backbone import Backbone, load_backbone
from bertolt.models.device import choose_device, set_threads
from bertolt.models.families import fit_tokens
from bertolt.models.heads import loading_notes
from bertolt.probing.bank import LEXICAL, Input, ProbeBank, Shape, all_inputs, control_inputs, mix
from bertolt.probing.code import online_code
from bertolt.probing.control import control_labels
from bertolt.probing.corpus import ProbeData, read_probe_data
from bertolt.probing.edge_tasks import get_edge_task
from bertolt.probing.encoder import Encoder, load_encoder, random_encoder
from bertolt.probing.figures import Measured, best_layer, figures, mix_result
from bertolt.probing.objective import (
    MIN_EPOCHS,
    EdgeProbing,
    EdgeSet,
    Loss,
    Outcome,
    make_plan,
    measure_bank,
)
from bertolt.probing.record import ProbeFolder, ProbeRecord, save_probe
from bertolt.probing.results import MixResult, ProbeResults
from bertolt.probing.settings import ProbeRecipe, ProbeSettings
from bertolt.probing.store import Store, store_key
from bertolt.progress import progress_bar
from bertolt.training.prepare import Say, free_or_ours, row_length
from bertolt.training.run_folder import PHASES, RunFolder, machine_identity, settings_of
from bertolt.training.runner import RunContext, Runner
from bertolt.training.settings import check_settings
from bertolt.version import versions

VERB = "probe"
STATES = "states"
#: An epoch has at least this part of a run's steps.
EPOCHS_OF_STEPS = 12


@dataclass(frozen=True, slots=True)
class Probing:
    """A finished probe.

    Args:
        folder: what it found, and where it lies.
        seconds: of the whole run.
    """

    folder: ProbeFolder
    seconds: float

    @property
    def results(self) -> ProbeResults:
        """What was found."""
        return self.folder.results


Report = Callable[[Probing], None]


def no_report(done: Probing) -> None:
    """Writes nothing beside the probes."""


def probe(settings: ProbeSettings, say: Say, *, resume: bool = False, report: Report = no_report) -> Probing:
    """Probes a network and writes the folder.

    Args:
        settings: what is wanted.
        say: receives lines for people.
        resume: go on with the interrupted run of this folder instead of beginning a new one.
        report: writes what else belongs to the run into the folder. The run is finished after it.

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
        of_model = work.states(run_folder, work.encoder, "reading the states")
        random = random_encoder(
            work.backbone, settings.seed, pad_id=work.tokenizer.pad_id, device=work.encoder.device
        )
        of_random = work.states(run_folder, random, "reading a random network")
        machine = f"{work.identity['device']}, {work.identity['threads']} threads"
        runner = Runner(run_folder.path / PHASES, RunContext(run_folder.log, say, machine))
        bank, measured = _measure(work, runner, of_model, of_random)
        results = figures(measured, work.data)
        task = measured.task
        counts = {"hits": task.hits, "predicted": task.predicted, "gold": task.gold}
        counts["unseen"] = work.data.unseen[work.data.parts["test"]]
        if save_probe(work.out, work.record, results, bank, counts):
            say(f"replaced the older folder {work.out}")
        # Before the run is called finished: what a kill leaves behind here, the resumed run removes.
        if not settings.keep_states:
            shutil.rmtree(run_folder.path / STATES, ignore_errors=True)
        done = Probing(ProbeFolder(work.out, work.record, results), time.perf_counter() - start)
        report(done)
    return done


def resume(folder: Path, say: Say, *, report: Report = no_report) -> Probing:
    """Goes on with the interrupted probe of a folder.

    Args:
        folder: where the probe was to go.
        say: receives lines for people.
        report: see ``probe``.

    Raises:
        FolderError: there is no interrupted probe, or data, versions or threads have changed.
    """
    settings = settings_of(RunFolder(folder, VERB).read_unfinished(), ProbeSettings, folder)
    return probe(settings, say, resume=True, report=report)


@dataclass(frozen=True, slots=True)
class _Work:
    """All that stands before the first hidden state."""

    settings: ProbeSettings
    recipe: ProbeRecipe
    out: Path
    backbone: Backbone
    tokenizer: Tokenizer
    encoder: Encoder
    data: ProbeData
    length: int
    identity: dict[str, str]

    def states(self, run_folder: RunFolder, encoder: Encoder, title: str) -> EdgeSet:
        """The data with the states of an encoder, computed where they are not there yet."""
        texts = self.data.texts
        store = Store(run_folder.path / STATES / store_key(encoder, texts, self.length), texts)
        with progress_bar(title, float(store.counts.sum())) as progress:
            store.build(encoder, self.tokenizer.single, self.length, progress)
        data = self.data
        return EdgeSet(store, data.spans, data.gold, data.counted, data.exactly_one)

    def bank(self, inputs: Sequence[Input], seed: int) -> ProbeBank:
        """New probes."""
        shape = Shape(
            self.encoder.width,
            self.data.arity,
            len(self.data.labels),
            self.recipe.projection,
            self.recipe.dropout,
        )
        return ProbeBank(inputs, shape, seed).to(self.encoder.device)

    @property
    def record(self) -> ProbeRecord:
        """What ``bertolt.json`` says."""
        data = self.data
        return ProbeRecord(
            edge_task=data.task.name,
            model=self.settings.model,
            layers=self.encoder.layers,
            labels=data.labels,
            projection=self.recipe.projection,
            spans=data.arity,
            seed=self.settings.seed,
            data={part: self.identity[part] for part in data.parts},
            texts={part: len(data.parts[part]) for part in data.parts},
            targets={part: data.targets(part) for part in data.parts},
            left_out=data.left_out.counts(),
            notes=tuple(data.notes),
            versions=versions(),
            threads=int(self.identity["threads"]),
            settings=self.settings.model_dump(mode="json"),
        )


def _prepare(settings: ProbeSettings, say: Say) -> _Work:
    out = free_or_ours(Path(settings.out))
    task = get_edge_task(settings.edge_task)
    recipe = check_settings(ProbeRecipe, settings.set)
    threads = set_threads(settings.threads)
    device = choose_device(settings.device)
    backbone = load_backbone(settings.model)
    tokenizer = Tokenizer.from_folder(backbone.folder, embeddings=backbone.embeddings)
    length = row_length(settings.max_length, backbone)
    data = read_probe_data(task, settings, recipe, tokenizer)
    for note in data.notes:
        say(note)
    encoder = load_encoder(backbone, pad_id=tokenizer.pad_id, device=device)
    fit_tokens(encoder.network, tokenizer.pad_id, tokenizer.largest_id)
    for note in loading_notes(encoder.network):
        say(note)
    identity = {
        "model": encoder.identity,
        **{part: fingerprint(data.of(part)) for part in data.parts},
        **machine_identity(device.type, threads),
    }
    return _Work(settings, recipe, out, backbone, tokenizer, encoder, data, length, identity)


@dataclass(frozen=True, slots=True)
class _Part:
    """One bank to be trained: its name in the run folder, its inputs, and what it learns."""

    name: str
    inputs: Sequence[Input]
    data: EdgeSet
    seed: int
    loss: Loss = "labels"
    texts: Sequence[int] | None = None


def _learn(work: _Work, runner: Runner, part: _Part, *, announce: bool = False) -> ProbeBank:
    """Trains the bank of a part and takes the best weights of each probe."""
    settings, data = work.settings, work.data
    bank = work.bank(part.inputs, part.seed)
    objective = EdgeProbing(
        bank,
        part.data,
        data.parts["train"] if part.texts is None else part.texts,
        data.parts["validation"],
        loss=part.loss,
        batch_size=settings.batch_size,
        seed=part.seed,
        epoch_steps=work.recipe.steps // EPOCHS_OF_STEPS,
    )
    code = part.loss == "code"
    plan = make_plan(
        objective,
        epochs=min(settings.epochs or MIN_EPOCHS, MIN_EPOCHS) if code else settings.epochs,
        min_steps=work.recipe.steps,
        lr=settings.lr,
        seed=part.seed,
    )
    runner.run_phase(part.name, objective, plan, announce=announce)
    bank.take_best()
    return bank


def _measure(
    work: _Work, runner: Runner, of_model: EdgeSet, of_random: EdgeSet
) -> tuple[ProbeBank, Measured]:
    """Trains every bank and measures it on the test part; gives back that of the task."""
    data, layers, seed = work.data, work.encoder.layers, work.settings.seed
    test, validation = data.parts["test"], data.parts["validation"]
    runner.say("first the probes of the task; the controls and the code then take about twice as long")
    bank = _learn(work, runner, _Part("task", all_inputs(layers), of_model, seed), announce=True)
    scores = measure_bank(bank, of_model, validation).f1().tolist()
    outcome = measure_bank(bank, of_model, test)
    runner.say("the probes of the task are trained; now the controls, without which no figure is shown")
    of_control = replace(of_model, labels=control_labels(data, seed))
    found: dict[str, Outcome] = {}
    for name, source in (("control", of_control), ("random", of_random)):
        part = _Part(name, control_inputs(layers), source, seed)
        found[name] = measure_bank(_learn(work, runner, part), source, test)
    mixes = [mix_result(bank, outcome, seed), *_further_seeds(work, runner, of_model)]
    best = best_layer(bank.inputs, scores)
    inputs = [Input(LEXICAL, -1), best, mix(layers)]

    def train(block: int, texts: Sequence[int]) -> ProbeBank:
        return _learn(work, runner, _Part(f"code-{block}", inputs, of_model, seed, "code", texts))

    code = online_code(of_model, data.parts["train"], seed, train)
    measured = Measured(bank.inputs, scores, outcome, found["control"], found["random"], mixes, code)
    return bank, measured


def _further_seeds(work: _Work, runner: Runner, data: EdgeSet) -> list[MixResult]:
    found = []
    first = work.settings.seed
    for seed in range(first + 1, first + work.settings.seeds):
        bank = _learn(work, runner, _Part(f"mix-{seed}", [mix(work.encoder.layers)], data, seed))
        found.append(mix_result(bank, measure_bank(bank, data, work.data.parts["test"]), seed))
    return found
