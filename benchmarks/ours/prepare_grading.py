"""Make the inputs of the studies of grading out of a folder with the data sets' official files.

    python -m benchmarks.ours.prepare_grading --data-root OFFICIAL --out build/grading

``--out`` is the data root of the studies:

    sets                        a link to the official files
    sst/{train,test}.csv        text, label 0 to 4: the official train and dev files
    joci/{train,test}.csv       the official columns; 15% of the contexts in test, seeded, of whose rows 2,000
    fever/{train,test}.jsonl    the official fields; 15% of the claims in test, seeded
    composed.csv                text, context, label, set: CoLA's whole dev file, and of LIAR's valid file and
                                the test files of FEVER and JOCI 500 rows each, seeded, as grades

Each set's own test rows are in none of the training files. An acceptable sentence of CoLA has no known grade:
its label leaves 1 to 4 open. Training draws at most 8,000 rows of each set by itself.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers.prepare import write_rows
from benchmarks.peers.prepare_tasks import link, write_json_lines

from bertolt.data.examples import GradedExample
from bertolt.data.sources import open_source
from bertolt.tasks.reading import ColumnChoice, read_labelled
from bertolt.tasks.sentence_grading import TASK

SEED = 0
TEST_SHARE = 0.15
JOCI_TEST_ROWS = 2000
COMPOSED_ROWS = 500


def write_sst(root: Path, out: Path) -> None:
    """SST-5: a label, a blank and the sentence on each line."""
    for part, name in (("train", "train"), ("test", "dev")):
        lines = (root / "sst" / f"stsa.fine.{name}").read_text(encoding="utf-8").splitlines()
        rows = [(text, label) for label, _, text in (line.partition(" ") for line in lines)]
        write_rows(out / "sst" / f"{part}.csv", ("text", "label"), rows)


def write_joci(root: Path, out: Path, seed: int) -> None:
    """JOCI: each context stands with its hypotheses on one side."""
    with (root / "joci" / "joci.csv").open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    place = header.index("CONTEXT")
    contexts = sorted({row[place] for row in rows})
    generator = random.Random(seed)
    chosen = set(generator.sample(contexts, round(len(contexts) * TEST_SHARE)))
    test = [row for row in rows if row[place] in chosen]
    test = generator.sample(test, min(JOCI_TEST_ROWS, len(test)))
    write_rows(out / "joci" / "train.csv", header, [row for row in rows if row[place] not in chosen])
    write_rows(out / "joci" / "test.csv", header, test)


def write_fever(root: Path, out: Path, seed: int) -> None:
    """FEVER: equal claims stand on one side."""
    with (root / "fever" / "claims.jsonl").open(encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    claims = sorted({row["claim"] for row in rows})
    test = set(random.Random(seed).sample(claims, round(len(claims) * TEST_SHARE)))
    for part, wanted in (("train", False), ("test", True)):
        chosen = [row for row in rows if (row["claim"] in test) is wanted]
        write_json_lines(out / "fever" / f"{part}.jsonl", chosen)


def graded(file: Path) -> Sequence[GradedExample]:
    """The rows of a set's file as grades, by the packaged mapping."""
    table = open_source(str(file), TASK.layouts).pick("test")
    return read_labelled(TASK, table, TASK.Settings(), ColumnChoice()).examples


def write_composed(root: Path, out: Path, seed: int) -> None:
    """The dev set of the five grades."""
    files = {
        "CoLA": root / "cola" / "in_domain_dev.tsv",
        "LIAR": root / "liar" / "valid.tsv",
        "FEVER": out / "fever" / "test.jsonl",
        "JOCI": out / "joci" / "test.csv",
    }
    rows: list[tuple[str, ...]] = []
    for name, file in files.items():
        examples = graded(file)
        if name != "CoLA":
            examples = random.Random(seed).sample(list(examples), COMPOSED_ROWS)
        rows += [(each.text, each.context or "", str(each.label), name) for each in examples]
    write_rows(out / "composed.csv", ("text", "context", "label", "set"), rows)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data-root", type=Path, required=True, help="folder with the official files")
    parser.add_argument("--out", type=Path, required=True, help="the data root of the studies")
    parser.add_argument("--seed", type=int, default=SEED, help="of all splits")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    link(options.data_root, options.out)
    write_sst(options.data_root, options.out)
    write_joci(options.data_root, options.out, options.seed)
    write_fever(options.data_root, options.out, options.seed)
    write_composed(options.data_root, options.out, options.seed)


if __name__ == "__main__":
    main()
