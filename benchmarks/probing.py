"""The studies probing-layers and probing-speed: what minilm knows and where, with its controls, in what time.

    bertolt adapt minilm build/benchmarks/imdb/train-5000.csv --out build/tasks/adapted --lr 5e-4
    python -m benchmarks.probing layers --data-root build/tasks
    python -m benchmarks.probing speed --data-root build/tasks

$DATA/sets holds the official files, $DATA/reviews-model a model fine-tuned on Rotten Tomatoes, and
$DATA/adapted a model of ``bertolt adapt``. The dev file is measured on; where there is none, a seeded tenth.
Run ``speed`` when nothing else runs.
"""

from __future__ import annotations

import sys

from benchmarks.study import Cell, Variant, run_one_of

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

STUDIES = {
    "layers": [
        probed("minilm-part-of-speech", "minilm", EWT, "part-of-speech"),
        probed("minilm-dependencies", "minilm", EWT, "dependencies", f"--seeds 3 {HALF}"),
        probed("minilm-phrases", "minilm", EWT, "phrases"),
        probed("minilm-entities", "minilm", WNUT, "entities"),
        probed("minilm-relations", "minilm", "$DATA/sets/semeval2010_task8/TRAIN_FILE.TXT", "relations"),
        probed("minilm-definite-pronouns", "minilm", "$DATA/sets/dpr/train.c.txt", "definite-pronouns"),
        *(probed(f"{name}-part-of-speech", folder, EWT, "part-of-speech", "") for name, folder in MODELS),
        *(probed(f"{name}-dependencies", folder, EWT, "dependencies", HALF) for name, folder in MODELS),
    ],
    # All inputs, the controls, the random network and the description length, as the verb comes.
    "speed": [probed("ewt-part-of-speech", "minilm", EWT, "part-of-speech", "")],
}

if __name__ == "__main__":
    sys.exit(run_one_of("probing", STUDIES))
