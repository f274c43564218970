"""Corrections: what is saved, refused, counted and exported."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bertolt.cli import main
from bertolt.errors import DataError, DiskError, FolderError, InputError, SettingError
from bertolt.models.folder import load_record
from bertolt.serving import quotas
from bertolt.serving.correction_export import export_rows, write_rows
from bertolt.serving.correction_values import check_correction
from bertolt.serving.corrections import Corrections, Origin, corrections_file, read_corrections
from bertolt.serving.refusals import BusyError, FullError, TooManyCorrectionsError, UnusableError
from bertolt.tasks.registry import get_task

ORIGIN = Origin("m", "abc", "text-classification")


def values(text: Any = "a film", correction: Any = "positive") -> dict[str, Any]:
    return {"input": text, "prediction": {"label": "negative"}, "correction": correction}


def test_saved_ones_are_read_while_the_file_is_open(tmp_path: Path) -> None:
    store = Corrections()
    assert store.count(tmp_path / "m", "m") == 0
    assert not corrections_file(tmp_path / "m").exists()
    assert [store.save(tmp_path / "m", ORIGIN, values(f"film {i} \ud83d")) for i in range(3)] == [1, 2, 3]
    found = read_corrections(tmp_path / "m.corrections.sqlite", "m")
    assert [each.input for each in found] == [f"film {i} \ud83d" for i in range(3)]
    assert found[0].origin == ORIGIN
    assert found[0].prediction == {"label": "negative"}
    assert found[0].time.endswith("+00:00")
    assert read_corrections(tmp_path / "m.corrections.sqlite", "another") == []
    assert store.save(tmp_path / "m", ORIGIN, values()) == 4


def test_a_file_holds_all_that_was_saved_and_nothing_stands_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "all.sqlite"
    store = Corrections(file)
    for number in range(3):
        store.save(tmp_path / "m", ORIGIN, values(f"film {number}"))
        assert [path.name for path in tmp_path.iterdir()] == ["all.sqlite"]
        copy = Path(shutil.copy(file, tmp_path.parent / f"{tmp_path.name}-copy.sqlite"))
        assert len(read_corrections(copy, "m")) == number + 1


def test_a_file_of_the_older_journal_is_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "all.sqlite"
    store = Corrections(file)
    store.save(tmp_path / "m", ORIGIN, values())
    with closing(sqlite3.connect(file)) as older:
        older.execute("PRAGMA journal_mode=WAL")
    assert store.save(tmp_path / "m", ORIGIN, values()) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["all.sqlite"]
    assert store.count(tmp_path / "m", "m") == 2


def test_they_are_bounded_in_rate_for_each_address_and_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotas, "BURST", 2)
    monkeypatch.setattr(quotas, "ALL_BURST", 5)
    now = [0.0]
    store = Corrections(clock=lambda: now[0])

    def save(address: str) -> None:
        store.save(tmp_path / "m", ORIGIN, values(), address)

    for address in ("10.0.0.1", "10.0.0.1", "fe80::1", "fe80::2"):
        save(address)
    for address in ("10.0.0.1", "fe80::3"):  # one network of IPv6 is one client
        with pytest.raises(TooManyCorrectionsError, match="from one address") as refused:
            save(address)
        assert refused.value.status == 429
        assert refused.value.headers["Retry-After"] == "2"
    save("10.0.0.2")
    with pytest.raises(TooManyCorrectionsError, match="all addresses"):
        save("10.0.0.3")
    now[0] = 1.0
    save("10.0.0.1")
    assert store.count(tmp_path / "m", "m") == 6


def test_they_are_bounded_in_size(tmp_path: Path) -> None:
    store = Corrections(most_bytes=40_000)
    store.save(tmp_path / "m", ORIGIN, values())
    with pytest.raises(FullError) as refused:
        store.save(tmp_path / "m", ORIGIN, values("x" * 60_000))
    assert refused.value.status == 507
    assert store.save(tmp_path / "m", ORIGIN, values()) == 2  # a small one still fits


def test_one_address_cannot_fill_the_file_for_all(tmp_path: Path) -> None:
    store = Corrections(address_bytes=1000)
    for _ in range(2):
        store.save(tmp_path / "m", ORIGIN, values("x" * 400), "10.0.0.1")
    with pytest.raises(FullError, match="correction_address_bytes"):
        store.save(tmp_path / "m", ORIGIN, values("x" * 400), "10.0.0.1")
    assert store.save(tmp_path / "m", ORIGIN, values("x" * 400), "10.0.0.2") == 3


def move(file: Path) -> None:
    file.rename(file.with_name("moved.sqlite"))


def empty(file: Path) -> None:
    file.write_bytes(b"")


def replace_with_a_copy(file: Path) -> None:
    copy = Path(shutil.copy(file, file.with_name("copy.sqlite")))
    os.replace(copy, file)


@pytest.mark.parametrize(
    ("change", "kept"), [(move, 0), (Path.unlink, 0), (empty, 0), (replace_with_a_copy, 2)]
)
def test_a_file_that_is_gone_is_made_anew_and_nothing_acknowledged_is_lost(
    tmp_path: Path, change: Callable[[Path], None], kept: int, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "all.sqlite"
    store = Corrections(file)
    for _ in range(2):
        store.save(tmp_path / "m", ORIGIN, values("before"))
    change(file)
    assert store.save(tmp_path / "m", ORIGIN, values("after")) == kept + 1
    assert [each.input for each in read_corrections(file, "m")] == ["before"] * kept + ["after"]
    assert "file of corrections" in caplog.text
    if change is move:
        assert len(read_corrections(tmp_path / "moved.sqlite", "m")) == 2


def test_a_file_that_is_moved_while_it_is_written_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "all.sqlite"
    store = Corrections(file)
    store.save(tmp_path / "m", ORIGIN, values("before"))
    prepare = Corrections._prepare

    def moving(self: Corrections, connection: sqlite3.Connection, path: Path) -> None:
        prepare(self, connection, path)
        if not (tmp_path / "moved.sqlite").exists():
            move(file)

    monkeypatch.setattr(Corrections, "_prepare", moving)
    store.save(tmp_path / "m", ORIGIN, values("after"))
    assert [each.input for each in read_corrections(file, "m")] == ["after"]


def cut(file: Path) -> None:
    os.truncate(file, 5000)


def overwrite(file: Path) -> None:
    file.write_bytes(b"a text\n" * 2000)


def put_another_database(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("CREATE TABLE theirs (a)")


@pytest.mark.parametrize("change", [cut, overwrite, put_another_database])
def test_a_file_that_is_damaged_or_not_ours_is_refused(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    file = tmp_path / "all.sqlite"
    store = Corrections(file)
    for _ in range(3):
        store.save(tmp_path / "m", ORIGIN, values("x" * 5000))
    change(file)
    before = file.read_bytes()
    for call in (
        lambda: store.save(tmp_path / "m", ORIGIN, values("after")),
        lambda: store.count(tmp_path / "m", "m"),
    ):
        with pytest.raises(UnusableError) as refused:
            call()
        assert refused.value.status == 503
    assert file.read_bytes() == before


def test_a_locked_file_is_waited_for_and_then_refused(tmp_path: Path) -> None:
    file = tmp_path / "all.sqlite"
    store = Corrections(file, lock_seconds=0.1)
    store.save(tmp_path / "m", ORIGIN, values())
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for call in (
            lambda: store.save(tmp_path / "m", ORIGIN, values()),
            lambda: store.count(tmp_path / "m", "m"),
        ):
            with pytest.raises(BusyError) as refused:
                call()
            assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "5"})
        other.execute("ROLLBACK")
    assert store.save(tmp_path / "m", ORIGIN, values()) == 2


def test_a_place_that_cannot_be_used_is_refused_before_the_server_starts(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("not a database, but long enough for its header" * 10)
    with closing(sqlite3.connect(tmp_path / "theirs")) as other, other:
        other.execute("CREATE TABLE theirs (a)")
    for name, error in (
        ("folder", SettingError),
        ("none/all.sqlite", SettingError),
        ("text", DiskError),
        ("theirs", FolderError),
    ):
        with pytest.raises(error):
            Corrections(tmp_path / name).check([tmp_path / "m"])
    Corrections(tmp_path / "new.sqlite").check([tmp_path / "m"])
    Corrections().check([tmp_path / "m"])
    assert not (tmp_path / "new.sqlite").exists()


def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "m.corrections.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    connection.close()
    before = file.read_bytes()
    with pytest.raises(UnusableError):
        Corrections().save(tmp_path / "m", ORIGIN, values())
    with pytest.raises(FolderError):
        read_corrections(file, "m")
    assert file.read_bytes() == before


GOOD: dict[str, tuple[Any, Any]] = {
    "text-classification": ("the film", "positive"),
    "sentence-pair-classification": ({"text": "a", "text_pair": "b"}, "same"),
    "multi-label-classification": ("the film", ["joy", "love"]),
    "question-answering": ({"question": "who ?", "context": "anna, paul"}, "paul"),
    "fill-mask": ("the [MASK] was dull", "the plot was dull"),
    "token-classification": ("the film", ["DET", "NOUN"]),
    "sentence-grading": ({"text": "the hero was cold .", "context": "the hero was warm ."}, "somewhat true"),
}
BAD: list[tuple[str, Any, Any, str]] = [
    ("text-classification", "the film", "great", "one of the model's labels"),
    ("text-classification", "the film", ["positive"], "a string as the correction"),
    ("text-classification", {"a": 1}, "positive", "a string or an object"),
    ("multi-label-classification", "the film", "joy", "a list of strings"),
    ("multi-label-classification", "the film", ["joy", "joy"], "each label once"),
    ("multi-label-classification", "the film", ["rage"], "one of the model's labels"),
    ("question-answering", {"question": "who ?", "context": "anna"}, "paul", "context's own words"),
    ("fill-mask", "the [MASK] was dull", " ", "the whole text"),
    ("token-classification", "the film", ["DET"], "a tag for each of the 2 words"),
    ("sentence-grading", "the film", "more than false", "not grammatical, grammatical, false, somewhat true"),
]


def check(folder: Path, given: Any, correction: Any, kind: str) -> None:
    spec = load_record(folder).spec
    check_correction(get_task(spec.task), spec, kind, given, correction)


def kind_of(task: str) -> str:
    from contract.rows import ROWS

    return ROWS[task].kind


@pytest.mark.parametrize("task", GOOD)
def test_good_ones_become_rows_that_training_reads(
    folder: Callable[[str], Path], task: str, tmp_path: Path
) -> None:
    from bertolt.data.readers import open_table
    from bertolt.tasks.reading import ColumnChoice, read_labelled

    given, correction = GOOD[task]
    model = folder(task)
    check(model, given, correction, kind_of(task))
    store = Corrections(tmp_path / "all.sqlite")
    store.save(model, Origin(task, "abc", task), values(given, correction))
    found = export_rows(model, tmp_path / "all.sqlite")
    output = tmp_path / ("rows.jsonl" if task == "token-classification" else "rows.csv")
    write_rows(output, found)
    spec = load_record(model).spec
    settings = get_task(task).Settings.model_validate(spec.settings)
    reading = read_labelled(get_task(task), open_table(output), settings, ColumnChoice())
    (example,) = reading.examples
    target = {
        "question-answering": "answers", "multi-label-classification": "labels", "fill-mask": "unmasked",
        "token-classification": "tags",
    }.get(task, "label")  # fmt: skip
    learnt = getattr(example, target)
    if task == "question-answering":
        learnt = learnt[0].text
    assert (list(learnt) if isinstance(learnt, tuple) else learnt) == correction


def test_no_answer_and_no_label_are_corrections_too(folder: Callable[[str], Path]) -> None:
    from bertolt.serving.correction_values import training_row

    spec = load_record(folder("question-answering")).spec
    given = {"question": "who ?", "context": "anna"}
    check_correction(get_task(spec.task), spec, "answers", given, "")
    row = training_row(get_task(spec.task), spec, given, "")
    assert row == {**given, "answers": [], "is_impossible": True}
    check(folder("multi-label-classification"), "the film", [], "labels")


@pytest.mark.parametrize(("task", "given", "correction", "message"), BAD)
def test_bad_ones_are_refused(
    folder: Callable[[str], Path], task: str, given: Any, correction: Any, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        check(folder(task), given, correction, kind_of(task))


def test_the_last_correction_of_an_input_counts(sentiment: Path, capsysbinary: Any, tmp_path: Path) -> None:
    file = tmp_path / "all.sqlite"
    store = Corrections(file)
    origin = Origin("text-classification", "abc", "text-classification")
    for text, label in (("a, b", "positive"), ('c\n"d"', "negative"), ("a, b", "negative")):
        store.save(sentiment, origin, values(text, label))
    assert main(["corrections", "export", str(sentiment), "--corrections", str(file)]) == 0
    out = capsysbinary.readouterr()
    assert out.out == b'text,label\n"c\n""d""",negative\n"a, b",negative\n'
    assert b"1 were corrected again later" in out.err
    words = ["corrections", "export", str(sentiment), "--corrections", str(file), "--json"]
    assert main(words) == 0
    document = json.loads(capsysbinary.readouterr().out)
    assert document["rows"] == 2
    assert document["corrections"][1] == {"text": "a, b", "label": "negative"}


def test_nothing_to_export_is_said(sentiment: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="save some on the page"):
        export_rows(sentiment, tmp_path / "none.sqlite")
