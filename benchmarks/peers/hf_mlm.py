"""A peer: masked-LM training as transformers' run_mlm does it, and how fast it goes.

    python -m benchmarks.peers.hf_mlm DATA/backbone DATA/texts.csv --max-steps 60

The recipe of examples/pytorch/language-modeling/run_mlm.py: every document is tokenized whole with its
special tokens, 1,000 documents at a time are joined and cut into pieces of --piece-tokens (the rest is
dropped), DataCollatorForLanguageModeling masks 15% of the tokens anew at each visit, and the Trainer trains
AutoModelForMaskedLM, whose head is new where the backbone has none. run_mlm's own batch is 8 pieces; 32 is
what our side takes, and faster a token. See ``trainer_run`` for the modes and for what is timed.

The last line of standard output is the JSON of ``TrainingFigures`` with ``pieces`` and ``tokenize_seconds``;
an example is a piece. Needs torch, transformers and accelerate alone.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from benchmarks.peers.trainer_run import Encoded, Job, Rows, add_options, read_config, train
from transformers import (
    AutoModelForMaskedLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

DOCUMENTS_JOINED = 1000  # the batch of datasets.map, in which run_mlm joins documents


def read_documents(path: Path, limit: int | None) -> list[str]:
    """Read the column ``text`` of a csv file, or the lines of a text file that are not blank."""
    with path.open(encoding="utf-8", newline="") as stream:
        if path.suffix == ".csv":
            return [row["text"] for row in csv.DictReader(stream)][:limit]
        return [line.rstrip("\r\n") for line in stream if line.strip()][:limit]


def group_texts(documents: Sequence[str], tokenizer: PreTrainedTokenizerBase, piece_tokens: int) -> Rows:
    """Documents as pieces of equal length."""
    pieces: list[Encoded] = []
    for start in range(0, len(documents), DOCUMENTS_JOINED):
        part = list(documents[start : start + DOCUMENTS_JOINED])
        encoded = tokenizer(part, return_special_tokens_mask=True)
        joined = {name: list(itertools.chain.from_iterable(values)) for name, values in encoded.items()}
        whole = len(joined["input_ids"]) // piece_tokens
        pieces += [
            {
                name: values[index * piece_tokens : (index + 1) * piece_tokens]
                for name, values in joined.items()
            }
            for index in range(whole)
        ]
    return Rows(pieces)


def build_model(options: argparse.Namespace) -> PreTrainedModel:
    """The masked-LM network."""
    model: PreTrainedModel = AutoModelForMaskedLM.from_pretrained(
        options.backbone, config=read_config(options.backbone, options.mode), dtype=torch.float32
    )
    return model


def run(options: argparse.Namespace) -> dict[str, object]:
    """Cut into pieces, train."""
    documents = read_documents(options.documents, options.limit)
    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(options.backbone)
    start = time.perf_counter()
    pieces = group_texts(documents, tokenizer, options.piece_tokens)
    tokenize_seconds = round(time.perf_counter() - start, 3)
    if not len(pieces):
        raise SystemExit(f"error: {options.documents} holds no piece of {options.piece_tokens} tokens")
    collator = DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.15)
    _, training = train(Job(lambda: build_model(options), pieces, collator, tokenizer), options)
    return {**asdict(training), "pieces": len(pieces), "tokenize_seconds": tokenize_seconds}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("backbone", type=Path, help="folder that prepare.py cleaned")
    parser.add_argument("documents", type=Path, help="csv file with a column text, or a text file")
    parser.add_argument("--limit", type=int, help="read only the first documents")
    parser.add_argument("--piece-tokens", type=int, default=128)
    add_options(parser)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(json.dumps(run(options)))


if __name__ == "__main__":
    main()
