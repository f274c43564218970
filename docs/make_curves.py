"""Makes the pictures of docs/unlabelled.md: overfitting to 20 labels, annealing at work, a collapse.

Each is the log of a real training on sentences of Rotten Tomatoes, drawn as a report draws it::

    python docs/make_curves.py [--only NAME]

Needs the extra starter; some minutes on a laptop.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from pathlib import Path
from typing import Any

from bertolt.data.packaged import packaged_tables
from bertolt.progress import say
from bertolt.reports.curves import training_picture
from bertolt.training.fine_tune import fine_tune
from bertolt.training.run_folder import RunFolder
from bertolt.training.runlog import read_log
from bertolt.training.settings import TrainSettings
from bertolt.unlabelled.methods import find_method

LABELS, VALIDATION, POOL = 20, 100, 1000
RUNS: dict[str, dict[str, Any]] = {
    "curves-overfitting": {"epochs": 25, "patience": 0, "batch_size": 20},
    "curves-annealing": {
        "method": "consistency",
        "set": {"steps": 150, "annealing": "exp", "check_every": 25},
    },
    # Nothing that holds a collapse back: no alignment, no threshold, no averaged teacher, all the weight.
    "curves-collapse": {
        "method": "consistency",
        "lr": 1e-3,
        "set": {
            "steps": 150, "check_every": 25, "align": "none", "confidence": 0.0, "temperature": 0.1,
            "teacher": 0.0, "weight": 20.0, "ramp": 0, "annealing": "none",
        },
    },
}  # fmt: skip


def write_data(folder: Path) -> None:
    """Labels, validation and a pool, out of the train part."""
    rows = list(packaged_tables("rotten-tomatoes")["train"])
    by_label: dict[str, list[str]] = {}
    for row in rows:
        by_label.setdefault(str(row.values["label"]), []).append(str(row.values["text"]))
    start = 0
    for name, count in (("labels", LABELS), ("validation", VALIDATION)):
        part = count // len(by_label)
        chosen = [(text, label) for label, texts in by_label.items() for text in texts[start : start + part]]
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("text", "label"), *chosen])
        start += part
    pool = [text for texts in by_label.values() for text in texts[start : start + POOL // len(by_label)]]
    (folder / "pool.txt").write_text("\n".join(pool), encoding="utf-8")


def draw(name: str, folder: Path, out: Path) -> None:
    """Trains and writes the picture of the training."""
    options = RUNS[name]
    settings = TrainSettings(
        data=(str(folder / "labels.csv"),),
        validation=str(folder / "validation.csv"),
        out=str(folder / name),
        unlabelled=(str(folder / "pool.txt"),) if "method" in options else (),
        keep_examples=0,
        **options,
    )
    fine_tune(settings, say, method=find_method(settings))
    picture = training_picture(read_log(RunFolder(folder / name).path), "accuracy")
    assert picture is not None
    (out / f"{name}.svg").write_bytes(picture.svg())
    print(f"{name}: {picture.alt}", file=sys.stderr)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", choices=RUNS, action="append")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "pictures", help="where to")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        write_data(Path(folder))
        for name in given.only or RUNS:
            draw(name, Path(folder), given.out)


if __name__ == "__main__":
    main()
