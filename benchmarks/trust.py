"""The studies trust-long-documents, trust-defaults and trust-checks.

    python benchmarks/peers/prepare.py --out build/benchmarks
    python benchmarks/ours/prepare.py --out build/benchmarks
    python -m benchmarks.trust long-documents --data-root build/benchmarks
    python -m benchmarks.trust defaults --data-root build/benchmarks
    python -m benchmarks.trust checks --data-root build/benchmarks

``long-documents``: what to do with reviews that do not fit 128 tokens; 5,000 train, 2,000 test, one epoch.
``defaults``: one factor at a time on Rotten Tomatoes, 3 seeds, measured on its validation part alone.
``checks``: what ``bertolt check`` costs on 25,000 reviews.
"""

from __future__ import annotations

import sys

from benchmarks.study import Cell, Variant, run_one_of

LONG = (
    "python benchmarks/ours/train_and_predict.py $DATA/imdb/train-5000.csv --task text-classification "
    "--validation $DATA/imdb/validation-500.csv --test $DATA/imdb/test-2000.csv --max-length 128 --epochs 1 "
    "--lr 1e-4 --seed $SEED --out $OUT/model"
)
POLICIES = ("head", "tail", "head+tail", "windows")

BASE = (
    "bertolt train $DATA/rotten-tomatoes/train.csv --validation $DATA/rotten-tomatoes/validation.csv "
    "--test $DATA/rotten-tomatoes/validation.csv --seed $SEED --out $OUT/model --json"
)
SETTINGS = {
    "base": "--epochs 1 --lr 1e-4",
    "lr-5e-5": "--epochs 1 --lr 5e-5",
    "lr-2e-4": "--epochs 1 --lr 2e-4",
    "epochs-2": "--epochs 2 --lr 1e-4",
    "batch-16": "--epochs 1 --lr 1e-4 --batch-size 16",
    "frozen-embeddings": "--epochs 1 --lr 1e-4 --freeze-embeddings",
    "layer-decay-0.9": "--epochs 1 --lr 1e-4 --layer-decay 0.9",
}

STUDIES = {
    "checks": [
        Cell("imdb", (Variant("bertolt", "python benchmarks/ours/check_cost.py imdb"),)),
        Cell("imdb-whole-verb", (Variant("bertolt", "bertolt check imdb --json"),)),
    ],
    "long-documents": [
        Cell(
            policy,
            (
                Variant(
                    "bertolt",
                    f"{LONG} --long {policy} --predictions $DATA/predictions/long-seed-$SEED-{policy}.jsonl",
                ),
            ),
        )
        for policy in POLICIES
    ],
    "defaults": [
        Cell(f"{name}-seed-{seed}", (Variant(name, f"{BASE} {options}"),), seed=seed)
        for name, options in SETTINGS.items()
        for seed in range(3)
    ],
}

if __name__ == "__main__":
    sys.exit(run_one_of("trust", STUDIES))
