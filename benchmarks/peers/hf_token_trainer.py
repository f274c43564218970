"""A peer: fine-tune a tagger with transformers' Trainer, and say how fast and how well.

    python -m benchmarks.peers.hf_token_trainer DATA/backbone DATA/wnut/train.jsonl --max-steps 150
    python -m benchmarks.peers.hf_token_trainer DATA/backbone DATA/wnut/train.jsonl --epochs 5 \
        --learning-rate 2e-4 --eval-file DATA/wnut/dev.jsonl

The recipe is that of transformers' token classification examples (run_ner): the first sub-word of a word has
its tag, the others have none; DataCollatorForTokenClassification pads to the longest text of a batch. See
``trainer_run`` for the modes and for what is timed. A word that was cut off is read as ``O``.

The last line of standard output is JSON: ``TrainingFigures`` and, with --eval-file, the word accuracy and the
F1 of whole spans as conlleval counts them. Needs torch, transformers and accelerate alone.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from benchmarks.peers.trainer_run import Encoded, Job, Rows, add_options, read_config, train
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    Trainer,
)

IGNORED = -100
OUTSIDE = "O"


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words and the tag of each."""

    tokens: list[str]
    tags: list[str]


def read_sentences(path: Path) -> list[Sentence]:
    """Read a file of JSON lines with ``tokens`` and ``tags``."""
    with path.open(encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    return [Sentence(row["tokens"], row["tags"]) for row in rows]


def encode_sentences(
    sentences: Sequence[Sentence],
    labels: Sequence[str],
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
) -> tuple[Rows, list[list[int | None]]]:
    """Tokenize words, cut at ``max_length`` tokens, without padding.

    Returns:
        The rows, and of each sentence the position of each word's first sub-word, None where it was cut off.

    Raises:
        SystemExit: a tag that is not among ``labels``.
    """
    unknown = {tag for sentence in sentences for tag in sentence.tags} - set(labels)
    if unknown:
        raise SystemExit(f"error: tags {sorted(unknown)} are not among the training tags {list(labels)}")
    encoded = tokenizer(
        [sentence.tokens for sentence in sentences],
        truncation=True,
        max_length=max_length,
        is_split_into_words=True,
    )
    columns = list(encoded.keys())
    rows: list[Encoded] = []
    places: list[list[int | None]] = []
    for index, sentence in enumerate(sentences):
        words = encoded.word_ids(index)
        first: dict[int, int] = {}
        for place, word in enumerate(words):
            if word is not None:
                first.setdefault(word, place)
        targets = [IGNORED] * len(words)
        for word, place in first.items():
            targets[place] = labels.index(sentence.tags[word])
        rows.append({**{column: encoded[column][index] for column in columns}, "labels": targets})
        places.append([first.get(word) for word in range(len(sentence.tokens))])
    return Rows(rows), places


def build_model(options: argparse.Namespace, labels: Sequence[str]) -> PreTrainedModel:
    """The tagger with a new head."""
    model: PreTrainedModel = AutoModelForTokenClassification.from_pretrained(
        options.backbone, config=read_config(options.backbone, options.mode, labels), dtype=torch.float32
    )
    return model


def predict_tags(
    trainer: Trainer, test: Rows, places: Sequence[Sequence[int | None]], labels: Sequence[str]
) -> list[list[str]]:
    """The tag of each word: that of its first sub-word."""
    predicted = np.argmax(trainer.predict(test).predictions, axis=-1)
    return [
        [OUTSIDE if place is None else labels[row[place]] for place in of_sentence]
        for row, of_sentence in zip(predicted, places, strict=True)
    ]


def find_spans(tags: Sequence[str]) -> set[tuple[str, int, int]]:
    """(type, start, end) of the spans of one sentence; as in conlleval, a stray ``I-`` begins one."""
    spans: set[tuple[str, int, int]] = set()
    kind, start = "", 0
    for place, tag in enumerate([*tags, OUTSIDE]):
        prefix, _, name = tag.partition("-")
        if kind and (prefix != "I" or name != kind):
            spans.add((kind, start, place))
            kind = ""
        if prefix in {"B", "I"} and not kind:
            kind, start = name, place
    return spans


def evaluate_tags(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> dict[str, object]:
    """Word accuracy; precision, recall and F1 of spans whose type and both ends are right."""
    words = [pair for rows in zip(gold, predicted, strict=True) for pair in zip(*rows, strict=True)]
    right = wanted = found = 0
    for gold_tags, predicted_tags in zip(gold, predicted, strict=True):
        true, guessed = find_spans(gold_tags), find_spans(predicted_tags)
        right, wanted, found = right + len(true & guessed), wanted + len(true), found + len(guessed)
    return {
        "eval_examples": len(gold),
        "word_accuracy": sum(a == b for a, b in words) / len(words),
        "span_precision": right / max(1, found),
        "span_recall": right / max(1, wanted),
        "span_f1": 2 * right / max(1, found + wanted),
    }


def run(options: argparse.Namespace) -> dict[str, object]:
    """Train, evaluate."""
    sentences = read_sentences(options.train_file)
    labels = sorted({tag for sentence in sentences for tag in sentence.tags})
    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(options.backbone)
    start = time.perf_counter()
    encoded, _ = encode_sentences(sentences, labels, tokenizer, options.max_length)
    tokenize_seconds = round(time.perf_counter() - start, 3)
    collator = DataCollatorForTokenClassification(tokenizer)
    trainer, training = train(
        Job(lambda: build_model(options, labels), encoded, collator, tokenizer), options
    )
    figures: dict[str, object] = {**asdict(training), "tokenize_seconds": tokenize_seconds}
    if options.eval_file:
        held_out = read_sentences(options.eval_file)
        test, places = encode_sentences(held_out, labels, tokenizer, options.max_length)
        predicted = predict_tags(trainer, test, places, labels)
        figures.update(evaluate_tags([sentence.tags for sentence in held_out], predicted))
    return figures


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("backbone", type=Path, help="folder that prepare.py cleaned")
    parser.add_argument("train_file", type=Path, help="JSON lines: tokens, tags")
    parser.add_argument("--eval-file", type=Path, help="JSON lines, for the F1 of spans after training")
    parser.add_argument("--max-length", type=int, default=512)
    add_options(parser)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(json.dumps(run(options)))


if __name__ == "__main__":
    main()
