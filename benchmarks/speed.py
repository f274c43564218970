"""The studies speed-fp32 and speed-base: Bertolt beside transformers, each cell in one interleaved run.

    python benchmarks/peers/prepare.py --out build/benchmarks
    python -m benchmarks.speed --data-root build/benchmarks

and with the base-size encoder ``mpnet``, unpacked before by any ``bertolt check FILE --model mpnet``:

    python benchmarks/peers/prepare.py --out build/base --backbone ~/.cache/bertolt/all-mpnet-base-v2
    python -m benchmarks.speed base --data-root build/base

Run them when nothing else runs.
"""

from __future__ import annotations

import sys

from benchmarks.study import Cell, Variant, run_one_of

TRAIN = "$DATA/rotten-tomatoes/train.csv"
TRAINER = f"python -m benchmarks.peers.hf_trainer $DATA/backbone {TRAIN} --seed $SEED"
TRAINER_WHOLE = f"{TRAINER} --mode default --epochs 2 --eval-file $DATA/rotten-tomatoes/test.csv"
OURS_WHOLE = (
    f"bertolt train {TRAIN} --validation $DATA/rotten-tomatoes/validation.csv "
    "--test $DATA/rotten-tomatoes/test.csv --epochs 1 --seed $SEED --out $OUT/model --json"
)
DEFAULT_WHOLE = OURS_WHOLE.replace("--epochs 1", "--model minilm").replace("$OUT/model", "$DATA/minilm")
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

#: A base-size encoder, in under 25 minutes on two cores. The trainings leave the models that predict later.
BASE = [
    Cell(
        "train-steps",
        (
            Variant(
                "bertolt",
                f"python -m benchmarks.ours.train_steps $DATA/backbone {TRAIN} --max-steps 50 --seed $SEED",
            ),
            Variant("trainer-default", f"{TRAINER} --mode default --max-steps 50 --warmup-steps 2"),
            Variant("trainer-best", f"{TRAINER} --mode best --max-steps 50 --warmup-steps 2"),
        ),
    ),
    Cell(
        "one-epoch",
        (Variant("bertolt", OURS_WHOLE.replace("$OUT", "$DATA") + " --model $DATA/backbone --lr 3e-5"),),
    ),
    Cell("minilm", (Variant("bertolt", DEFAULT_WHOLE),)),
    Cell(
        "predict-encoders",
        tuple(
            Variant(name, f"python benchmarks/ours/predict.py $DATA/{folder} $DATA/short.csv")
            for name, folder in (("minilm", "minilm"), ("mpnet", "model"))
        ),
        repeats=3,
    ),
    Cell("predict-short", prediction("short", (1, 32))),
]

STUDIES = {"fp32": CELLS, "base": BASE}

if __name__ == "__main__":
    sys.exit(run_one_of("speed", STUDIES, default="fp32"))
