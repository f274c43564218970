"""Writes pairs of texts out of IMDb's reviews, of which the second follows the first or not.

    python -m benchmarks.ours.prepare_pairs --out build/benchmarks

``imdb/pairs-train.csv``: every train review once for each of three draws of its cuts;
``pairs-validation.csv`` and ``pairs-test.csv``: the reviews of those splits, one draw. Pairs are drawn as
``bertolt adapt --next-sentence`` draws them (seed 0), in rows of 128 tokens; ``pairs-256-train.csv`` and
so on in rows of 256.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bertolt.data.packaged import packaged_tables
from bertolt.data.sentence_pairs import Pair
from bertolt.data.sentences import split_sentences
from bertolt.data.tokenizer import Tokenizer
from bertolt.data.writers import open_writer
from bertolt.models.backbone import load_backbone
from bertolt.tasks.next_sentence_prediction import FOLLOWS, OTHER
from bertolt.unlabelled.rows import SentenceLayout

DRAWS = {"train": 3, "validation": 1, "test": 1}
#: Tokens of a row, and what the files' names begin with.
ROWS = {128: "pairs", 256: "pairs-256"}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    folder = parser.parse_args().out / "imdb"
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_folder(load_backbone("minilm").folder)
    for split, table in packaged_tables("imdb").items():
        reviews = [split_sentences(str(row.values["text"])) for row in table]
        reviews = [sentences for sentences in reviews if len(sentences) > 1]
        sentences = [sentence for review in reviews for sentence in review]
        lengths = iter([len(each.ids) for each in tokenizer.tokens(sentences, offsets=False)])
        counted = [[next(lengths) for _ in review] for review in reviews]
        for row, name in ROWS.items():
            layout = SentenceLayout(counted, row - tokenizer.pair.size)
            draws = [layout.draw(np.random.default_rng((0, draw))) for draw in range(DRAWS[split])]
            write(folder / f"{name}-{split}.csv", sentences, [pair for pairs in draws for pair in pairs])


def write(path: Path, sentences: Sequence[str], pairs: Sequence[Pair]) -> None:
    """A file of pairs."""
    with open_writer(path, ("sentence1", "sentence2", "label")) as writer:
        for pair in pairs:
            first, second = (" ".join(sentences[start:stop]) for start, stop in (pair.first, pair.second))
            label = FOLLOWS if pair.follows else OTHER
            writer.write({"sentence1": first, "sentence2": second, "label": label})


if __name__ == "__main__":
    main()
