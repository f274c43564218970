"""The reader of a file, chosen by what the file holds and by the ending of its name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from pathlib import Path

from bertolt.data.columns import LABEL_NAMES, TEXT_NAMES
from bertolt.data.readers import sheet
from bertolt.data.readers.compression import ENDINGS, DataFile, data_file
from bertolt.data.readers.conll import looks_like_conll, open_conll
from bertolt.data.readers.conllu import open_conllu
from bertolt.data.readers.delimited import open_csv, open_layout, open_tsv
from bertolt.data.readers.json_document import open_json
from bertolt.data.readers.json_lines import open_json_lines
from bertolt.data.readers.options import DEFAULT, ReadSettings
from bertolt.data.readers.plain import LABEL_MARK, open_lines
from bertolt.data.readers.sheet import open_sheet
from bertolt.data.readers.source import TextSource, source_of
from bertolt.data.table import Layout, Table
from bertolt.errors import DataError

_TEXT_READERS: dict[str, Callable[[TextSource], Table]] = {
    ".jsonl": lambda source: _open_json_lines(source),
    ".ndjson": lambda source: _open_json_lines(source),
    ".json": open_json,
    ".conll": open_conll,
    ".bio": open_conll,
    ".iob": open_conll,
    ".conllu": open_conllu,
}
_TABLES = (".csv", ".tsv", ".txt")
SUFFIXES = (*_TABLES, *_TEXT_READERS, ".parquet", *sheet.SUFFIXES)
"""The endings of file names that can be read; the text formats also compressed."""

_PARQUET, _OLD_WORKBOOK, _ZIP = b"PAR1", b"\xd0\xcf\x11\xe0", b"PK\x03\x04"


def open_table(
    path: Path, layouts: Sequence[Layout] = (), options: ReadSettings = DEFAULT, *, member: str = ""
) -> Table:
    """Opens a data file. Rows are read when the table is iterated, and again each time.

    Compression, parquet and workbooks are known by the first bytes. For text, a layout whose suffixes
    include the ending of the name is tried first, on the first line of the file; the table then has the
    attribute ``layout``. Otherwise the ending decides; ``.txt`` and ``.tsv`` files may be CoNLL, and a
    ``.txt`` file without columns has a text a line.

    Args:
        path: the file.
        layouts: the kinds of file without a header line that the caller knows.
        options: what the user said of the file.
        member: of a zip archive; empty: the only data file in it.

    Raises:
        DataError: if there is no such file, it is a folder, is empty or cannot be read, or its
            ending is unknown; from the reader, if its beginning cannot be used.
        MissingExtraError: a workbook, and the extra ``excel`` is not installed.
    """
    _refuse_what_is_no_file(path)
    file = data_file(path, str(path), member)
    suffix = Path(file.inner_name).suffix
    binary = _binary_reader(file, options, suffix)
    if binary is not None:
        return binary(path, file.name, options)
    tried = [layout for layout in layouts if file.inner_name.endswith(layout.suffixes)]
    if suffix not in SUFFIXES and not tried:
        raise DataError(
            f"a file name that ends in {', '.join(SUFFIXES)}",
            repr(path.name if not file.member else file.member),
            "give the file the ending of what it holds, or convert it",
        )
    source = source_of(file, options)
    if options.header is None and options.delimiter is None:
        table = open_layout(source, [layout for layout in tried if not layout.sentences])
        if table is not None:
            return table
    if suffix in _TEXT_READERS:
        return _TEXT_READERS[suffix](source)
    return _open_text(source, suffix, options, words=any(layout.sentences for layout in tried))


def is_text_file(path: Path, options: ReadSettings = DEFAULT) -> bool:
    """Whether a file is read as text: no parquet file, no workbook, no archive to choose from."""
    try:
        file = data_file(path, str(path))
        return _binary_reader(file, options, Path(file.inner_name).suffix) is None
    except DataError:
        return False


def _binary_reader(
    file: DataFile, options: ReadSettings, suffix: str
) -> Callable[[Path, str, ReadSettings], Table] | None:
    with file.open(options) as stream:
        head = stream.read(512)
    reader: Callable[[Path, str, ReadSettings], Table] | None = None
    if head.startswith(_PARQUET) or suffix == ".parquet":
        from bertolt.data.readers.arrow import open_parquet  # loads pyarrow

        reader = open_parquet
    elif head.startswith((_OLD_WORKBOOK, _ZIP)) or suffix in sheet.SUFFIXES:
        reader = open_sheet
    if file.compression and (reader is not None or head[257:262] == b"ustar"):
        raise DataError(
            f"a data file of text in {file.name}",
            "a tar archive" if reader is None else "a file that cannot be read inside another",
            "unpack it first, and name the file in it",
        )
    return reader


def _open_text(source: TextSource, suffix: str, options: ReadSettings, *, words: bool) -> Table:
    if suffix == ".csv":
        return open_csv(source, options)
    if options.header is None and options.delimiter is None:
        if looks_like_conll(source, any_tags=words):
            return open_conll(source)
        first = next((line for line in source.lines() if line.strip()), "")
        if suffix == ".txt" and (first.startswith(LABEL_MARK) or not _has_columns(first)):
            return open_lines(source)
    return open_tsv(source, options)


def _has_columns(first: str) -> bool:
    """Whether a first line has tabs, or names of a text and a label with another mark between them."""
    if "\t" in first or first.startswith(("sep=", '"sep=')):
        return True
    for delimiter in ",;|":
        names = {name.strip().strip('"').lower() for name in first.split(delimiter)}
        if names & set(TEXT_NAMES) and names & set(LABEL_NAMES):
            return True
    return False


def _open_json_lines(source: TextSource) -> Table:
    first = next((line for line in source.lines() if line.strip()), "")
    return open_json(source) if first.lstrip().startswith("[") else open_json_lines(source)


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
    names = sorted(
        entry.name for entry in path.iterdir() if entry.name.lower().endswith((*SUFFIXES, *ENDINGS))
    )
    if names:
        return f"name one file, such as {path / names[0]}"
    return "name one file, or a folder with a folder of .txt files for each label"


def _advice_on_missing(path: Path) -> str:
    if not path.parent.is_dir():
        return f"check the path: there is no folder {path.parent}"
    names = sorted(entry.name for entry in path.parent.iterdir())
    near = difflib.get_close_matches(path.name, names, n=3, cutoff=0.6)
    return (
        f"did you mean {' or '.join(str(path.parent / name) for name in near)}?" if near else "check the path"
    )
