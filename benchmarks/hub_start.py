"""The study serving-hub-start: one text through a classifier of others, beside transformers' own pipeline.

    python -m benchmarks.hub_start --data-root build/benchmarks

The classifier is all-MiniLM-L6-v2 (22.7 M parameters) with a random head of two labels, as transformers saves
it; speed does not depend on what the numbers are. Both programs begin as processes and take turns. About two
minutes. The bar: the median of bertolt is at most 1.15 times that of transformers.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.study import Cell, Variant, run_study

FOLDER = "hub-start"


def prepare(folder: Path) -> None:
    """Writes the classifier, unless it is there."""
    if (folder / "config.json").is_file():
        return
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    from bertolt.models.backbone import find_folder

    torch.manual_seed(0)
    source = find_folder("minilm")
    names = {0: "NEGATIVE", 1: "POSITIVE"}
    network = AutoModelForSequenceClassification.from_pretrained(source, id2label=names)
    AutoTokenizer.from_pretrained(source).save_pretrained(folder)
    network.save_pretrained(folder)


def cells() -> list[Cell]:
    """One cell; the programs take turns."""
    programs = ("bertolt", "transformers")
    variants = [Variant(name, f"python benchmarks/cold.py {name} $DATA/{FOLDER}") for name in programs]
    return [Cell("one-text", tuple(variants), repeats=9)]


def main(words: list[str]) -> int:
    """Prepares the classifier and runs the study."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--data-root", type=Path, required=True)
    root: Path = parser.parse_known_args(words)[0].data_root
    prepare(root / FOLDER)
    return run_study("serving-hub-start", cells(), words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
