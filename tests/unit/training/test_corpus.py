"""What stands in the place of a data set's own part is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from bertolt.data import sources
from bertolt.data.readers import open_table
from bertolt.tasks.registry import get_task
from bertolt.training.corpus import read_corpus
from bertolt.training.settings import TrainSettings


def test_a_file_in_the_place_of_a_named_part_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, count in (("train", 6), ("validation", 3), ("other", 2)):
        rows = [f"{name} {index},{'good' if index % 2 else 'bad'}" for index in range(count)]
        (tmp_path / f"{name}.csv").write_text("text,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    parts = {name: open_table(tmp_path / f"{name}.csv") for name in ("train", "validation")}
    monkeypatch.setattr(
        "bertolt.training.corpus.open_source",
        lambda name, layouts, options: (
            sources.Source(name, None, parts) if name == "reviews" else sources.open_source(name, layouts)
        ),
    )
    task = get_task("text-classification")
    settings = TrainSettings(
        data=("reviews",), validation=str(tmp_path / "other.csv"), out=str(tmp_path / "m"), model="minilm"
    )
    corpus = read_corpus(task, task.Settings(), settings)
    assert corpus.sizes() == {"train": 6, "validation": 2, "test": 0}
    note = "left out, 3 rows of the data's own validation part: --validation stands in its place"
    assert note in corpus.notes
