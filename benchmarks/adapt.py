"""The studies adapt-reading, adapt-gain and adapt-speed: what reading unlabelled text changes and buys.

    python benchmarks/peers/prepare.py --out build/benchmarks
    python benchmarks/ours/prepare.py --out build/benchmarks
    python -m benchmarks.ours.prepare_pairs --out build/benchmarks
    python -m benchmarks.peers.prepare_tasks --data-root OFFICIAL --out build/tasks
    ln -s ../tasks/sets build/benchmarks/sets
    python -m benchmarks.adapt reading --data-root build/benchmarks
    python -m benchmarks.adapt gain --data-root build/benchmarks
    python -m benchmarks.adapt speed --data-root build/benchmarks
    python -m benchmarks.paired adapt --predictions build/benchmarks/predictions

``reading``: masked-LM on 2,500 to 10,000 of IMDb's 20,000 train reviews (half an epoch), each amount a
training of its own, whose rate falls to 0 at its end; a tenth of the reviews is held out. Two learning rates
on the smallest amount; the larger ones take the better. ``next-sentence`` reads pairs, of 5,000 reviews once
and of 20,000 several times; ``pairs`` learns nothing but pairs, as ``bertolt train`` does. ``gain``: the same
fine-tuning from the plain backbone and from the one that has read 10,000 reviews (for grammar also 20,000
three times, for sentiment also at a fifth of the rate). ``speed``, when nothing else runs: masked-LM steps
beside the recipe of transformers' run_mlm.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from benchmarks.study import Cell, Variant, run_one_of

SEEDS = (0, 1, 2)
ADAPT = "bertolt adapt minilm {texts} --out $DATA/adapted/{name} --seed $SEED --device $DEVICE --json"
TRAIN = (
    "python benchmarks/ours/train_and_predict.py $DATA/{data} --model {model} --seed $SEED "
    "--device $DEVICE --out $OUT/model "
    "--predictions $DATA/predictions/{name}-seed-$SEED-{variant}.jsonl {options}"
)
PAIRS = (
    "bertolt train $DATA/imdb/{files}-train.csv --task next-sentence-prediction "
    "--validation $DATA/imdb/{files}-validation.csv --test $DATA/imdb/{files}-test.csv --model minilm "
    "--seed $SEED --device $DEVICE --out $OUT/model --json"
)
COLA = "sets/cola/in_domain_train.tsv"
GRAMMAR = "--task acceptability --test $DATA/sets/cola/in_domain_dev.tsv --epochs 3 --lr 1e-4"
REVIEWS = "rotten-tomatoes/train.csv"
SENTIMENT = (
    "--task text-classification --validation $DATA/rotten-tomatoes/validation.csv "
    "--test $DATA/rotten-tomatoes/test.csv --epochs 1 --lr 1e-4"
)
IMDB = "imdb/train-500-$SEED.csv"
LONG_SENTIMENT = (
    "--task text-classification --validation $DATA/imdb/validation-500.csv "
    "--test $DATA/imdb/test-2000.csv --max-length 128 --long head+tail --epochs 4 --lr 1e-4"
)
MODELS = {"plain": "minilm", "adapted": "$DATA/adapted/imdb-10000"}
MORE = {"adapted-20000": "$DATA/adapted/imdb-20000"}
GENTLY = {"adapted-gently": "$DATA/adapted/imdb-10000-lr-1e-4"}


def reading(name: str, texts: str, options: str) -> Cell:
    """A cell with one adaptation."""
    command = ADAPT.format(texts=texts, name=name)
    return Cell(name, (Variant("bertolt", f"{command} {options}"),))


def pairs(name: str, files: str, options: str) -> Cell:
    """A cell with one training on pairs alone, without missing words."""
    return Cell(name, (Variant("bertolt", f"{PAIRS.format(files=files)} {options}"),))


def gain(name: str, data: str, options: str, models: Mapping[str, str] = MODELS) -> list[Cell]:
    """A cell a seed: plain and adapted. ``$SEED`` in ``data`` is the draw."""
    variants = [
        Variant(variant, TRAIN.format(data=data, model=model, name=name, variant=variant, options=options))
        for variant, model in models.items()
    ]
    cell = name if models is MODELS else f"{name}-{next(iter(models))}"
    return [Cell(f"{cell}-seed-{seed}", tuple(variants), seed=seed) for seed in SEEDS]


STUDIES = {
    "reading": [
        reading("imdb-2500-lr-1e-4", "$DATA/imdb/train-2500.csv", "--lr 1e-4 --warm-up 200"),
        reading("imdb-2500-lr-5e-4", "$DATA/imdb/train-2500.csv", "--lr 5e-4 --warm-up 200"),
        reading("imdb-5000", "$DATA/imdb/train-5000.csv", "--lr 5e-4"),
        reading("imdb-10000", "$DATA/imdb/train-10000.csv", "--lr 5e-4"),
        reading("imdb-10000-lr-1e-4", "$DATA/imdb/train-10000.csv", "--lr 1e-4"),
        reading("imdb-20000", "imdb", "--lr 5e-4 --batch-size 64 --epochs 3"),
        reading("next-sentence", "$DATA/imdb/train-5000.csv", "--lr 2e-4 --next-sentence"),
        reading(
            "next-sentence-20000",
            "imdb",
            "--lr 1e-4 --max-length 256 --epochs 3 --next-sentence --warm-up 200",
        ),
        pairs("pairs-plain", "pairs", "--batch-size 128 --lr 3e-4 --max-length 128 --epochs 2"),
        pairs("pairs-256-lr-1e-4", "pairs-256", "--batch-size 32 --lr 1e-4 --max-length 256 --epochs 1"),
        pairs("pairs-256-lr-3e-5", "pairs-256", "--batch-size 32 --lr 3e-5 --max-length 256 --epochs 1"),
        Cell(
            "next-sentence-baselines",
            (
                Variant(
                    "baselines",
                    "python benchmarks/ours/next_sentence_baselines.py minilm $DATA/imdb/train-5000.csv "
                    "--seed $SEED",
                ),
            ),
        ),
    ],
    "speed": [
        Cell(
            "mlm-steps",
            (
                Variant(
                    "bertolt",
                    "python -m benchmarks.ours.mlm_steps minilm $DATA/imdb/train-2500.csv --max-steps 15",
                ),
                Variant(
                    "run-mlm",
                    "python -m benchmarks.peers.hf_mlm $DATA/backbone $DATA/imdb/train-2500.csv "
                    "--max-steps 15",
                ),
            ),
            repeats=2,
        ),
    ],
    "gain": [
        *gain("cola", COLA, GRAMMAR),
        *gain("cola", COLA, GRAMMAR, MORE),
        *(
            cell
            for models in (MODELS, GENTLY)
            for cell in gain("rotten-tomatoes", REVIEWS, SENTIMENT, models)
        ),
        *(cell for models in (MODELS, GENTLY) for cell in gain("imdb-500", IMDB, LONG_SENTIMENT, models)),
    ],
}

if __name__ == "__main__":
    sys.exit(run_one_of("adapt", STUDIES))
