"""Whether prediction costs the same a token however long the input: few rows, and the same ones many times.

    python -m benchmarks.ours.linear_cost DATA/backbone DATA/rotten-tomatoes/train.csv --rows 1000000

The rows are a stream that is never held whole. The network is tiny (one layer of 32, random weights), so that
what Bertolt itself does a row weighs most. The short stream takes a second or so, and a machine's speed
changes by the second: so the long one is halted ten times, and the short one is measured in each halt, after
a pass that warms up. The last line of standard output is JSON.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from transformers import AutoConfig, AutoModelForSequenceClassification

from bertolt.data.examples import TextExample
from bertolt.data.tokenizer import Tokenizer
from bertolt.evaluation.bench.protocol import peak_megabytes
from bertolt.inference.engine import TorchEngine
from bertolt.inference.run import Model
from bertolt.models.spec import ModelSpec
from bertolt.results import Result
from bertolt.tasks.registry import get_task

FEW = 10_000
#: Passes over the short stream, one after each tenth of the long one.
TURNS = 10
TASK = "text-classification"


class Pass(NamedTuple):
    """A pass over a part of a stream."""

    seconds: float
    tokens: int


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


def pass_over(results: Iterator[Result], count: int) -> Pass:
    """The next so many results, dropped as they come."""
    start = time.perf_counter()
    tokens = sum(result.tokens_read for result in itertools.islice(results, count))
    return Pass(time.perf_counter() - start, tokens)


def compare(model: Model, texts: list[str], rows: int) -> dict[str, float]:
    """Both streams in turns, and the memory before and after."""
    pass_over(model.results(stream(texts, FEW)), FEW)
    megabytes = peak_megabytes()
    long = model.results(stream(texts, rows))
    many, few = [], []
    for _ in range(TURNS):
        many.append(pass_over(long, rows // TURNS))
        few.append(pass_over(model.results(stream(texts, FEW)), FEW))
    each = {"few": seconds_a_token(few), "many": seconds_a_token(many)}
    return {
        **{f"nanoseconds_a_token_{name}": round(1e9 * seconds, 2) for name, seconds in each.items()},
        "ratio": round(each["many"] / each["few"], 4),
        "megabytes_few": round(megabytes, 1),
        "megabytes_many": round(peak_megabytes(), 1),
    }


def seconds_a_token(passes: list[Pass]) -> float:
    """Of all passes together."""
    return sum(each.seconds for each in passes) / sum(each.tokens for each in passes)


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
    figures = {"rows": options.rows, **compare(model, texts, options.rows)}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
