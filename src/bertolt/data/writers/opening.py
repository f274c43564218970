"""The writer of a file, chosen by the ending of its name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bertolt.data.writers.text import DelimitedWriter, JsonLinesWriter
from bertolt.data.writers.writer import Writer
from bertolt.errors import DataError, DiskError, SettingError


def open_writer(path: Path, columns: Sequence[str], *, safe_for_spreadsheets: bool = False) -> Writer:
    """A writer for the ending of the file's name: .csv, .tsv, .jsonl or .parquet.

    Args:
        path: the file; an older one is replaced at the end.
        columns: the names of the columns, in order.
        safe_for_spreadsheets: see ``DelimitedWriter``; only for .csv and .tsv.

    Returns:
        The writer; enter it to begin.

    Raises:
        DataError: if the ending is another one, if a column has no name or two have one, or, in tsv, if
            a name has a tab or a line break.
        SettingError: if a .jsonl or .parquet file is to be safe for spreadsheets.
        DiskError: if the folder does not exist, or the path is a folder.
    """
    suffix = path.suffix.lower()
    if suffix not in {".csv", ".tsv", ".jsonl", ".parquet"}:
        raise DataError(
            "a file name that ends in .csv, .tsv, .jsonl or .parquet",
            f"{path.name!r}",
            "choose one of these endings",
        )
    if safe_for_spreadsheets and suffix not in {".csv", ".tsv"}:
        raise SettingError(
            "--spreadsheet-safe with an output that ends in .csv or .tsv",
            f"{path.name!r}",
            "leave --spreadsheet-safe out: spreadsheet programs run formulas from csv and tsv files only",
        )
    if not columns or len(set(columns)) != len(columns) or not all(name.strip() for name in columns):
        raise DataError(
            f"a different name for every column of {path}",
            ", ".join(map(repr, columns)) or "no column",
            "rename them",
        )
    if suffix == ".tsv" and any(mark in name for name in columns for mark in "\t\r\n"):
        raise DataError(
            f"names of columns without tabs and line breaks, for {path}",
            ", ".join(map(repr, columns)),
            "rename them, or write csv",
        )
    if path.is_dir():
        raise DiskError("the name of a file to write", f"the folder {path}", "name a file in it")
    if not path.parent.is_dir():
        raise DiskError(
            f"a folder {path.parent} to write {path.name} into",
            "no such folder",
            f"run: mkdir -p {path.parent}",
        )
    if suffix == ".parquet":
        from bertolt.data.writers.parquet import ParquetWriter  # loads pyarrow

        return ParquetWriter(path, columns)
    if suffix == ".jsonl":
        return JsonLinesWriter(path, columns)
    delimiter = "," if suffix == ".csv" else "\t"
    return DelimitedWriter(path, columns, delimiter, safe_for_spreadsheets=safe_for_spreadsheets)
