"""Definite pronoun resolution, the official files: four lines a sentence, then a blank one.

Rahman and Ng 2012 (https://aclanthology.org/D12-1071): the sentence, the pronoun, the two candidates with a
comma between, and the one of them that is meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bertolt.data.readers.source import TextSource, nothing_in
from bertolt.data.table import Noted, Row
from bertolt.errors import DataError

COLUMNS = ("text", "pronoun", "candidates", "answer")


@dataclass(frozen=True, slots=True)
class PronounsTable(Noted):
    """One row a sentence: ``text``, ``pronoun``, ``candidates`` (a list of two) and ``answer``.

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
            yield self._row([text.strip() for _, text in block], block[0][0])

    def _row(self, block: list[str], line: int) -> Row:
        if len(block) != 4:
            raise self._wrong(
                "a sentence, a pronoun, two candidates and an answer", f"{len(block)} lines", line
            )
        text, pronoun, both, answer = block
        candidates = [each.strip() for each in both.split(",")]
        if len(candidates) != 2 or not all(candidates):
            raise self._wrong("two candidates with a comma between", repr(both[:60]), line + 2)
        return Row(line, {"text": text, "pronoun": pronoun, "candidates": candidates, "answer": answer})

    def _wrong(self, expected: str, found: str, line: int) -> DataError:
        return DataError(
            f"{expected}, as in the files of definite pronoun resolution",
            f"{found} on line {line} of {self.name}",
            "correct that line",
        )


def open_pronouns(source: TextSource) -> PronounsTable:
    """Opens a file of definite pronoun resolution.

    Raises:
        DataError: there is no sentence, or the first is malformed; while rows are read, if one is.
    """
    table = PronounsTable(source.name, source)
    if next(iter(table), None) is None:
        raise nothing_in(source.name, "at least one sentence with its pronoun")
    return table
