"""Bertolt on a GPU beside transformers: training steps in bf16, and prediction in fp32 and bf16.

    python -m benchmarks.ours.gpu_speed DATA/backbone DATA/rotten-tomatoes/train.csv --long DATA/long.csv
    python -m benchmarks.ours.gpu_speed DATA/backbone DATA/short.csv --rows 64 --steps 4 --device cpu

The Trainer runs with ``bf16=True``, as it comes and with batches of like lengths; the pipeline in both
dtypes at two batch sizes. All use scaled dot-product attention. The weights are random, which does not change
the speed, so the backbone's folder needs none. Variants take turns, ``--rounds`` of them, and the medians are
printed; the last line of standard output is JSON.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import transformers
from benchmarks.ours.first_steps import FirstSteps, time_steps
from benchmarks.peers.trainer_run import Job, Rows, train
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
)

from bertolt.data.examples import TextExample
from bertolt.data.tokenizer import Tokenizer
from bertolt.inference.engine import TorchEngine
from bertolt.inference.run import Model, encode
from bertolt.models.spec import ModelSpec
from bertolt.tasks.registry import get_task
from bertolt.training.loop import Plan
from bertolt.training.supervised import Supervised, SupervisedData

LABELS = ("0", "1")  # of the files that the studies write
TASK = "text-classification"
Rates = dict[str, list[float]]


def read_rows(path: Path, most: int) -> list[TextExample]:
    """The first rows of a csv file with the columns text and label."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = itertools.islice(csv.DictReader(stream), most)
        return [
            TextExample(line=line, text=row["text"], label=row["label"])
            for line, row in enumerate(rows, start=2)
        ]


def write_classifier(backbone: Path, folder: Path, layers: int, hidden: int) -> None:
    """A classifier of the backbone's kind with random weights; 0 layers or hidden leaves the backbone's."""
    config = AutoConfig.from_pretrained(backbone)
    config.id2label, config.label2id = dict(enumerate(LABELS)), {name: at for at, name in enumerate(LABELS)}
    if layers and hidden:
        config.num_hidden_layers, config.hidden_size, config.intermediate_size = layers, hidden, 4 * hidden
    torch.manual_seed(0)
    AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)
    for file in backbone.glob("*token*"):
        shutil.copy(file, folder / file.name)
    shutil.copy(backbone / "vocab.txt", folder / "vocab.txt")


def our_model(folder: Path, device: torch.device, dtype: torch.dtype) -> Model:
    """The classifier as Bertolt loads one."""
    task, tokenizer = get_task(TASK), Tokenizer.from_folder(folder)
    engine = TorchEngine(
        task.head.load(folder), task.head, pad_id=tokenizer.pad_id, device=device, dtype=dtype
    )
    return Model(task, ModelSpec(task=TASK, labels=LABELS), tokenizer, engine)


def our_steps(folder: Path, rows: Sequence[TextExample], options: argparse.Namespace) -> float:
    """Bertolt's training steps a second."""
    model = our_model(folder, torch.device(options.device), torch.float32)
    data = SupervisedData(encode(model.task, model.spec, model.tokenizer, rows), [])
    objective = FirstSteps(Supervised(model, data, batch_size=32, seed=0), options.steps)
    plan = Plan(epochs=1, learning_rate=1e-4, seed=0, bf16=options.device == "cuda")
    figures = time_steps(objective, plan, 32 * options.steps)
    return float(figures["steps"] / figures["steps_seconds"])


def trainer_steps(folder: Path, rows: Sequence[TextExample], mode: str, options: argparse.Namespace) -> float:
    """The Trainer's training steps a second; ``mode`` as in ``trainer_run``."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer([row.text for row in rows], truncation=True, max_length=512)
    encoded = [
        {**{name: ids[name][at] for name in ids}, "labels": LABELS.index(str(row.label))}
        for at, row in enumerate(rows)
    ]

    def build() -> torch.nn.Module:
        return AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32)

    given = argparse.Namespace(
        mode=mode, epochs=1.0, max_steps=options.steps, warmup_steps=10, batch_size=32, learning_rate=1e-4,
        seed=0, device=options.device,
    )  # fmt: skip
    job = Job(build, Rows(encoded), DataCollatorWithPadding(tokenizer), tokenizer)
    _, figures = train(job, given)
    return figures.steps / figures.steps_seconds


def texts_per_second(predict: Callable[[Sequence[str]], object], texts: Sequence[str], device: str) -> float:
    """Texts a second of one pass, tokenisation included, after one over a part that warms up."""
    predict(texts[: max(32, len(texts) // 10)])
    if device == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    predict(texts)
    if device == "cuda":
        torch.cuda.synchronize()
    return len(texts) / (time.perf_counter() - start)


def our_texts(folder: Path, device: str, dtype: torch.dtype) -> Callable[[Sequence[str]], object]:
    """Bertolt's prediction, texts in and results out."""
    model = our_model(folder, torch.device(device), dtype)
    return lambda texts: list(model.results(TextExample(line=0, text=text) for text in texts))


def pipeline_texts(
    folder: Path, device: str, dtype: torch.dtype, size: int
) -> Callable[[Sequence[str]], object]:
    """The transformers pipeline's prediction."""
    classify = transformers.pipeline("text-classification", model=str(folder), device=device, dtype=dtype)
    return lambda texts: classify(list(texts), batch_size=size, truncation=True, max_length=512, top_k=None)


def measure(folder: Path, options: argparse.Namespace) -> dict[str, float]:
    """Every rate: the median over the rounds."""
    rows = read_rows(options.train, options.rows)
    files = {"short": [row.text for row in rows]}
    if options.long:
        files["long"] = [row.text for row in read_rows(options.long, options.rows)]
    predictors = {} if options.training_only else all_predictors(folder, options.device)
    found: Rates = {}
    for _ in range(options.rounds):
        found.setdefault("steps_per_second bertolt", []).append(our_steps(folder, rows, options))
        for mode in ("default", "best"):
            rate = trainer_steps(folder, rows, mode, options)
            found.setdefault(f"steps_per_second trainer {mode}", []).append(rate)
        for (name, predict), (file, texts) in itertools.product(predictors.items(), files.items()):
            rate = texts_per_second(predict, texts, options.device)
            found.setdefault(f"texts_per_second {file} {name}", []).append(rate)
        # As they are found: a lent machine may be taken back before the last round.
        print(json.dumps(medians(found)), file=sys.stderr)
    return medians(found)


def all_predictors(folder: Path, device: str) -> dict[str, Callable[[Sequence[str]], object]]:
    """Bertolt's prediction and the pipeline's, in both dtypes."""
    found: dict[str, Callable[[Sequence[str]], object]] = {}
    for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        found[f"bertolt {name}"] = our_texts(folder, device, dtype)
        for size in (32, 128):
            found[f"pipeline {name} batch {size}"] = pipeline_texts(folder, device, dtype, size)
    return found


def medians(found: Rates) -> dict[str, float]:
    """Of the rounds so far."""
    return {name: round(statistics.median(rates), 2) for name, rates in found.items()}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("backbone", type=Path, help="folder with a configuration and a tokenizer")
    parser.add_argument("train", type=Path, help="csv file with the columns text and label")
    parser.add_argument("--long", type=Path, help="another one, of long texts, for prediction alone")
    parser.add_argument("--rows", type=int, default=3200, help="at most, of each file")
    parser.add_argument("--steps", type=int, default=100, help="of training, of 32 rows each")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--training-only", action="store_true", help="no prediction")
    parser.add_argument("--layers", type=int, default=0, help="of the network; 0: the backbone's")
    parser.add_argument("--hidden", type=int, default=0, help="its hidden size; 0: the backbone's")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    options = parser.parse_args()
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_classifier(options.backbone, folder, options.layers, options.hidden)
        figures = measure(folder, options)
    device = torch.cuda.get_device_name() if options.device == "cuda" else "cpu"
    about = {"device": device, "torch": torch.__version__, "transformers": transformers.__version__}
    seconds = round(time.perf_counter() - start, 1)
    print(json.dumps({**about, "seconds": seconds, "rounds": options.rounds, **figures}))


if __name__ == "__main__":
    main()
