from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from bertolt.data.documents import read_documents
from bertolt.data.readers.options import ReadSettings
from bertolt.data.sources import open_source
from bertolt.data.table import Row, Table
from bertolt.errors import DataError, UnknownNameError


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def whole(data: str, options: ReadSettings | None = None) -> Table:
    table = open_source(data, options=options or ReadSettings()).whole
    assert table is not None
    return table


def test_each_folder_is_a_label(tmp_path: Path) -> None:
    write(tmp_path, {"pos/1_9.txt": "Good.\n", "neg/0_2.txt": "Bad.", "neg/1_2.txt": "", "pos/x.feat": "1:2"})
    table = whole(str(tmp_path))
    assert list(table) == [
        Row(1, {"text": "Bad.", "label": "neg", "file": "neg/0_2.txt"}),
        Row(2, {"text": "", "label": "neg", "file": "neg/1_2.txt"}),
        Row(3, {"text": "Good.\n", "label": "pos", "file": "pos/1_9.txt"}),
    ]
    assert table.columns == ("text", "label", "file")
    assert table.notes == (
        "each folder is a label, and each file in it a text: 'neg' 2, 'pos' 1",
        "1 other files in it are not read",
    )


def test_folders_of_splits_and_texts_without_labels(tmp_path: Path) -> None:
    parts = [f"{part}/{label}/1.txt" for part in ("train", "test", "dev") for label in ("pos", "neg")]
    write(tmp_path, dict.fromkeys([*parts, "train/unsup/1.txt", "train/unsup/2.txt", "README"], "a text"))
    source = open_source(str(tmp_path))
    assert set(source.parts) == {"train", "test", "validation"}
    assert [row.values["label"] for row in source.pick("train")] == ["neg", "pos"]
    assert source.pick("train").notes[1] == (
        "the folder 'unsup' (2 texts) is no label and is not read; "
        f"texts without labels are named with --unlabelled {tmp_path}/train/unsup"
    )
    assert whole(f"{tmp_path}:test").name == f"{tmp_path}/test"
    with pytest.raises(UnknownNameError, match="out of test, train, validation"):
        open_source(f"{tmp_path}:dev")
    documents = read_documents([f"{tmp_path}/train/unsup"])
    assert [each.text for each in documents.documents] == ["a text", "a text"]


def test_files_without_an_ending_are_read_as_newsgroups_have_them(tmp_path: Path) -> None:
    write(tmp_path, {"sci.space/60001": "caf\xe9".encode("latin-1"), "rec.autos/101": "b"})
    with pytest.raises(DataError, match="0xE9"):
        list(whole(str(tmp_path)))
    rows = list(whole(str(tmp_path), ReadSettings(encoding="latin-1")))
    assert [row.values["text"] for row in rows] == ["b", "café"]


def test_a_folder_of_texts_has_no_labels(tmp_path: Path) -> None:
    write(tmp_path, {"b.txt": "B", "a.txt": "A"})
    assert list(whole(str(tmp_path))) == [
        Row(1, {"text": "A", "file": "a.txt"}),
        Row(2, {"text": "B", "file": "b.txt"}),
    ]
    with pytest.raises(UnknownNameError, match="no splits"):
        open_source(f"{tmp_path}:train")


def test_a_file_beyond_the_bound_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": "a" * 500})
    with pytest.raises(DataError, match="raise --max-cell"):
        list(whole(str(tmp_path), ReadSettings(max_cell=100)))


def save(folder: Path, *, names: list[str] | None = None, numbers: tuple[int, ...] = (0, 1, -1)) -> None:
    folder.mkdir(parents=True)
    batch = pa.record_batch(
        {"text": ["a", "b", "c"][: len(numbers)], "label": numbers, "tags": [[0, 1]] * len(numbers)}
    )
    with (
        pa.OSFile(str(folder / "data-0.arrow"), "wb") as file,
        pa.ipc.new_stream(file, batch.schema) as writer,
    ):
        writer.write_batch(batch)
    classes = {"_type": "ClassLabel", "names": names or ["bad", "good"]}
    features = {
        "text": {"_type": "Value", "dtype": "string"},
        "label": classes,
        "tags": {"_type": "List", "feature": classes},
    }
    (folder / "dataset_info.json").write_text(json.dumps({"features": features}))
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": "data-0.arrow"}]}))


def test_a_saved_data_set_has_the_names_of_its_classes(tmp_path: Path) -> None:
    save(tmp_path / "saved")
    assert list(whole(str(tmp_path / "saved"))) == [
        Row(1, {"text": "a", "label": "bad", "tags": ["bad", "good"]}),
        Row(2, {"text": "b", "label": "good", "tags": ["bad", "good"]}),
        Row(3, {"text": "c", "label": None, "tags": ["bad", "good"]}),
    ]


def test_a_saved_dictionary_of_data_sets_has_splits(tmp_path: Path) -> None:
    for split in ("train", "test"):
        save(tmp_path / split)
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    assert set(open_source(str(tmp_path)).parts) == {"train", "test"}
    assert next(iter(whole(f"{tmp_path}:test"))).values["label"] == "bad"


def test_a_saved_data_set_that_is_not_whole_is_told(tmp_path: Path) -> None:
    save(tmp_path / "a", numbers=(0, 5))
    with pytest.raises(DataError, match="5, of 2 classes in record 2"):
        list(whole(str(tmp_path / "a")))
    (tmp_path / "a" / "data-0.arrow").write_bytes(b"ARROW")
    with pytest.raises(DataError, match="a whole arrow file"):
        open_source(str(tmp_path / "a"))
    (tmp_path / "a" / "data-0.arrow").unlink()
    with pytest.raises(DataError, match=r"no data-0\.arrow"):
        open_source(str(tmp_path / "a"))
    (tmp_path / "a" / "state.json").write_text("{")
    with pytest.raises(DataError, match=r"state\.json that cannot be read"):
        open_source(str(tmp_path / "a"))
