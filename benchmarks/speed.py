"""The study speed-fp32: Bertolt beside transformers, in one interleaved run. Run it when nothing else runs.

python benchmarks/peers/prepare.py --out build/benchmarks
python -m benchmarks.speed --data-root build/benchmarks
"""

from __future__ import annotations

import sys

from benchmarks.study import Cell, Variant, run_study

TRAIN = "$DATA/rotten-tomatoes/train.csv"
TRAINER = f"python -m benchmarks.peers.hf_trainer $DATA/backbone {TRAIN} --seed $SEED"
TRAINER_WHOLE = f"{TRAINER} --mode default --epochs 2 --eval-file $DATA/rotten-tomatoes/test.csv"
OURS_WHOLE = (
    f"bertolt train {TRAIN} --validation $DATA/rotten-tomatoes/validation.csv "
    "--test $DATA/rotten-tomatoes/test.csv --epochs 1 --seed $SEED --out $OUT/model --json"
)
PIPELINE = "python benchmarks/peers/hf_pipeline.py $DATA/model"


def prediction(texts: str, sizes: tuple[int, ...]) -> tuple[Variant, ...]:
    """Ours, and transformers' pipeline at several batch sizes, over one file of texts and one model."""
    peers = tuple(
        Variant(f"transformers-batch-{size}", f"{PIPELINE} $DATA/{texts}.csv --batch-size {size}")
        for size in sizes
    )
    return (Variant("bertolt", f"python benchmarks/ours/predict.py $DATA/model $DATA/{texts}.csv"), *peers)


CELLS = [
    Cell("sgemm", (Variant("torch", "python benchmarks/sgemm.py"),), repeats=3),
    Cell(
        "train-steps",
        (
            Variant("bertolt", f"python -m benchmarks.ours.train_steps $DATA/backbone {TRAIN} --seed $SEED"),
            Variant("trainer-default", f"{TRAINER} --mode default --max-steps 100"),
            Variant("trainer-best", f"{TRAINER} --mode best --max-steps 100"),
        ),
        repeats=3,
    ),
    Cell("trainer-two-epochs", (Variant("trainer-default", TRAINER_WHOLE), Variant("bertolt", OURS_WHOLE))),
    *(Cell(f"one-epoch-seed-{seed}", (Variant("bertolt", OURS_WHOLE),), seed=seed) for seed in (1, 2)),
    Cell("predict-short", prediction("short", (1, 8, 32, 64)), repeats=3),
    Cell("predict-long", prediction("long", (1, 8, 32)), repeats=3),
]

if __name__ == "__main__":
    sys.exit(run_study("speed-fp32", CELLS))
