"""The studies grading-order and grading-sentences.

    python -m benchmarks.ours.prepare_grading --data-root OFFICIAL --out build/grading
    python -m benchmarks.grading order --data-root build/grading
    python -m benchmarks.grading sentences --data-root build/grading
    python -m benchmarks.paired grading --predictions build/grading/predictions

``order``: SST-5 and JOCI (split by context), 8,000 rows, CORN beside cross-entropy, each decoded by its mode
and its median; 3 seeds. ``sentences``: the five grades on the composed dev set beside baselines, and CoLA
alone beside the joint model, with as many epochs and with one more; 3 seeds.
"""

from __future__ import annotations

import sys

from benchmarks.study import Cell, Variant, run_one_of

SEEDS = (0, 1, 2)
ORDERS = {
    "sst": "$DATA/sst/train.csv --test $DATA/sst/test.csv --order 0,1,2,3,4",
    "joci": "$DATA/joci/train.csv --test $DATA/joci/test.csv --order 1,2,3,4,5",
}
LOSSES = ("corn", "cross-entropy")


def order(data: str, loss: str, seed: int) -> Cell:
    """One training, decoded twice."""
    command = (
        f"python -m benchmarks.ours.grade_order {ORDERS[data]} --loss {loss} --epochs 3 --seed $SEED "
        f"--device $DEVICE --out $OUT/model --predictions $DATA/predictions/{data}-seed-$SEED-{loss}"
    )
    return Cell(f"{data}-{loss}-seed-{seed}", (Variant(loss, command),), seed=seed)


def single(epochs: int, name: str, seed: int) -> Cell:
    """CoLA alone."""
    command = (
        "python benchmarks/ours/train_and_predict.py $DATA/sets/cola/in_domain_train.tsv "
        f"--task acceptability --test $DATA/sets/cola/in_domain_dev.tsv --epochs {epochs} --seed $SEED "
        f"--device $DEVICE --out $OUT/model --predictions $DATA/predictions/cola-seed-$SEED-{name}.jsonl"
    )
    return Cell(f"cola-{name}-seed-{seed}", (Variant(name, command),), seed=seed)


def joint(seed: int) -> Cell:
    """The four sets together; the model stays, for the page and the docs.

    The lines ``joint-3-epochs-`` are of a loss in which a row counted once, however many questions it
    answers. It was not better, and is gone.
    """
    command = (
        "python -m benchmarks.ours.grade_sentences --data-root $DATA --epochs 2 --seed $SEED "
        "--device $DEVICE --out $DATA/models/grading-seed-$SEED"
    )
    return Cell(f"joint-seed-{seed}", (Variant("joint", command),), seed=seed)


STUDIES = {
    "order": [order(data, loss, seed) for data in ORDERS for seed in SEEDS for loss in LOSSES],
    "sentences": [
        cell
        for seed in SEEDS
        for cell in (joint(seed), single(2, "single", seed), single(3, "single-3-epochs", seed))
    ],
}

if __name__ == "__main__":
    sys.exit(run_one_of("grading", STUDIES))
