"""The study speed-engine: both engines of Bertolt beside every peer, training, and what many rows cost.

    benchmarks/peers/make.sh build/peers
    benchmarks/peers/make.sh build/peers-pipeline transformers
    python -m benchmarks.speed_engine --data-root build/benchmarks

Run it when nothing else runs. It takes about half an hour. The cells export-fp32 and export-int8 write
``$DATA/model-onnx`` and ``$DATA/model-int8``, which later cells read. Where an export is refused, its cell
fails with the gate's reason.
"""

from __future__ import annotations

import sys
from dataclasses import replace

from benchmarks import speed
from benchmarks.study import Cell, Variant, run_study

ROUNDS = 3
EXPORT = "bertolt export $DATA/model --json"
BENCH = "python -m benchmarks.bench_peers $DATA/model $DATA/model-onnx $DATA/model-int8 --peers build/peers"
PIPELINE = "python -m benchmarks.bench_peers $DATA/model-int8 $DATA/model-onnx --peers build/peers-pipeline"
LINEAR = "python -m benchmarks.ours.linear_cost $DATA/backbone $DATA/rotten-tomatoes/train.csv"

#: The training steps of the study speed-fp32, with the code of today, beside the engines.
(TRAIN_STEPS,) = (cell for cell in speed.CELLS if cell.name == "train-steps")

CELLS = [
    Cell("export-fp32", (Variant("bertolt", f"{EXPORT} --out $DATA/model-onnx"),)),
    Cell("export-int8", (Variant("bertolt", f"{EXPORT} --out $DATA/model-int8 --int8"),)),
    # A command measures all programs in interleaved rounds by itself.
    Cell("short", (Variant("bench", f"{BENCH} $DATA/short.csv --rounds {ROUNDS}"),)),
    Cell("long", (Variant("bench", f"{BENCH} $DATA/long.csv --rounds 2"),)),
    # Of short texts the pipeline's best batch is none of those above.
    Cell("short-pipeline", (Variant("bench", f"{PIPELINE} $DATA/short.csv --rounds {ROUNDS}"),)),
    replace(TRAIN_STEPS, repeats=2),
    Cell("linear-cost", (Variant("bertolt", f"{LINEAR} --rows 1000000"),)),
]

if __name__ == "__main__":
    sys.exit(run_study("speed-engine", CELLS))
