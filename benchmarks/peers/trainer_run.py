"""A run of transformers' Trainer, timed step by step: what all peers that train have in common.

``default`` is the Trainer as transformers' examples set it up: all that is not named in ``build_arguments``
is the default of ``TrainingArguments``, such as fused AdamW, linear decay, clipping at norm 1.
``best`` makes batches of like lengths and drops attention dropout, which sends scaled dot-product attention
to its slow path on CPU. Nothing is logged or saved. A few steps on a model that is thrown away warm the
process up; every step of the run itself is then timed: ``group_by_length`` sorts each 50 batches from long to
short, so leaving out the first would flatter it (let --max-steps be a multiple of 50, or run whole epochs).
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import transformers
from torch.utils.data import Dataset
from transformers import (
    AutoConfig,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)
from transformers import TrainerControl as Control
from transformers import TrainerState as State

Encoded = dict[str, Any]
Collate = Callable[[list[Encoded]], Encoded]


@dataclass(frozen=True, slots=True)
class TrainingFigures:
    """What the training gave. Seconds are wall-clock; rates are over every timed step, loading included."""

    mode: str
    seed: int
    threads: int
    batch_size: int
    learning_rate: float
    steps: int
    examples: int
    tokens: int  # real ones, padding not counted
    padding_share: float  # of the token slots that the model computed
    steps_seconds: float
    train_seconds: float  # Trainer.train() as a whole
    examples_per_second: float
    tokens_per_second: float
    median_step_ms: float
    transformers: str
    torch: str


class Rows(Dataset[Encoded]):
    """Tokenized rows in memory: the fastest thing that the Trainer can read."""

    def __init__(self, rows: Sequence[Encoded]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Encoded:
        return self.rows[index]


@dataclass(slots=True)
class CountingCollator:
    """A collator that notes the size of each batch: (examples, real tokens, token slots)."""

    collate: Collate
    batches: list[tuple[int, int, int]] = field(default_factory=list)

    def __call__(self, rows: list[Encoded]) -> Encoded:
        tokens = sum(len(row["input_ids"]) for row in rows)
        batch = self.collate(rows)
        self.batches.append((len(rows), tokens, batch["input_ids"].numel()))
        return batch


class StepClock(TrainerCallback):
    """Notes when training began and when each step ended."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_train_begin(
        self, args: TrainingArguments, state: State, control: Control, **kwargs: object
    ) -> None:
        """Start the clock just before the first batch is read."""
        self.times = [time.perf_counter()]

    def on_step_end(self, args: TrainingArguments, state: State, control: Control, **kwargs: object) -> None:
        """Stop it after the optimiser's step; the last one waits for what a GPU has still to do."""
        if state.global_step >= state.max_steps and torch.cuda.is_available():
            torch.cuda.synchronize()
        self.times.append(time.perf_counter())


@dataclass(frozen=True, slots=True)
class Job:
    """What a peer trains.

    Args:
        build: the network with a new head, made after the seed was set.
        rows: tokenized, with labels where the collator does not make them.
        collate: the recipe's data collator.
        tokenizer: the backbone's.
    """

    build: Callable[[], PreTrainedModel]
    rows: Rows
    collate: Collate
    tokenizer: PreTrainedTokenizerBase


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of every peer that trains."""
    parser.add_argument("--mode", choices=("default", "best"), default="default")
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--max-steps", type=int, default=-1, help="stop there; -1: whole epochs")
    parser.add_argument("--warmup-steps", type=int, default=10, help="untimed, on a model thrown away")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=5e-5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of torch")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="cuda trains in bf16")
    parser.add_argument("--seed", type=int, default=0)


def read_config(backbone: Path, mode: str, labels: Sequence[str] | None = None) -> PretrainedConfig:
    """The backbone's configuration with these labels; without attention dropout in mode ``best``."""
    config: PretrainedConfig = AutoConfig.from_pretrained(backbone)
    if labels is not None:
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: index for index, label in enumerate(labels)}
    if mode == "best":
        config.attention_probs_dropout_prob = 0.0
    return config


def build_arguments(options: argparse.Namespace, folder: str, max_steps: int) -> TrainingArguments:
    """``TrainingArguments`` of a mode; what is not named here is transformers' default."""
    return TrainingArguments(
        output_dir=folder,
        per_device_train_batch_size=options.batch_size,
        per_device_eval_batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        num_train_epochs=options.epochs,
        max_steps=max_steps,
        train_sampling_strategy="group_by_length" if options.mode == "best" else "random",
        seed=options.seed,
        use_cpu=options.device == "cpu",
        bf16=options.device == "cuda",
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )


def train(job: Job, options: argparse.Namespace) -> tuple[Trainer, TrainingFigures]:
    """Warm up, train, time.

    Returns:
        The Trainer with the trained model, and the figures.
    """
    collator = CountingCollator(job.collate)
    clock = StepClock()
    train_seconds = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for max_steps in (options.warmup_steps, options.max_steps):
            if max_steps == 0:
                continue
            set_seed(options.seed)
            trainer = Trainer(
                model=job.build(),
                args=build_arguments(options, folder, max_steps),
                train_dataset=job.rows,
                data_collator=collator,
                processing_class=job.tokenizer,
                callbacks=[clock],
            )
            collator.batches.clear()
            start = time.perf_counter()
            trainer.train()
            train_seconds = time.perf_counter() - start
    batches = collator.batches[: len(clock.times) - 1]  # the loader reads one batch ahead
    return trainer, build_figures(options, clock.times, batches, train_seconds)


def build_figures(
    options: argparse.Namespace,
    times: Sequence[float],
    batches: Sequence[tuple[int, int, int]],
    train_seconds: float,
) -> TrainingFigures:
    """The figures out of what was noted; ``times`` is the start and the end of each step, in seconds."""
    steps = [after - before for before, after in itertools.pairwise(times)]
    examples, tokens, slots = (sum(batch[part] for batch in batches) for part in range(3))
    return TrainingFigures(
        mode=options.mode,
        seed=options.seed,
        threads=torch.get_num_threads(),
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        steps=len(steps),
        examples=examples,
        tokens=tokens,
        padding_share=round(1 - tokens / slots, 4),
        steps_seconds=round(sum(steps), 3),
        train_seconds=round(train_seconds, 3),
        examples_per_second=round(examples / sum(steps), 3),
        tokens_per_second=round(tokens / sum(steps), 1),
        median_step_ms=round(1000 * statistics.median(steps), 1),
        transformers=transformers.__version__,
        torch=torch.__version__,
    )
