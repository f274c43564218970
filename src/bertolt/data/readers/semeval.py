"""SemEval-2010 task 8, the official files: a numbered sentence, its relation, a comment, a blank line.

Hendrickx et al. 2010 (https://aclanthology.org/S10-1006), §3: ``<e1>`` and ``<e2>`` mark the two nominals;
the relation is ``NAME(e1,e2)``, ``NAME(e2,e1)`` or ``Other``. The sentence stands in double quotes, which are
not part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bertolt.data.readers.source import TextSource, nothing_in
from bertolt.data.table import Noted, Row
from bertolt.errors import DataError

COLUMNS = ("id", "text", "span1", "span2", "label")
_SENTENCE = re.compile(r'(\d+)\t"(.*)"\s*')
_MARKED = re.compile(r"<e1>(.*?)</e1>|<e2>(.*?)</e2>")
_RELATION = re.compile(r"Other|[A-Za-z-]+\(e[12],e[12]\)")


@dataclass(frozen=True, slots=True)
class SemevalTable(Noted):
    """One row a sentence, its marks taken out; spans are character offsets ``[start, stop]``.

    Args:
        name: how messages call it.
        source: its lines.
        columns: the names of the columns.
    """

    name: str
    source: TextSource
    columns: tuple[str, ...] = COLUMNS

    def __iter__(self) -> Iterator[Row]:
        for block in self.source.blocks():
            yield self._row([text for _, text in block], block[0][0])

    def _row(self, block: list[str], line: int) -> Row:
        sentence = _SENTENCE.fullmatch(block[0])
        if sentence is None:
            raise self._wrong("a number, a tab and a sentence in double quotes", block[0], line)
        relation = block[1].strip() if len(block) > 1 else ""
        if not _RELATION.fullmatch(relation):
            raise self._wrong("a relation such as Cause-Effect(e1,e2), or Other", relation, line + 1)
        text, spans = "", {}
        place = 0
        for match in _MARKED.finditer(sentence[2]):
            number = 1 if match[1] is not None else 2
            text += sentence[2][place : match.start()]
            spans[number] = [len(text), len(text) + len(match[number])]
            text += match[number]
            place = match.end()
        text += sentence[2][place:]
        if set(spans) != {1, 2}:
            raise self._wrong("one <e1>…</e1> and one <e2>…</e2>", block[0], line)
        values = {"id": sentence[1], "text": text, "span1": spans[1], "span2": spans[2], "label": relation}
        return Row(line, values)

    def _wrong(self, expected: str, found: str, line: int) -> DataError:
        return DataError(
            f"{expected}, as in SemEval-2010 task 8",
            f"{found[:60]!r} on line {line} of {self.name}",
            "correct that line",
        )


def open_semeval(source: TextSource) -> SemevalTable:
    """Opens a file of SemEval-2010 task 8.

    Raises:
        DataError: there is no sentence, or the first is malformed; while rows are read, if one is.
    """
    table = SemevalTable(source.name, source)
    if next(iter(table), None) is None:
        raise nothing_in(source.name, "at least one sentence with its relation")
    return table
