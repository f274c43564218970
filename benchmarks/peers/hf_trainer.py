"""A peer: fine-tune a text classifier with transformers' Trainer, and say how fast and how well.

    python benchmarks/peers/hf_trainer.py DATA/backbone DATA/rotten-tomatoes/train.csv --max-steps 100
    python benchmarks/peers/hf_trainer.py DATA/backbone DATA/rotten-tomatoes/train.csv --mode best \
        --epochs 2 --eval-file DATA/rotten-tomatoes/test.csv

``default`` is the Trainer as transformers' text classification examples set it up, but padded to the
longest text of a batch (the examples' own default, 128 tokens for every text, is slower still). ``best``
makes batches of like lengths and drops attention dropout, which sends scaled dot-product attention to its
slow path on CPU. All else is the default of ``TrainingArguments``: fused AdamW, linear decay without
warm-up, clipping at norm 1. Nothing is logged or saved. A few steps on a model that is thrown away warm the
process up; every step of the run itself is then timed: ``group_by_length`` sorts each 50 batches from long to
short, so leaving out the first would flatter it (let --max-steps be a multiple of 50, or run whole epochs).

The last line of standard output is the JSON of ``Figures``. Needs torch, transformers and accelerate alone.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import math
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from torch.utils.data import Dataset
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    EvalPrediction,
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


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run gave. Seconds are wall-clock; rates are over every timed step, data loading included."""

    mode: str
    seed: int
    threads: int
    batch_size: int
    steps: int
    examples: int
    tokens: int  # real ones, padding not counted
    padding_share: float  # of the token slots that the model computed
    steps_seconds: float
    train_seconds: float  # Trainer.train() as a whole
    tokenize_seconds: float
    examples_per_second: float
    median_step_ms: float
    eval_examples: int | None
    accuracy: float | None
    accuracy_interval: tuple[float, float] | None  # Wilson, 95%
    eval_seconds: float | None
    transformers: str
    torch: str


class Rows(Dataset[Encoded]):
    """Tokenized rows in memory: the fastest thing that the Trainer can read."""

    def __init__(self, rows: list[Encoded]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Encoded:
        return self.rows[index]


@dataclass(slots=True)
class CountingCollator:
    """DataCollatorWithPadding that notes the size of each batch: (examples, real tokens, token slots)."""

    collate: DataCollatorWithPadding
    batches: list[tuple[int, int, int]] = field(default_factory=list)

    def __call__(self, rows: list[Encoded]) -> Encoded:
        batch: Encoded = self.collate(rows)
        slots = batch["input_ids"].numel()
        self.batches.append((len(rows), sum(len(row["input_ids"]) for row in rows), slots))
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
        """Stop it after the optimiser's step."""
        self.times.append(time.perf_counter())


def read_rows(paths: Sequence[Path]) -> list[tuple[str, str]]:
    """Read (text, label) rows out of csv files with the columns ``text`` and ``label``."""
    rows: list[tuple[str, str]] = []
    for path in paths:
        with path.open(encoding="utf-8", newline="") as stream:
            rows += [(row["text"], row["label"]) for row in csv.DictReader(stream)]
    return rows


def encode_rows(
    rows: Sequence[tuple[str, str]],
    labels: Sequence[str],
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
) -> Rows:
    """Tokenize rows, cut at ``max_length`` tokens, without padding.

    Raises:
        SystemExit: a label that is not among ``labels``.
    """
    unknown = {label for _, label in rows} - set(labels)
    if unknown:
        raise SystemExit(f"error: labels {sorted(unknown)} are not among the training labels {list(labels)}")
    encoded = tokenizer([text for text, _ in rows], truncation=True, max_length=max_length)
    columns = list(encoded.keys())
    return Rows(
        [
            {**{column: encoded[column][index] for column in columns}, "labels": labels.index(label)}
            for index, (_, label) in enumerate(rows)
        ]
    )


def build_model(backbone: Path, labels: Sequence[str], mode: str, seed: int) -> PreTrainedModel:
    """The classifier, its head a function of the seed; without attention dropout in mode ``best``."""
    set_seed(seed)
    names = {label: index for index, label in enumerate(labels)}
    config = AutoConfig.from_pretrained(backbone, id2label=dict(enumerate(labels)), label2id=names)
    if mode == "best":
        config.attention_probs_dropout_prob = 0.0
    model: PreTrainedModel = AutoModelForSequenceClassification.from_pretrained(
        backbone, config=config, dtype=torch.float32
    )
    return model


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
        use_cpu=True,
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )


def compute_accuracy(prediction: EvalPrediction) -> dict[str, float]:
    """The share of rows whose largest logit is at the label."""
    return {"accuracy": float((np.argmax(prediction.predictions, axis=-1) == prediction.label_ids).mean())}


def wilson_interval(share: float, count: int) -> tuple[float, float]:
    """The 95% interval of a share (Wilson, 1927)."""
    z = 1.959964
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return round(centre - half, 4), round(centre + half, 4)


def run(options: argparse.Namespace) -> Figures:
    """Warm up, train, evaluate."""
    rows = read_rows(options.train_files)
    labels = sorted({label for _, label in rows})
    start = time.perf_counter()
    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(options.backbone)
    train = encode_rows(rows, labels, tokenizer, options.max_length)
    tokenize_seconds = time.perf_counter() - start
    test: Rows | None = None
    if options.eval_file:
        test = encode_rows(read_rows([options.eval_file]), labels, tokenizer, options.max_length)
    collator = CountingCollator(DataCollatorWithPadding(tokenizer))
    clock = StepClock()
    metrics: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for max_steps in (options.warmup_steps, options.max_steps):
            if max_steps == 0:
                continue
            trainer = Trainer(
                model=build_model(options.backbone, labels, options.mode, options.seed),
                args=build_arguments(options, folder, max_steps),
                train_dataset=train,
                eval_dataset=test,
                data_collator=collator,
                processing_class=tokenizer,
                compute_metrics=compute_accuracy,
                callbacks=[clock],
            )
            collator.batches.clear()
            start = time.perf_counter()
            trainer.train()
            train_seconds = time.perf_counter() - start
        batches = collator.batches[: len(clock.times) - 1]  # the loader reads one batch ahead
        if test is not None:
            metrics = trainer.evaluate()
    count = 0 if test is None else len(test)
    return build_figures(options, clock.times, batches, tokenize_seconds, train_seconds, metrics, count)


def build_figures(
    options: argparse.Namespace,
    times: Sequence[float],
    batches: Sequence[tuple[int, int, int]],
    tokenize_seconds: float,
    train_seconds: float,
    metrics: dict[str, float],
    eval_examples: int,
) -> Figures:
    """The figures out of what was noted; ``times`` is the start and the end of each step, in seconds."""
    steps = [after - before for before, after in itertools.pairwise(times)]
    examples, tokens, slots = (sum(batch[part] for batch in batches) for part in range(3))
    accuracy = metrics.get("eval_accuracy")
    return Figures(
        mode=options.mode,
        seed=options.seed,
        threads=torch.get_num_threads(),
        batch_size=options.batch_size,
        steps=len(steps),
        examples=examples,
        tokens=tokens,
        padding_share=round(1 - tokens / slots, 4),
        steps_seconds=round(sum(steps), 3),
        train_seconds=round(train_seconds, 3),
        tokenize_seconds=round(tokenize_seconds, 3),
        examples_per_second=round(examples / sum(steps), 3),
        median_step_ms=round(1000 * statistics.median(steps), 1),
        eval_examples=eval_examples or None,
        accuracy=accuracy,
        accuracy_interval=None if accuracy is None else wilson_interval(accuracy, eval_examples),
        eval_seconds=metrics.get("eval_runtime"),
        transformers=transformers.__version__,
        torch=torch.__version__,
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("backbone", type=Path, help="folder that prepare.py cleaned")
    parser.add_argument("train_files", type=Path, nargs="+", help="csv files: text,label")
    parser.add_argument("--mode", choices=("default", "best"), default="default")
    parser.add_argument("--eval-file", type=Path, help="csv file to measure accuracy on after training")
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--max-steps", type=int, default=-1, help="stop there; -1: whole epochs")
    parser.add_argument("--warmup-steps", type=int, default=10, help="untimed, on a model thrown away")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=5e-5)
    parser.add_argument("--max-length", type=int, default=512)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of torch")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(json.dumps(asdict(run(options))))


if __name__ == "__main__":
    main()
