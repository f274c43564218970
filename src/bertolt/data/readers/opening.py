"""The reader of a file, chosen by the ending of its name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from pathlib import Path

from bertolt.data.readers.conll import open_conll
from bertolt.data.readers.conllu import open_conllu
from bertolt.data.readers.delimited import open_csv, open_layout, open_tsv
from bertolt.data.readers.json_document import open_json
from bertolt.data.readers.json_lines import open_json_lines
from bertolt.data.readers.parquet import open_parquet
from bertolt.data.readers.source import TextSource
from bertolt.data.table import Layout, Table
from bertolt.errors import DataError

_TEXT_READERS: dict[str, Callable[[TextSource], Table]] = {
    ".csv": open_csv,
    ".tsv": open_tsv,
    ".jsonl": open_json_lines,
    ".ndjson": open_json_lines,
    ".json": open_json,
    ".conll": open_conll,
    ".bio": open_conll,
    ".iob": open_conll,
    ".conllu": open_conllu,
}
SUFFIXES = (*_TEXT_READERS, ".parquet")
"""The endings of file names that can be read; the text formats also with ``.gz`` behind."""


def open_table(path: Path, layouts: Sequence[Layout] = ()) -> Table:
    """Opens a data file. Rows are read when the table is iterated, and again each time.

    A layout whose suffixes include the ending of the name is tried first, on the first line of the
    file; the table then has the attribute ``layout``. Otherwise the ending decides. A ``.txt`` file
    that no layout matches is read as tsv if its first line has a tab.

    Args:
        path: the file; a text format may be compressed, with ``.gz`` behind its ending.
        layouts: the kinds of file without a header line that the caller knows.

    Raises:
        DataError: if there is no such file, it is a folder, is empty or cannot be read, or its
            ending is unknown; from the reader, if its beginning cannot be used.
    """
    _refuse_what_is_no_file(path)
    source = TextSource(path, str(path))
    lower = path.name.lower()
    tried = [layout for layout in layouts if lower.removesuffix(".gz").endswith(layout.suffixes)]
    table = open_layout(source, tried)
    if table is not None:
        return table
    if lower.endswith(".parquet"):
        return open_parquet(path, source.name)
    suffix = Path(lower.removesuffix(".gz")).suffix
    if suffix == ".txt":
        return _open_txt(source)
    if suffix not in _TEXT_READERS:
        raise DataError(
            f"a file name that ends in {', '.join(SUFFIXES)}",
            f"{path.name!r}",
            _advice_on_suffix(suffix),
        )
    return _TEXT_READERS[suffix](source)


def _open_txt(source: TextSource) -> Table:
    if "\t" not in next(source.lines(), ""):
        raise DataError(
            f"columns separated by tabs, under a header line, in {source.name}",
            "a first line without a tab",
            "write its lines into a csv file under a header line such as: text",
        )
    return open_tsv(source)


def _advice_on_suffix(suffix: str) -> str:
    if suffix in {".xlsx", ".xls", ".ods"}:
        return "save the sheet as CSV UTF-8"
    return "give the file the ending of what it holds, or convert it"


def _refuse_what_is_no_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise DataError("a data file", f"the folder {path}", _advice_on_folder(path))
        if not path.exists():
            raise DataError("a data file", f"no file {path}", _advice_on_missing(path))
        if not path.is_file():
            raise DataError(
                "a file that can be read twice",
                f"{path}, which is a pipe or a device",
                "save the data to a file first",
            )
        size = path.stat().st_size
    except OSError as error:
        raise DataError(
            f"a file that can be read at {path}", f"{error.strerror}", "check the path and its permissions"
        ) from error
    if size == 0:
        raise DataError(f"data in {path}", "an empty file", "check that it was written completely")


def _advice_on_folder(path: Path) -> str:
    names = sorted(entry.name for entry in path.iterdir() if entry.name.lower().endswith(SUFFIXES))
    return f"name one file, such as {path / names[0]}" if names else "name one file"


def _advice_on_missing(path: Path) -> str:
    if not path.parent.is_dir():
        return f"check the path: there is no folder {path.parent}"
    names = sorted(entry.name for entry in path.parent.iterdir())
    near = difflib.get_close_matches(path.name, names, n=3, cutoff=0.6)
    return (
        f"did you mean {' or '.join(str(path.parent / name) for name in near)}?" if near else "check the path"
    )
