"""Sheets of workbooks: xlsx, xls and ods, read with python-calamine."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bertolt.data.readers.compression import ALWAYS_ALLOWED, too_much
from bertolt.data.readers.options import ReadSettings
from bertolt.data.readers.records import DelimitedTable, Record, open_records
from bertolt.errors import DataError, MissingExtraError

SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods")
_ADVICE = "fill in or remove the cells beyond the header"


def open_sheet(path: Path, name: str, options: ReadSettings) -> DelimitedTable:
    """Opens a sheet of a workbook; it stays in memory. The line of a row is its number in the sheet.

    Numbers without a fraction come as whole numbers, dates and times as ISO 8601 text, empty cells as None.

    Args:
        path: the workbook.
        name: how messages call it.
        options: which sheet, and the bounds.

    Raises:
        DataError: it cannot be read; several sheets have rows and none was named.
        MissingExtraError: the extra ``excel`` is not installed.
    """
    try:
        import python_calamine
    except ModuleNotFoundError as error:
        raise MissingExtraError("excel", f"the workbook {name}") from error
    _refuse_expansion(path, name, options)
    failures = (python_calamine.CalamineError, OSError)
    try:
        with python_calamine.CalamineWorkbook.from_path(str(path)) as book:
            sheets = {
                sheet: _rows(book.get_sheet_by_name(sheet))
                for sheet in _choose(book.sheet_names, name, options)
            }
    except failures as error:
        raise DataError(
            f"a whole workbook in {name}",
            f"{str(error).strip() or type(error).__name__}",
            "open and save it again, without a password, or save the sheet as CSV UTF-8",
        ) from error
    filled = [sheet for sheet, rows in sheets.items() if rows]
    if len(filled) != 1:
        raise DataError(
            f"one sheet with rows in {name}",
            f"{len(filled)}: {', '.join(map(repr, filled[:10]))}" if filled else "none",
            f"choose one: --sheet {filled[0]!r}" if filled else "check that it was written completely",
        )
    rows = sheets[filled[0]]
    _refuse_long_cells(rows, name, options)
    notes = [f"the sheet {filled[0]!r} is read"] if options.sheet is None else []

    def records() -> Iterator[Record]:
        yield from rows

    return open_records(name, records, options, advice=_ADVICE, notes=notes)


def _choose(names: Sequence[str], name: str, options: ReadSettings) -> Sequence[str]:
    wanted = options.sheet
    if wanted is None:
        return names
    if wanted in names:
        return [wanted]
    if wanted.isdecimal() and 1 <= int(wanted) <= len(names):
        return [names[int(wanted) - 1]]
    listed = ", ".join(map(repr, names[:10]))
    raise DataError(f"the sheet {wanted!r} (--sheet) in {name}", f"the sheets {listed}", "name one of these")


def _rows(sheet: Any) -> list[Record]:
    """The records of a sheet: from its first filled column to its last, each with its line."""
    cells = [[_value(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    filled = [place for row in cells for place, cell in enumerate(row) if cell is not None]
    if not filled:
        return []
    begin, end = min(filled), max(filled) + 1
    return [
        (line, row[begin:end] if any(cell is not None for cell in row) else [])
        for line, row in enumerate(cells, start=1)
    ]


def _value(cell: Any) -> Any:
    if cell == "":
        return None
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if isinstance(cell, datetime.date | datetime.time):  # a datetime is a date
        return cell.isoformat()
    return str(cell) if isinstance(cell, datetime.timedelta) else cell


def _refuse_expansion(path: Path, name: str, options: ReadSettings) -> None:
    """Adds up what the parts of the workbook unpack to, before anything is unpacked."""
    if not zipfile.is_zipfile(path):
        return  # xls is not compressed
    packed = path.stat().st_size
    most = max(ALWAYS_ALLOWED, packed * options.max_expansion)
    with zipfile.ZipFile(path) as archive:
        if sum(each.file_size for each in archive.infolist()) > most:
            raise too_much(name, most, packed)


def _refuse_long_cells(rows: Sequence[Record], name: str, options: ReadSettings) -> None:
    for line, cells in rows:
        longest = max((len(cell) for cell in cells if isinstance(cell, str)), default=0)
        if longest > options.max_cell:
            raise DataError(
                f"cells of at most {options.max_cell:,} characters in {name}",
                f"{longest:,} on line {line}",
                "look whether the file is what you expect; if it is, raise --max-cell",
            )
