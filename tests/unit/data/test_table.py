from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bertolt.data.table import LeftOut, MemoryTable, Noted, Row, remarks
from bertolt.tasks.reading import ColumnChoice, read_labelled
from bertolt.tasks.registry import get_task
from bertolt.training.corpus import describe

TASK = get_task("text-classification")


@dataclass(frozen=True, slots=True)
class Joined(Noted):
    """Two rows with a line between them that is no row."""

    name: str = "joined.csv"
    columns: tuple[str, ...] = ("text", "label")

    def __iter__(self) -> Iterator[Row]:
        yield Row(2, {"text": "a", "label": "x"})
        self.left_out.add("repeats the header", 3)
        yield Row(4, {"text": "b", "label": "y"})


def test_a_line_that_was_left_out_counts_once_however_often_the_table_is_read() -> None:
    table = Joined(notes=("fields are separated by '|'",))
    list(zip(table, table, strict=True))
    assert table.left_out == LeftOut({"repeats the header": [3]})
    assert remarks(table) == [
        "joined.csv: fields are separated by '|'",
        "joined.csv: left out, repeats the header: 1, lines 3",
    ]


def test_a_reading_tells_the_notes_of_its_table_and_what_was_left_out() -> None:
    reading = read_labelled(TASK, Joined(notes=("a guess",)), TASK.Settings(), ColumnChoice())
    assert reading.left_out == {"repeats the header": [3]}
    assert describe(reading) == [
        "joined.csv: a guess",
        "joined.csv: 2 rows; columns text = 'text', label = 'label'",
        "joined.csv: 1 row left out, repeats the header: line 3",
    ]


def test_a_table_in_memory_has_no_notes() -> None:
    table = MemoryTable("m", ("text",), [Row(1, {"text": "a"})])
    assert remarks(table) == []
    assert [row.values for row in table] == [{"text": "a"}]
