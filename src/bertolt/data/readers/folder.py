"""Folders as data: one folder a label with a text file an example, plain texts, and saved data sets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bertolt.data.readers.options import ReadSettings
from bertolt.data.table import Noted, Row, Table
from bertolt.errors import DataError

_SPLITS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
#: Folders of texts without labels, as in the IMDb archive.
_UNLABELLED = {"unsup", "unsupervised", "unlabeled", "unlabelled"}


@dataclass(frozen=True, slots=True)
class FolderTable(Noted):
    """One row a file: ``text``, ``label`` (the name of its folder) and ``file``.

    The line of a row is the number of the file, in the order of labels and names.

    Args:
        name: how messages call it.
        folder: where the files are.
        files: each with its label; None in a folder of plain texts.
        options: encoding and bounds.
    """

    name: str
    folder: Path
    files: Sequence[tuple[Path, str | None]]
    options: ReadSettings

    @property
    def columns(self) -> tuple[str, ...]:
        """``text``, ``label`` where there are labels, and ``file``."""
        return ("text", "file") if self.files[0][1] is None else ("text", "label", "file")

    def __iter__(self) -> Iterator[Row]:
        for number, (file, label) in enumerate(self.files, start=1):
            values = {"text": self._text(file)} | ({} if label is None else {"label": label})
            yield Row(number, {**values, "file": str(file.relative_to(self.folder))})

    def _text(self, file: Path) -> str:
        encoding = self.options.encoding or "utf-8-sig"
        most = self.options.max_cell
        try:
            if file.stat().st_size > 4 * most:
                raise DataError(
                    f"files of at most {most:,} characters in {self.name}",
                    f"more in {file}",
                    "look whether the file is what you expect; if it is, raise --max-cell",
                )
            return file.read_bytes().decode(encoding)
        except UnicodeDecodeError as error:
            raise DataError(
                f"text in {'UTF-8' if self.options.encoding is None else encoding} in {file}",
                f"the byte 0x{error.object[error.start]:02X}, which is not",
                "name the encoding of the files, such as --encoding cp1252",
            ) from error
        except OSError as error:
            raise DataError(
                f"a file that can be read at {file}", f"{error.strerror or error}", "check its permissions"
            ) from error


def open_folder(path: Path, options: ReadSettings) -> Table | dict[str, Table] | None:
    """Opens a folder.

    Returns:
        A table; or one a split, where its folders are called ``train``, ``test`` and the like; None where
        the folder is nothing that can be read as a whole.

    Raises:
        DataError: a saved data set that is not whole.
    """
    if (path / "dataset_dict.json").is_file():
        return _saved_splits(path, options)
    if (path / "state.json").is_file():
        from bertolt.data.readers.arrow import open_saved  # loads pyarrow

        return open_saved(path, str(path), options)
    folders = _folders(path)
    splits: dict[str, Table] = {}
    for folder in folders:
        split = _SPLITS.get(folder.name.lower())
        table = None if split is None else _with_labels(folder, options)
        if split is not None and table is not None:
            splits[split] = table
    if "train" in splits:
        return splits
    return _with_labels(path, options) or _plain(path, options)


def _saved_splits(path: Path, options: ReadSettings) -> dict[str, Table]:
    try:
        names = json.loads((path / "dataset_dict.json").read_text(encoding="utf-8"))["splits"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"the names of the splits in dataset_dict.json of {path}",
            f"{type(error).__name__}: {error}",
            "copy the whole folder again",
        ) from error
    from bertolt.data.readers.arrow import open_saved

    return {str(name): open_saved(path / str(name), f"{path}:{name}", options) for name in names}


def _with_labels(path: Path, options: ReadSettings) -> FolderTable | None:
    """The folders in a folder as labels, if two or more of them hold texts."""
    files: dict[str, list[Path]] = {}
    aside: list[str] = []
    for folder in _folders(path):
        texts = _texts(folder)
        if folder.name.lower() in _UNLABELLED:
            aside.append(
                f"the folder {folder.name!r} ({len(texts):,} texts) is no label and is not read; "
                f"texts without labels are named with --unlabelled {folder}"
            )
        elif texts:
            files[folder.name] = texts
    if len(files) < 2:
        return None
    counts = ", ".join(f"{label!r} {len(texts):,}" for label, texts in files.items())
    beside = sum(entry.is_file() for entry in path.iterdir())
    unread = sum(entry.is_file() for label in files for entry in (path / label).iterdir())
    unread -= sum(map(len, files.values()))
    notes = [f"each folder is a label, and each file in it a text: {counts}", *aside]
    if beside + unread:
        notes.append(f"{beside + unread:,} other files in it are not read")
    pairs = [(file, label) for label, texts in files.items() for file in texts]
    return FolderTable(str(path), path, pairs, options, notes=tuple(notes))


def _plain(path: Path, options: ReadSettings) -> FolderTable | None:
    texts = [file for file in _texts(path) if file.suffix.lower() == ".txt"]
    if not texts:
        return None
    note = f"each of its {len(texts):,} files is a text; there are no labels in it"
    return FolderTable(str(path), path, [(file, None) for file in texts], options, notes=(note,))


def _folders(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _texts(path: Path) -> list[Path]:
    """The text files of a folder: ``.txt``, and names without an ending or with a number as ending."""
    found = sorted(
        entry
        for entry in path.iterdir()
        if not entry.name.startswith(".")
        and (entry.suffix.lower() in {".txt", ".text", ""} or entry.suffix[1:].isdecimal())
        and entry.is_file()
    )
    named = [entry for entry in found if entry.suffix.lower() == ".txt"]
    return named or found
