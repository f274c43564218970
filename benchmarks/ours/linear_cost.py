"""Whether prediction costs the same a token however long the input: few rows, and the same ones many times.

    python -m benchmarks.ours.linear_cost DATA/backbone DATA/rotten-tomatoes/train.csv --rows 1000000

The rows are a stream that is never held whole. The network is tiny (one layer of 32, random weights), so that
what Bertolt itself does a row weighs most. The short stream, which takes a second or so, is measured five
times before the long one and five times after it, and the mean is compared. The last line of standard output is JSON.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import statistics
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForSequenceClassification

from bertolt.data.examples import TextExample
from bertolt.data.tokenizer import Tokenizer
from bertolt.evaluation.bench.speaking import peak_megabytes
from bertolt.inference.engine import TorchEngine
from bertolt.inference.run import Model
from bertolt.models.spec import ModelSpec
from bertolt.tasks.registry import get_task

FEW = 10_000
#: Of the short stream, before the long one and again after it.
PASSES = 5
TASK = "text-classification"


def tiny_model(backbone: Path, folder: Path) -> Model:
    """A classifier with the backbone's tokenizer and a tiny network."""
    config = AutoConfig.from_pretrained(backbone)
    config.num_hidden_layers, config.num_attention_heads = 1, 2
    config.hidden_size, config.intermediate_size = 32, 64
    torch.manual_seed(0)
    AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)
    task, tokenizer = get_task(TASK), Tokenizer.from_folder(backbone)
    network = task.head.load(folder).requires_grad_(False)
    engine = TorchEngine(network, task.head, pad_id=tokenizer.pad_id, device=torch.device("cpu"))
    return Model(task, ModelSpec(task=TASK, labels=("0", "1")), tokenizer, engine)


def stream(texts: list[str], count: int) -> Iterable[TextExample]:
    """So many rows, the texts over and over."""
    return (TextExample(line=0, text=text) for text in itertools.islice(itertools.cycle(texts), count))


def seconds_a_token(model: Model, texts: list[str], count: int) -> float:
    """Seconds a token of one pass over a stream; results are dropped as they come."""
    start = time.perf_counter()
    tokens = sum(result.tokens_read for result in model.results(stream(texts, count)))
    return (time.perf_counter() - start) / tokens


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("backbone", type=Path, help="folder with a configuration and a tokenizer")
    parser.add_argument("texts", type=Path, help="csv file with a column text")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the long stream")
    options = parser.parse_args()
    with options.texts.open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)][:FEW]
    with tempfile.TemporaryDirectory() as name:
        model = tiny_model(options.backbone, Path(name))
    seconds_a_token(model, texts, 2000)
    passes = [seconds_a_token(model, texts, FEW) for _ in range(PASSES)]
    megabytes = peak_megabytes()
    many = seconds_a_token(model, texts, options.rows)
    passes += [seconds_a_token(model, texts, FEW) for _ in range(PASSES)]
    few = statistics.mean(passes)
    figures = {
        "rows": options.rows,
        "nanoseconds_a_token_few": round(1e9 * few, 2),
        "nanoseconds_a_token_many": round(1e9 * many, 2),
        "ratio": round(many / few, 4),
        "megabytes_few": round(megabytes, 1),
        "megabytes_many": round(peak_megabytes(), 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
