from __future__ import annotations

from pathlib import Path

from bertolt.data.documents import read_documents
from bertolt.data.readers.options import DEFAULT, ReadSettings
from bertolt.probing.settings import ProbeSettings
from bertolt.tasks.registry import get_task
from bertolt.training.corpus import read_corpus
from bertolt.training.settings import TrainSettings
from bertolt.unlabelled.settings import AdaptSettings


def test_every_run_keeps_how_its_files_are_read() -> None:
    for kind in (TrainSettings, AdaptSettings, ProbeSettings):
        assert issubclass(kind, ReadSettings)
    settings = TrainSettings(data=("a.csv",), delimiter="tab", encoding="latin-1", header=False, sheet="2")
    again = TrainSettings.model_validate(settings.model_dump(mode="json"))
    assert again.read_options() == ReadSettings(delimiter="\t", encoding="latin-1", header=False, sheet="2")
    assert again.read_options().as_words() == (
        "--delimiter",
        "tab",
        "--encoding",
        "iso8859-1",
        "--no-header",
        "--sheet",
        "2",
    )
    assert DEFAULT.as_words() == ()


def test_training_validation_and_unlabelled_texts_are_read_alike(tmp_path: Path) -> None:
    for name in ("train", "validation", "test"):
        rows = [f"żółty {name} {n}|{'ab'[n % 2]}" for n in range(8)]
        (tmp_path / f"{name}.csv").write_bytes("\n".join(rows).encode("cp1250"))
    settings = TrainSettings(
        data=(str(tmp_path / "train.csv"),),
        validation=str(tmp_path / "validation.csv"),
        test=str(tmp_path / "test.csv"),
        encoding="cp1250",
        header=False,
        text=("1",),
        label=("2",),
    )
    task = get_task(settings.task)
    corpus = read_corpus(task, task.Settings(), settings)
    for part in (corpus.train, corpus.validation, corpus.test):
        assert [each.label for each in part] == ["a", "b"] * 4
        assert part[0].text.startswith("żółty")
    (tmp_path / "pool.txt").write_bytes("żółty\n".encode("cp1250"))
    found = read_documents([str(tmp_path / "pool.txt")], options=settings.read_options())
    assert [each.text for each in found.documents] == ["żółty"]
