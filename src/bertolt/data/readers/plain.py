"""Text files without columns: a text a line, and fastText's labelled lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bertolt.data.readers.source import TextSource, nothing_in
from bertolt.data.table import Noted, Row

#: What fastText puts before each label.
LABEL_MARK = "__label__"


@dataclass(frozen=True, slots=True)
class LinesTable(Noted):
    """One row a line: ``text``, and ``label`` in fastText's format. Blank lines are no rows.

    Args:
        name: how messages call it.
        source: its lines.
        labelled: whether lines begin with ``__label__NAME``. A line with several labels has a list of them.
    """

    name: str
    source: TextSource
    labelled: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """``text``, and ``label`` where lines have labels."""
        return ("text", "label") if self.labelled else ("text",)

    def __iter__(self) -> Iterator[Row]:
        for line, raw in enumerate(self.source.lines(), start=1):
            text = raw.strip()
            if text:
                yield Row(line, _labelled(text) if self.labelled else {"text": text})


def _labelled(text: str) -> dict[str, str | list[str] | None]:
    labels = []
    while text.startswith(LABEL_MARK):
        first, _, text = text.partition(" ")
        labels.append(first.removeprefix(LABEL_MARK))
        text = text.lstrip()
    return {"text": text, "label": labels if len(labels) > 1 else labels[0] if labels else None}


def open_lines(source: TextSource) -> LinesTable:
    """Opens a file of lines, with fastText's labels where its first line has one.

    Raises:
        DataError: there is no line.
    """
    first = next((line for line in source.lines() if line.strip()), None)
    if first is None:
        raise nothing_in(source.name, "at least one line of text")
    labelled = first.lstrip().startswith(LABEL_MARK)
    what = f"each line is a text after its labels ({LABEL_MARK}…), as fastText has it"
    note = what if labelled else "each line is a text; there are no labels in it"
    return LinesTable(source.name, source, labelled, notes=(*source.notes, note))
