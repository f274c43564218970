"""The study probing-layers: what minilm knows and where, every edge task with its controls.

python -m benchmarks.probing --data-root build/tasks

$DATA/sets holds the official files, $DATA/reviews-model a model fine-tuned on Rotten Tomatoes, and
$DATA/adapted a model of ``bertolt adapt``. The dev file is measured on; where there is
none, a seeded tenth.
"""

from __future__ import annotations

import sys

from benchmarks.study import Cell, Variant, run_study

EWT = "$DATA/sets/ud_english_ewt/en_ewt-ud-train.conllu --test $DATA/sets/ud_english_ewt/en_ewt-ud-dev.conllu"
WNUT = "$DATA/sets/wnut17/wnut17train.conll --test $DATA/sets/wnut17/emerging.dev.conll"
#: A pair costs twice a word: of EWT's dependencies half of the training targets.
HALF = "--set max_targets=90000"


def probed(name: str, model: str, data: str, edge_task: str, options: str = "--seeds 3") -> Cell:
    """A cell with one run of ``bertolt probe``."""
    command = (
        f"bertolt probe {model} {data} --edge-task {edge_task} {options} --seed $SEED --device $DEVICE "
        "--out $OUT/probe --json"
    )
    return Cell(name, (Variant("bertolt", command),))


MODELS = (("reviews", "$DATA/reviews-model"), ("adapted", "$DATA/adapted"))

CELLS = [
    probed("minilm-part-of-speech", "minilm", EWT, "part-of-speech"),
    probed("minilm-dependencies", "minilm", EWT, "dependencies", f"--seeds 3 {HALF}"),
    probed("minilm-phrases", "minilm", EWT, "phrases"),
    probed("minilm-entities", "minilm", WNUT, "entities"),
    probed("minilm-relations", "minilm", "$DATA/sets/semeval2010_task8/TRAIN_FILE.TXT", "relations"),
    probed("minilm-definite-pronouns", "minilm", "$DATA/sets/dpr/train.c.txt", "definite-pronouns"),
    *(probed(f"{name}-part-of-speech", folder, EWT, "part-of-speech", "") for name, folder in MODELS),
    *(probed(f"{name}-dependencies", folder, EWT, "dependencies", HALF) for name, folder in MODELS),
]

if __name__ == "__main__":
    sys.exit(run_study("probing-layers", CELLS))
