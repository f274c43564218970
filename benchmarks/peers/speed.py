"""The study speed-peers: what the peers do on this machine. Run it when nothing else runs.

    python benchmarks/peers/prepare.py --out build/benchmarks
    python -m benchmarks.peers.speed --data-root build/benchmarks

A comparison belongs in one cell, its variants in turns: another program joins as one more ``Variant``.
"""

from __future__ import annotations

import sys

from benchmarks.study import Cell, Variant, run_study

TRAINER = "python benchmarks/peers/hf_trainer.py $DATA/backbone $DATA/rotten-tomatoes/train.csv --seed $SEED"
ACCURACY = "$DATA/rotten-tomatoes/validation.csv --epochs 2 --eval-file $DATA/rotten-tomatoes/test.csv"
PIPELINE = "python benchmarks/peers/hf_pipeline.py $DATA/classifier"
BATCH_SIZES = (1, 8, 32, 64)

TRAIN_STEPS = tuple(Variant(mode, f"{TRAINER} --mode {mode} --max-steps 100") for mode in ("default", "best"))


def prediction(texts: str) -> tuple[Variant, ...]:
    """The pipeline at each batch size over one file of texts."""
    return tuple(
        Variant(f"batch-{size}", f"{PIPELINE} $DATA/{texts}.csv --batch-size {size}") for size in BATCH_SIZES
    )


CELLS = [
    Cell("sgemm", (Variant("torch", "python benchmarks/sgemm.py"),), repeats=3),
    Cell("train-steps", TRAIN_STEPS, repeats=3),
    *(
        Cell(f"train-accuracy-{mode}", (Variant(mode, f"{TRAINER} {ACCURACY} --mode {mode}"),))
        for mode in ("default", "best")
    ),
    Cell("predict-short", prediction("short"), repeats=3),
    Cell("predict-long", prediction("long"), repeats=3),
]

if __name__ == "__main__":
    sys.exit(run_study("speed-peers", CELLS))
