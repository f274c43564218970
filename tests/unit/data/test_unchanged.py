"""A file that changes while it is read is refused, whatever reads it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bertolt.data.sources import open_source
from bertolt.data.table import Table
from bertolt.errors import DataError


def append(file: Path) -> None:
    with file.open("a", encoding="utf-8") as stream:
        stream.write("one more,a\n")


def replace(file: Path) -> None:
    new = file.with_suffix(".new")
    new.write_bytes(file.read_bytes())
    os.utime(new, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    new.replace(file)


def rewrite(file: Path) -> None:
    file.write_text("text,label\n" + "y,b\n" * 9)
    os.utime(file, (1, 1))


@pytest.fixture
def table(tmp_path: Path) -> Table:
    (tmp_path / "a.csv").write_text("text,label\n" + "x,a\n" * 9)
    found = open_source(str(tmp_path / "a.csv")).whole
    assert found is not None
    return found


@pytest.mark.parametrize("change", [append, replace, rewrite, Path.unlink])
def test_a_change_before_between_or_within_readings_is_refused(
    table: Table, change: Callable[[Path], None], tmp_path: Path
) -> None:
    assert len(list(table)) == 9
    rows = iter(table)
    next(rows)
    change(tmp_path / "a.csv")
    with pytest.raises(DataError, match="stays the same while it is read"):
        list(rows)
    with pytest.raises(DataError, match="stays the same while it is read"):
        list(table)


def test_a_file_that_stays_is_read_again_and_again(table: Table) -> None:
    assert [row.line for row in table] == [row.line for row in table] == list(range(2, 11))


def test_a_packaged_data_set_does_not_depend_on_a_folder_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rotten-tomatoes").mkdir()
    rows = iter(open_source("rotten-tomatoes").pick("test"))
    next(rows)
    (tmp_path / "rotten-tomatoes" / "new").touch()
    assert len(list(rows)) == 999
