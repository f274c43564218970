"""The study tasks-speed: training steps beside those of transformers' Trainer, when nothing else runs.

python -m benchmarks.peers.prepare_tasks --data-root OFFICIAL --out build/tasks
python -m benchmarks.tasks_speed --data-root build/tasks
"""

from __future__ import annotations

import sys

from benchmarks.study import Cell, Variant, run_study

STEPS = 40
OURS = f"python -m benchmarks.ours.train_steps $DATA/backbone --max-steps {STEPS} --seed $SEED"
PEER = f"python -m benchmarks.peers.{{program}} $DATA/backbone --max-steps {STEPS} --seed $SEED"


def steps(name: str, task: str, ours: str, program: str, theirs: str) -> Cell:
    """A cell: ours on the official file, the Trainer on the same rows in the form that its script reads."""
    return Cell(
        name,
        (
            Variant("bertolt", f"{OURS} $DATA/sets/{ours} --task {task}"),
            Variant("trainer", f"{PEER.format(program=program)} $DATA/{theirs}"),
        ),
        repeats=2,
    )


CELLS = [
    steps("cola-steps", "acceptability", "cola/in_domain_train.tsv", "hf_trainer", "cola/train.csv"),
    steps("mrpc-steps", "sentence-pair-classification", "mrpc/train.tsv", "hf_trainer", "mrpc/train.csv"),
    steps(
        "wnut-steps",
        "token-classification",
        "wnut17/wnut17train.conll",
        "hf_token_trainer",
        "wnut/train.jsonl",
    ),
]

if __name__ == "__main__":
    sys.exit(run_study("tasks-speed", CELLS))
