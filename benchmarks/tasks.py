"""The study tasks-accuracy: what each task reaches with minilm, and two tasks beside transformers' Trainer.

python -m benchmarks.peers.prepare_tasks --data-root OFFICIAL --out build/tasks
python -m benchmarks.tasks --data-root build/tasks
python -m benchmarks.paired tasks --predictions build/tasks/predictions

The official dev file is the test; Bertolt cuts a tenth off the training file for its choices, while the
Trainer, which chooses nothing, trains on all of it. The Trainer takes our learning rate, so that the rate
does not decide (its own, 5e-5, is low for a network of this size).
"""

from __future__ import annotations

import sys

from benchmarks.study import Cell, Variant, run_study

SEEDS = (0, 1, 2)
EPOCHS = 3  # of what stands beside the Trainer
OURS = "python benchmarks/ours/train_and_predict.py"
TRAINER = "python -m benchmarks.peers.hf_trainer $DATA/backbone"


def beside_trainer(data: str, task: str, train: str, test: str) -> list[Cell]:
    """A cell a seed: ours on the official files, the Trainer on the same rows in csv.

    Args:
        data: folder of the csv files under ``$DATA``, and first word of the files of predictions.
        task: ours.
        train: official file under ``$DATA/sets``.
        test: likewise.
    """
    kept = f"--predictions $DATA/predictions/{data}-seed-$SEED"
    ours = (
        f"{OURS} $DATA/sets/{train} --task {task} --test $DATA/sets/{test} --epochs {EPOCHS} --lr 1e-4 "
        f"--batch-size 32 --seed $SEED --out $OUT/model {kept}-bertolt.jsonl"
    )
    theirs = (
        f"{TRAINER} $DATA/{data}/train.csv --eval-file $DATA/{data}/dev.csv --epochs {EPOCHS} "
        "--batch-size 32 --warmup-steps 0 --seed $SEED"
    )
    variants = (
        Variant("bertolt", ours),
        Variant("trainer", f"{theirs} --learning-rate 1e-4 {kept}-trainer.jsonl"),
    )
    return [Cell(f"{data}-seed-{seed}", variants, seed=seed) for seed in SEEDS]


def alone(name: str, data: str, options: str) -> Cell:
    """A cell with one run of ``bertolt train``, whose model stays for a look at its errors."""
    command = (
        f"bertolt train $DATA/{data} {options} --device cpu --seed $SEED --out $DATA/models/{name} --json"
    )
    return Cell(name, (Variant("bertolt", command),))


def question_answering(version: str) -> Cell:
    """SQuAD, split by article."""
    return alone(
        f"squad-{version}",
        f"sets/squad/train-articles-v{version}.json",
        f"--task question-answering --test $DATA/sets/squad/dev-articles-v{version}.json --epochs 2 "
        "--max-length 384",
    )


CELLS = [
    *beside_trainer("cola", "acceptability", "cola/in_domain_train.tsv", "cola/in_domain_dev.tsv"),
    *beside_trainer("mrpc", "sentence-pair-classification", "mrpc/train.tsv", "mrpc/dev.tsv"),
    alone(
        "ewt-upos",
        "sets/ud_english_ewt/en_ewt-ud-train.conllu",
        "--task token-classification --label upos --test $DATA/sets/ud_english_ewt/en_ewt-ud-dev.conllu "
        "--epochs 2 --lr 2e-4",
    ),
    # The epochs are chosen on the validation part, so more of them are no choice on the test.
    alone(
        "ewt-upos-4-epochs",
        "sets/ud_english_ewt/en_ewt-ud-train.conllu",
        "--task token-classification --label upos --test $DATA/sets/ud_english_ewt/en_ewt-ud-dev.conllu "
        "--epochs 4 --lr 2e-4",
    ),
    alone(
        "wnut",
        "sets/wnut17/wnut17train.conll",
        "--task token-classification --test $DATA/sets/wnut17/emerging.dev.conll --epochs 5 --lr 2e-4",
    ),
    alone(
        "goemotions",
        "sets/goemotions/train.tsv",
        "--task multi-label-classification --set names=$DATA/sets/goemotions/labels.txt "
        "--test $DATA/sets/goemotions/dev.tsv --epochs 2",
    ),
    alone(
        "rte",
        "sets/rte/train.tsv",
        "--task sentence-pair-classification --test $DATA/sets/rte/dev.tsv --epochs 5",
    ),
    alone(
        "snli",
        "snli/train.jsonl",
        "--task sentence-pair-classification --group premise --test $DATA/snli/test.jsonl --epochs 3",
    ),
    question_answering("1.1"),
    question_answering("2.0"),
]

if __name__ == "__main__":
    sys.exit(run_study("tasks-accuracy", CELLS))
