"""The data of a training, read, split, checked and encoded, before anything is trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bertolt.data.features import Encoded
from bertolt.data.splits import MIN_FOR_CHOICES
from bertolt.data.tokenizer import Tokenizer
from bertolt.data.truncation import Policy
from bertolt.data.unknown import UnknownTally
from bertolt.errors import FolderError, SettingError
from bertolt.inference.run import encode
from bertolt.models.backbone import Backbone, sentence_notes
from bertolt.models.folder import is_ours
from bertolt.models.head_rows import kept_labels
from bertolt.models.spec import ModelSpec
from bertolt.progress import progress_bar
from bertolt.tasks.registry import get_task
from bertolt.tasks.task import Task, typed_settings
from bertolt.training.corpus import Corpus, read_corpus, refuse_strange
from bertolt.training.settings import TrainSettings

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """The data of a training, read and encoded.

    Args:
        task: what is learnt.
        spec: how the model is to read.
        tokenizer: the backbone's.
        corpus: the examples.
        encoded: what the model reads of each training example.
    """

    task: Task
    spec: ModelSpec
    tokenizer: Tokenizer
    corpus: Corpus
    encoded: list[Encoded]

    @property
    def choices(self) -> list[Any]:
        """The validation examples that checkpoint, temperature and thresholds are chosen on; may be none."""
        enough = len(self.corpus.validation) >= MIN_FOR_CHOICES
        return self.corpus.validation if enough else []

    def encode(self, examples: Sequence[Any]) -> list[Encoded]:
        """What the model reads of each example."""
        return encode(self.task, self.spec, self.tokenizer, examples)


def prepare(settings: TrainSettings, backbone: Backbone, say: Say, corpus: Corpus | None = None) -> Prepared:
    """Reads and splits the data, unless it is given; checks and encodes it, and says what it found."""
    task = get_task(settings.task)
    task_settings = typed_settings(task, settings.set)
    corpus = read_corpus(task, task_settings, settings) if corpus is None else corpus
    tokenizer = Tokenizer.from_folder(backbone.folder, embeddings=backbone.embeddings)
    spec = ModelSpec(
        task=task.name,
        settings=task_settings.model_dump(),
        labels=corpus.labels or task.label_names(corpus.train, task_settings),
        activation=task.activation,
        max_length=row_length(settings.max_length, backbone),
        long=length_policy(task, settings.long),
    )
    refuse_strange(task, corpus, spec.labels)
    encoded = _encode_all(task, spec, tokenizer, corpus.train)
    # A label that training lacks is refused now, not when the training is over.
    encode(task, spec, tokenizer, corpus.validation + corpus.test)
    unknown = UnknownTally.of((each.tokens, each.unknown) for each in encoded)
    for note in [
        *corpus.notes,
        *sentence_notes(backbone.folder),
        *length_notes(encoded, spec),
        *unknown.notes(),
    ]:
        say(note)
    unknown.refuse()
    kept = kept_labels(backbone, spec.labels)
    if kept:
        say(f"head: goes on from {backbone.name}'s rows for {', '.join(kept)}; other rows are new")
    return Prepared(task, spec, tokenizer, corpus, encoded)


def output_folder(settings: TrainSettings) -> Path:
    """Where the model goes.

    Raises:
        FolderError: something that is not ours stands there.
    """
    name = Path(settings.data[0].replace(":", "-").removeprefix("hf-")).name.split(".")[0]
    out = Path(settings.out) if settings.out is not None else Path("models") / (name or "model")
    return free_or_ours(out)


def free_or_ours(out: Path) -> Path:
    """The folder, if a model may be written there.

    Raises:
        FolderError: something that is not ours stands there.
    """
    if out.exists() and not is_ours(out):
        raise FolderError(
            "an output folder that does not exist, or a model folder to replace",
            f"{str(out)!r}, which bertolt did not write",
            "choose another --out",
        )
    return out


def row_length(wanted: int | None, backbone: Backbone) -> int:
    """Tokens of a row: 512, or what the user or the backbone sets.

    Raises:
        SettingError: more than the backbone has positions for.
    """
    if wanted is not None and wanted > backbone.positions:
        raise SettingError(
            f"--max-length of at most {backbone.positions}, the positions of {backbone.name}",
            str(wanted),
            "lower it, choose --long windows, or choose a backbone with more positions",
        )
    return wanted or min(512, backbone.positions)


def length_policy(task: Task, wanted: Policy | None) -> Policy:
    """What is done with longer texts: the task's usual way, or the one that the user names.

    Raises:
        SettingError: one that the task does not know.
    """
    if wanted is not None and wanted not in task.policies:
        raise SettingError(
            f"--long {' or '.join(task.policies)} for {task.name}",
            repr(wanted),
            "leave --long out" if len(task.policies) == 1 else "choose one of those",
        )
    return wanted or task.policies[0]


def _encode_all(task: Task, spec: ModelSpec, tokenizer: Tokenizer, examples: Sequence[Any]) -> list[Encoded]:
    with progress_bar("reading", len(examples)) as progress:
        found: list[Encoded] = []
        for start in range(0, len(examples), 1000):
            part = examples[start : start + 1000]
            found.extend(encode(task, spec, tokenizer, part))
            progress.advance(len(part))
    return found


def length_notes(encoded: Sequence[Encoded], spec: ModelSpec) -> list[str]:
    """Lengths, and what is cut: by share of texts and of tokens."""
    tokens = np.asarray([each.tokens for each in encoded])
    read = np.asarray([each.tokens_read for each in encoded])
    cut = (read < tokens).mean()
    lost = 1 - read.sum() / max(1, tokens.sum())
    middle, most = np.median(tokens), tokens.max()
    labels = f"labels: {', '.join(spec.labels[:12])}{', …' if len(spec.labels) > 12 else ''}"
    return [
        *([labels] if spec.labels else []),
        f"length: {middle:,.0f} tokens in the middle, {most:,} at most; at {spec.max_length} ({spec.long}) "
        f"{cut:.1%} of texts are cut, {lost:.1%} of tokens lost",
    ]
