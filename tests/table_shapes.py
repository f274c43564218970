"""Tables at random: formats, delimiters, quoting, encodings, line ends, columns, labels. No row is lost."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from bertolt.data.sources import open_source
from bertolt.errors import DataError
from bertolt.tasks.checking import check_data
from bertolt.tasks.reading import ColumnChoice, Reading, read_labelled, unlabelled_rows
from bertolt.tasks.registry import get_task

TASK = get_task("text-classification")
SETTINGS = TASK.Settings()
CHOICE = ColumnChoice(("text",), ("label",))

_WORDS = [
    "good", "bad film", "naïve", "😀 fun", 'say "no"', "a, b; c", "tab\there", "x|y", "two\nlines", "ไทย",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(_WORDS), min_size=1, max_size=4).map(" ".join) | st.sampled_from(["", "  "])
#: The labels of a table are of one type.
LABELS = st.sampled_from([("pos", "neg"), (0, 1), (1, 2, 3), ("a b", "c,d"), (True, False)])
FORMATS = st.sampled_from(["csv", "tsv", "jsonl", "json", "parquet"])


@dataclass(frozen=True)
class Shape:
    """How a table is written.

    Args:
        suffix: of the file.
        rows: text and label of each row, None where there is no label.
        extra: further columns by name, each with a value for every row; they stand first.
        delimiter, quote_all, encoding, line_end: of csv; tsv has tabs.
        wrapped: whether a json document has its rows under "data".
    """

    suffix: str
    rows: list[tuple[str, Any]]
    extra: Mapping[str, list[Any]]
    delimiter: str
    quote_all: bool
    encoding: str
    line_end: str
    wrapped: bool


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    """Tables with usual names of columns."""
    labels = draw(LABELS)
    rows = draw(st.lists(st.tuples(TEXTS, st.sampled_from([*labels, None])), min_size=1, max_size=8))
    extra: dict[str, list[Any]] = {}
    for name in draw(st.lists(st.sampled_from(["", "id", "note"]), unique=True, max_size=2)):
        values = [f"n{number}" for number in range(len(rows))] if name == "note" else list(range(len(rows)))
        extra[name] = values
    suffix = draw(FORMATS)
    delimiter = "\t" if suffix == "tsv" else draw(st.sampled_from([",", ";", "\t", "|"]))
    return Shape(
        suffix=suffix,
        rows=rows,
        extra=extra,
        delimiter=delimiter,
        # With tabs and no quote in its first line a file is read as it stands, as GLUE writes its files.
        quote_all=delimiter == "\t" or draw(st.booleans()),
        encoding=draw(st.sampled_from(["utf-8", "utf-8-sig"])),
        line_end=draw(st.sampled_from(["\n", "\r\n"])),
        wrapped=draw(st.booleans()),
    )


def write(shape: Shape, folder: Path) -> Path:
    """Writes a table as the shape says."""
    file = folder / f"table.{shape.suffix}"
    columns = [*shape.extra, "text", "label"]
    values = [
        [*(shape.extra[name][place] for name in shape.extra), text, label]
        for place, (text, label) in enumerate(shape.rows)
    ]
    objects = [dict(zip(columns, row, strict=True)) for row in values]
    if shape.suffix in ("csv", "tsv"):
        out = io.StringIO(newline="")
        quoting = csv.QUOTE_ALL if shape.quote_all else csv.QUOTE_MINIMAL
        writer = csv.writer(out, delimiter=shape.delimiter, quoting=quoting, lineterminator=shape.line_end)
        writer.writerows([columns, *values])
        file.write_bytes(out.getvalue().encode(shape.encoding))
    elif shape.suffix == "jsonl":
        file.write_text("".join(json.dumps(each) + "\n" for each in objects), encoding=shape.encoding)
    elif shape.suffix == "json":
        document = {"data": objects} if shape.wrapped else objects
        file.write_text(json.dumps(document), encoding="utf-8")
    else:
        pq.write_table(pa.Table.from_pylist(objects, schema=None), file)
    return file


def check_no_row_is_lost(shape: Shape, folder: Path) -> None:
    """Asserts that check, training and prediction use the same rows of a table and list all others."""
    file = str(write(shape, folder))
    table = open_source(file).pick("train")
    predicted = [(row.line, example.text) for row, example in unlabelled_rows(TASK, table, SETTINGS, CHOICE)]
    assert [text.replace("\r\n", "\n") for _, text in predicted] == [text for text, _ in shape.rows]
    lines = [line for line, _ in predicted]
    assert len(set(lines)) == len(lines)
    usable = [
        line
        for line, (text, label) in zip(lines, shape.rows, strict=True)
        if text.strip() and label is not None
    ]
    found = check_data([file], TASK, SETTINGS, CHOICE, counter=None)
    assert list(found.parts.values()) == [len(lines)]
    listed = {
        place.line
        for finding in found.findings
        if finding.code in ("empty-text", "no-label", "left-out")
        for group in finding.groups
        for place in group
    }
    assert listed == set(lines) - set(usable)
    try:
        reading = read_labelled(TASK, table, SETTINGS, CHOICE)
    except DataError:
        assert not usable
        return
    assert [example.line for example in reading.examples] == usable
    assert _left_out(reading) == sorted(listed)
    assert [example.text.replace("\r\n", "\n") for example in reading.examples] == [
        text for text, label in shape.rows if text.strip() and label is not None
    ]


def _left_out(reading: Reading) -> list[int]:
    others = [line for lines in reading.left_out.values() for line in lines]
    return sorted([*reading.without_text, *reading.without_label, *others])
