"""A model folder with an engine of its own, written only if the gate finds the same answers."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from bertolt.data.batching import Arrays, collate
from bertolt.data.features import Feature
from bertolt.errors import DataError, RefusedError
from bertolt.inference import gate, int8
from bertolt.inference.gate_rows import ROWS, gate_examples
from bertolt.inference.int8_search import Bench, Search
from bertolt.inference.onnx_engine import OnnxEngine, all_inputs
from bertolt.inference.onnx_graph import check_extra, write_onnx
from bertolt.inference.pipeline import Pipeline
from bertolt.inference.run import Model
from bertolt.locks import exclusive
from bertolt.models.engine_record import Agreement, EngineRecord, Precision, Tried
from bertolt.models.folder import CARD, Contents, extend_model, save_model
from bertolt.models.packaged import file_sha256
from bertolt.models.spec import FolderRecord
from bertolt.progress import progress_bar
from bertolt.tasks.task import has_target

FILE = "model.onnx"

#: Rows that find the most sensitive products, and that give the ranges of activations.
_FEW = 64


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Args:
        folder: where.
        record: its ``bertolt.json``.
        replaced: whether an older folder of ours stood there.
    """

    folder: Path
    record: FolderRecord
    replaced: bool

    @property
    def engine(self) -> EngineRecord:
        """The engine and the gate's figures."""
        assert self.record.engine is not None
        return self.record.engine


def export(
    source: Path,
    target: Path,
    pipeline: Pipeline,
    examples: Sequence[Any],
    *,
    quantise: bool = False,
    seed: int = 0,
    rows: int = ROWS,
    say: Callable[[str], None] = lambda line: None,
) -> Exported:
    """Exports a model folder for ONNX Runtime, gates it, and writes it.

    Args:
        source: the model folder.
        target: the new one; it may stand in the place of an older one of ours.
        pipeline: the model, run by torch.
        examples: of the task; for ``quantise`` those with targets count.
        quantise: whether matrix products are computed in 8 bits.
        seed: of the texts that are cut and joined, and of the intervals.
        rows: texts that the gate reads at least.
        say: receives lines for people.

    Raises:
        MissingExtraError: without the extra ``onnx``.
        DataError: no example, or too few with targets.
        RefusedError: the answers differ. Nothing is written.
        FolderError, BusyError, DiskError: the folder cannot be written.
    """
    check_extra()
    labelled = [example for example in examples if has_target(pipeline.model.task, example)]
    _check_examples(source, examples, labelled, quantise)
    work = _Export(source, pipeline, seed, say)
    records: list[FolderRecord] = []

    def extend(folder: Path) -> FolderRecord:
        engine = work.engine(folder, examples, labelled if quantise else None, rows)
        records.append(pipeline.record.model_copy(update={"engine": engine}))
        return records[0]

    with exclusive(target, "bertolt export", "--out"):
        if pipeline.record.trained_by == "others":
            replaced = save_model(target, _contents(source, pipeline), extend)
        else:
            replaced = extend_model(target, source, extend)
    return Exported(target, records[0], replaced)


def _contents(source: Path, pipeline: Pipeline) -> Contents:
    """A model that others trained, as a folder of ours is written: its files may be in any form."""
    model = pipeline.model
    network: Any = model.task.head.load(source)
    if model.spec.labels:
        network.config.id2label = dict(enumerate(model.spec.labels))
        network.config.label2id = {label: place for place, label in enumerate(model.spec.labels)}

    def save_tokenizer(folder: Path) -> None:
        model.tokenizer.save(folder, model.spec.max_length)
        if (source / CARD).is_file():
            shutil.copyfile(source / CARD, folder / "README.source.md")

    return Contents(network=network, save_tokenizer=save_tokenizer, record=pipeline.record)


def _check_examples(source: Path, examples: Sequence[Any], labelled: Sequence[Any], quantise: bool) -> None:
    if not examples:
        raise DataError(
            "examples to hold the exported network against",
            f"none in {str(source)!r}",
            "name a file of texts with --data",
        )
    if quantise and len(labelled) < gate.LEAST_ROWS:
        raise DataError(
            f"at least {gate.LEAST_ROWS} labelled rows to measure what 8 bits cost",
            f"{len(labelled):,}",
            "name a file with more labelled rows with --data; not the one that the model is tested on",
        )


@dataclass(slots=True)
class _Export:
    source: Path
    pipeline: Pipeline
    seed: int
    say: Callable[[str], None]

    def engine(
        self, folder: Path, examples: Sequence[Any], labelled: Sequence[Any] | None, rows: int
    ) -> EngineRecord:
        """Writes the engine's file into the folder and gives its record."""
        model, file = self.pipeline.model, folder / FILE
        texts = gate_examples(model, examples, self.pipeline.settings, rows=rows, seed=self.seed)
        features = gate.features_of(model, texts)
        with progress_bar("exporting", None):
            head = model.task.head
            write_onnx(head.load(self.source), head, _sample(features), model.tokenizer.pad_id, file)
        parity = self._parity(file, features, len(texts))
        tried: Sequence[Tried] = ()
        chosen = None
        if labelled is not None:
            chosen, tried = self._quantise(file, labelled, features)
        precision: Precision = "fp32" if chosen is None else "int8"
        mates, free = self._batch_mates(file, features, precision)
        return EngineRecord(
            file=FILE,
            sha256=file_sha256(file),
            task=model.spec.task,
            precision=precision,
            quantisation=None if chosen is None else chosen.name,
            versions={name: version(name) for name in ("onnxruntime", "onnx", "torch")},
            parity=parity,
            loss=None if chosen is None else chosen.loss,
            tried=tuple(tried),
            batch_mates=mates,
            free_of_batch_mates=free,
        )

    def _parity(self, file: Path, features: Sequence[Feature], texts: int) -> Agreement:
        model = self.pipeline.model
        with progress_bar("comparing with torch", None):
            found = gate.agreement(
                model, model.engine.logits(features), self._load(file).logits(features), gate.PARITY
            ).model_copy(update={"rows": texts})
        if not (found.largest < gate.PARITY and found.flips == 0):
            raise RefusedError(
                f"probabilities within {gate.PARITY:g} of torch's and no other label, on {texts:,} texts",
                f"a difference of {found.largest:.2g} and {found.flips:,} other labels",
                "use the model with torch, and report the family of its backbone",
            )
        self.say(
            f"fp32: {texts:,} texts, largest difference from torch {found.largest:.1e} in probability, "
            "no label flipped"
        )
        return found

    def _batch_mates(self, file: Path, features: Sequence[Feature], precision: str) -> tuple[Agreement, bool]:
        found = gate.batch_mates(self.pipeline.model, self._load(file), features, precision)
        free = found.largest <= gate.BATCH_MATES[precision] and found.flips == 0
        if precision == "fp32" and not free:
            raise RefusedError(
                f"results that do not depend on their batch-mates, within {gate.BATCH_MATES['fp32']:g}",
                f"a difference of {found.largest:.2g} in probability",
                "use the model with torch",
            )
        kept = "free of batch-mates" if free else "results depend on their batch-mates"
        self.say(f"{precision}: {kept} (largest difference {found.largest:.1e} in probability)")
        return found, free

    def _quantise(
        self, file: Path, labelled: Sequence[Any], features: Sequence[Feature]
    ) -> tuple[Tried, Sequence[Tried]]:
        """Puts a network in 8 bits in the place of the one in fp32."""
        source = file.rename(file.with_name("fp32.onnx"))
        model = self.pipeline.model
        few = _spread(features, _FEW)
        reference = self._load(source).logits(few)
        self.say(f"int8: measured on {len(labelled):,} labelled rows")
        with progress_bar("quantising", None) as progress:
            bench = Bench(
                judge=lambda path: gate.judged(self._with(path), labelled),
                distance=lambda path: gate.distance(model, reference, self._load(path).logits(few)),
                work=lambda name: progress.advance(1, name),
            )
            search = Search(source, file.parent, bench, seed=self.seed)
            chosen = search.run(
                int8.plain_way(),
                lambda: int8.further_ways(self._batches(few, source)),
                int8.products(source),
                file,
            )
        source.unlink()
        for each in search.tried:
            self.say(_line(each))
        self.say(f"int8: {chosen.name!r}, the fastest that passes")
        return chosen, search.tried

    def _batches(self, features: Sequence[Feature], file: Path) -> list[Arrays]:
        names = self._load(file).names
        batches = []
        for feature in features:
            arrays = all_inputs(collate([feature], self.pipeline.model.tokenizer.pad_id))
            batches.append({name: array for name, array in arrays.items() if name in names})
        return batches

    def _load(self, file: Path) -> OnnxEngine:
        model = self.pipeline.model
        return OnnxEngine(file, model.task.head, pad_id=model.tokenizer.pad_id)

    def _with(self, file: Path) -> Model:
        model = self.pipeline.model
        return Model(model.task, model.spec, model.tokenizer, self._load(file))


def _line(tried: Tried) -> str:
    found = tried.loss
    return (
        f"  {tried.name}: {found.metric} {found.int8:.4f}, loss {100 * found.loss:.2f} points "
        f"({100 * found.low:.2f} to {100 * found.high:.2f}), {found.flips:,} other answers "
        f"({found.flipped:.1%}), {tried.texts_per_second:,.0f} texts/s"
        f"{'' if tried.passed else ': refused'}"
    )


def _sample(features: Sequence[Feature]) -> list[Feature]:
    """Two rows of different lengths that select, where any does, several positions: no axis is of size 1."""
    asking = [each for each in features if each.select is None or len(each.select) >= 2] or list(features)
    longest = max(asking[:200], key=len)
    shortest = min(features[:200], key=len)
    return [longest, shortest]


def _spread(features: Sequence[Feature], count: int) -> list[Feature]:
    """Some rows of every length."""
    order = np.argsort([len(feature) for feature in features], kind="stable")
    places = np.unique(np.linspace(0, len(order) - 1, min(count, len(order))).astype(int))
    return [features[index] for index in order[places]]
