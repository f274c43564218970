"""The studies unlabelled-reviews, -choice and -speed: what unlabelled reviews are worth beside few labels.

    python benchmarks/peers/prepare.py --out build/benchmarks
    python benchmarks/ours/prepare.py --out build/benchmarks
    benchmarks/peers/setfit.sh build/setfit
    ln -s ../setfit build/benchmarks/setfit
    python -m benchmarks.unlabelled choice --data-root build/benchmarks
    python -m benchmarks.unlabelled reviews --data-root build/benchmarks [--device cuda]
    python -m benchmarks.unlabelled speed --data-root build/benchmarks

IMDb: 20, 100 and 2,500 labelled train reviews in draws that ``ours/prepare.py`` writes down, a pool of 4,000
other train reviews without labels, 128 tokens of each (head+tail). Bertolt takes a tenth of the labels out
for validation; the baselines learn from all. ``reviews`` measures on 2,000 test reviews. ``choice`` set the
defaults: other draws, measured on 500 reviews of the validation block, or 2,000. ``speed`` sets a step of
consistency training beside a supervised one on the same texts; run it when nothing else runs.
"""

from __future__ import annotations

import sys

from benchmarks.study import Cell, Variant, run_one_of

TEST = "$DATA/imdb/test-2000.csv"
CHOICE_TEST = "$DATA/imdb/validation-500.csv"
TRAIN = (
    "python benchmarks/ours/train_and_predict.py $DATA/imdb/{labels}.csv --task text-classification "
    "--test {test} --max-length 128 --long head+tail --seed 0 --device $DEVICE --out $OUT/model "
    "--predictions $DATA/predictions/unlabelled-{labels}-{name}.jsonl {options}"
)
SIMPLE = (
    "python benchmarks/ours/simple_reviews.py {kind} $DATA/imdb/{labels}.csv --test {test} --device $DEVICE"
)
SETFIT = (
    "$DATA/setfit/bin/python benchmarks/peers/setfit_reviews.py $DATA/backbone $DATA/imdb/{labels}.csv "
    "--test {test} --seed 0 --device $DEVICE"
)
POOL = "--unlabelled $DATA/imdb/pool-4000.csv"

#: Fine-tuning on so few labels needs more passes than the default.
EPOCHS = {20: 20, 100: 10, 2500: 2}
METHODS = ("adapt", "consistency", "self-training", "few-shot")


def trained(name: str, labels: str, test: str, options: str) -> Cell:
    """A cell of one training."""
    command = TRAIN.format(labels=labels, test=test, name=name, options=options)
    return Cell(f"{name}-{labels.removeprefix('labels-')}", (Variant("bertolt", command),))


def fine_tuning(labels: str, test: str, count: int) -> Cell:
    """Labels alone."""
    return trained("fine-tuning", labels, test, f"--epochs {EPOCHS[count]} --batch-size 16")


def method(name: str, labels: str, test: str, options: str = "") -> Cell:
    """One of the methods, as it comes; ``few-shot`` reads no pool."""
    pool = "" if name == "few-shot" else POOL
    return trained(name, labels, test, f"{pool} --method {name} {options}".strip())


def length(rounds: int, steps: int, labels: str, test: str) -> Cell:
    """Self-training of so many students, and so many steps of consistency."""
    options = f"{POOL} --method self-training --set rounds={rounds} --set consistency={steps}"
    return trained(f"rounds-{rounds}-consistency-{steps}", labels, test, options)


def default(labels: str, test: str) -> Cell:
    """What ``--unlabelled`` alone does."""
    return trained("default", labels, test, POOL)


def baselines(labels: str, test: str) -> list[Cell]:
    """What learns from the labels without Bertolt's fine-tuning."""
    short = labels.removeprefix("labels-")
    cells = [
        Cell(f"{kind}-{short}", (Variant(kind, SIMPLE.format(kind=kind, labels=labels, test=test)),))
        for kind in ("bag-of-words", "embeddings")
    ]
    return [*cells, Cell(f"setfit-{short}", (Variant("setfit", SETFIT.format(labels=labels, test=test)),))]


FEW = ["labels-20-0", "labels-20-1", "labels-20-2", "labels-100-0", "labels-100-1"]
#: Of how long self-training goes on: measured on 2,000 reviews of the validation block.
LENGTH_TEST = "$DATA/imdb/validation-2000.csv"
LENGTH_DRAWS = ("20-dev-100", "20-dev-103", "100-dev-102", "100-dev-103", "100-dev-104")
LENGTHS = ((3, 0), (3, 400), (1, 400), (1, 800))
CHOICE = ["labels-20-dev-100", "labels-20-dev-101", "labels-20-dev-102", "labels-100-dev-100"]


def count_of(labels: str) -> int:
    """How many labels a draw has."""
    return int(labels.split("-")[1])


STEPS = (
    "python -m benchmarks.ours.consistency_steps $DATA/imdb/labels-2500-0.csv "
    "--unlabelled $DATA/imdb/pool-4000.csv --kind {kind} --max-steps 20"
)

STUDIES = {
    "reviews": [
        *(cell for labels in FEW for cell in baselines(labels, TEST)),
        *(fine_tuning(labels, TEST, count_of(labels)) for labels in [*FEW, "labels-2500-0"]),
        *(default(labels, TEST) for labels in [*FEW, "labels-2500-0"]),
        *(length(3, 0, labels, TEST) for labels in [*FEW, "labels-2500-0"]),
        *(method("adapt", labels, TEST) for labels in FEW),
        *(
            method(name, labels, TEST)
            for labels in ("labels-20-0", "labels-100-0")
            for name in METHODS
            if name != "adapt"
        ),
    ],
    "choice": [
        *(fine_tuning(labels, CHOICE_TEST, count_of(labels)) for labels in CHOICE),
        *(method(name, labels, CHOICE_TEST) for labels in CHOICE for name in METHODS),
        *(length(*each, f"labels-{draw}", LENGTH_TEST) for draw in LENGTH_DRAWS for each in LENGTHS),
    ],
    "speed": [
        Cell(
            "consistency-steps",
            tuple(Variant(kind, STEPS.format(kind=kind)) for kind in ("supervised", "consistency")),
            repeats=3,
        )
    ],
}

if __name__ == "__main__":
    sys.exit(run_one_of("unlabelled", STUDIES, default="reviews"))
