"""Exports of annotation tools as rows: Label Studio (JSON and JSON-MIN), doccano, Prodigy, spaCy.

Character spans become ``words`` with ``tags`` (IOB2) beside the ``text``, so that offsets stay those of the
text. Words are runs of letters and digits, and single marks. Where spans overlap, the longer one stays, of
equal ones the first; a span that begins or ends inside a word takes the whole word. Both are counted in a
note.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bertolt.data.table import LeftOut, Row, Table

_WORD = re.compile(r"\w+|[^\w\s]")
_SPAN_COLUMNS = ("spans", "label", "labels", "entities", "ner")
_TEXT_COLUMNS = ("text", "data", "sentence", "content")
_SAMPLE = 1000

Span = tuple[int, int, str]


@dataclass(slots=True)
class _Counts:
    overlapping: int = 0
    widened: int = 0
    outside: int = 0


@dataclass(frozen=True, slots=True)
class SpansTable:
    """A table whose character spans are read as tags of words.

    Args:
        table: as the file has it.
        text: its column of texts.
        spans: its column of spans.
        notes: the table's, and how spans were read.
    """

    table: Table
    text: str
    spans: str
    notes: tuple[str, ...]
    counts: _Counts = field(default_factory=_Counts, compare=False)

    @property
    def name(self) -> str:
        """The table's."""
        return self.table.name

    @property
    def columns(self) -> tuple[str, ...]:
        """The table's without the spans, and ``words`` and ``tags``."""
        others = (column for column in self.table.columns if column not in {self.text, self.spans})
        return (*dict.fromkeys(("text", "words", "tags", *others)),)

    @property
    def left_out(self) -> LeftOut:
        """The table's."""
        return self.table.left_out

    def __iter__(self) -> Iterator[Row]:
        for row in self.table:
            values = {key: value for key, value in row.values.items() if key not in {self.text, self.spans}}
            text = row.values.get(self.text)
            text = text if isinstance(text, str) else ""
            words, tags = tag_words(text, read_spans(row.values.get(self.spans)) or [], self.counts)
            yield Row(row.line, {"text": text, "words": words, "tags": tags, **values})


def with_words(table: Table) -> Table:
    """The table with words and tags, if it holds texts with character spans; else as it is."""
    text = next((column for column in _TEXT_COLUMNS if column in table.columns), None)
    if text is None or {"words", "tokens"} & set(table.columns):
        return table
    for column in _SPAN_COLUMNS:
        if column in table.columns and _holds_spans(table, column):
            found = SpansTable(table, text, column, ())
            for _ in found:  # counts what was changed
                pass
            return SpansTable(table, text, column, (*table.notes, *_notes(found.counts, column)))
    return table


def _holds_spans(table: Table, column: str) -> bool:
    """Whether every value is a list of spans, and one is not empty."""
    anything = False
    for number, row in enumerate(table):
        spans = read_spans(row.values.get(column))
        if spans is None:
            return False
        anything = anything or bool(spans)
        if anything and number >= _SAMPLE:
            break
    return anything


def _notes(counts: _Counts, column: str) -> Iterator[str]:
    yield f"the character spans in {column!r} are read as tags of words (columns 'words' and 'tags')"
    if counts.overlapping:
        yield f"{counts.overlapping:,} spans overlap a longer or earlier one and are not read"
    if counts.widened:
        yield f"{counts.widened:,} spans begin or end inside a word and take the whole word"
    if counts.outside:
        yield f"{counts.outside:,} spans hold no word of their text and are not read"


def read_spans(value: Any) -> list[Span] | None:
    """A list of spans in any of the tools' forms; None where it is something else.

    Forms: ``[0, 3, "PER"]``; objects with ``start`` (or ``start_offset``), ``end`` and ``label`` or
    ``labels``. Nothing at all is a list without spans.
    """
    if value is None or value == "":
        return []
    if not isinstance(value, list):
        return None
    spans = []
    for item in value:
        if isinstance(item, Mapping):
            label = item.get("label", item.get("labels"))
            label = label[0] if isinstance(label, list) and label else label
            start, end = item.get("start", item.get("start_offset")), item.get("end", item.get("end_offset"))
        elif isinstance(item, list) and len(item) == 3:
            start, end, label = item
        else:
            return None
        if not isinstance(label, str) or not all(type(place) is int for place in (start, end)):
            return None
        spans.append((start, end, label))
    return spans


def tag_words(text: str, spans: Sequence[Span], counts: _Counts) -> tuple[list[str], list[str]]:
    """The words of a text and their tags in IOB2."""
    places = [found.span() for found in _WORD.finditer(text)]
    tags = ["O"] * len(places)
    for start, end, label in sorted(spans, key=lambda span: span[0] - span[1]):  # stable: the longest first
        inside = [number for number, (begin, stop) in enumerate(places) if begin < end and stop > start]
        if not inside:
            counts.outside += 1
            continue
        if any(tags[number] != "O" for number in inside):
            counts.overlapping += 1
            continue
        counts.widened += places[inside[0]][0] < start or places[inside[-1]][1] > end
        for number in inside:
            tags[number] = f"I-{label}"
        tags[inside[0]] = f"B-{label}"
    return [text[begin:stop] for begin, stop in places], tags


def is_label_studio(document: Sequence[Any]) -> bool:
    """Whether a JSON list is Label Studio's full export: tasks with ``data`` and ``annotations``."""
    return bool(document) and all(
        isinstance(item, Mapping)
        and isinstance(item.get("data"), Mapping)
        and isinstance(item.get("annotations", item.get("completions")), list)
        for item in document
    )


def from_label_studio(document: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """The tasks as rows, and what is worth saying of them.

    A row has the fields of ``data``; ``label`` with the choice, or the list of choices where a task has
    several; ``spans`` with the labelled spans of the text. Where there are several questions, each has
    a column of its name. Of several annotations of a task the first that was not cancelled is read.
    """
    questions = {
        result.get("from_name")
        for item in document
        for annotation in _annotations(item)
        for result in annotation.get("result", ())
        if result.get("type") in {"choices", "rating"}
    }
    skipped: dict[str, int] = {}
    rows, several = [], 0
    for item in document:
        annotations = _annotations(item)
        several += len(annotations) > 1
        row = dict(item["data"])
        for result in annotations[0].get("result", ()) if annotations else ():
            _add_result(row, result, single=len(questions) <= 1, skipped=skipped)
        rows.append(row)
    notes = ["it is read as an export of Label Studio"]
    if several:
        notes.append(f"{several:,} tasks have more than one annotation: the first is read")
    notes += [f"{count:,} results of the kind {kind!r} are not read" for kind, count in skipped.items()]
    return rows, notes


def _annotations(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = item.get("annotations", item.get("completions")) or []
    return [each for each in found if isinstance(each, Mapping) and not each.get("was_cancelled")]


def _add_result(
    row: dict[str, Any], result: Mapping[str, Any], *, single: bool, skipped: dict[str, int]
) -> None:
    kind, value = str(result.get("type")), result.get("value") or {}
    column = "label" if single else str(result.get("from_name") or "label")
    if kind == "choices" and isinstance(value.get("choices"), list):
        choices = value["choices"]
        row[column] = choices[0] if len(choices) == 1 else choices
    elif kind == "rating" and "rating" in value:
        row[column] = value["rating"]
    elif kind == "labels" and {"start", "end", "labels"} <= value.keys():
        row.setdefault("spans", []).append(
            {"start": value["start"], "end": value["end"], "labels": value["labels"]}
        )
    else:
        skipped[kind] = skipped.get(kind, 0) + 1


def from_doccano(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of doccano: the older name ``data`` of the text becomes ``text``."""
    if "text" not in row and isinstance(row.get("data"), str) and "label" in row:
        return {"text" if key == "data" else key: value for key, value in row.items()}
    return dict(row)
