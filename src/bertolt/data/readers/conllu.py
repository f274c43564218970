"""CoNLL-U: syntactic words with their features, heads and relations.

https://universaldependencies.org/format.html. A multiword token (``1-2``) is passed over in favour
of its syntactic words, and empty nodes (``8.1``) of the enhanced graph are dropped. Lemma, features,
enhanced dependencies and MISC are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bertolt.data.readers.source import TextSource, nothing_in
from bertolt.data.table import Noted, Row
from bertolt.errors import DataError

COLUMNS = ("sent_id", "text", "words", "upos", "xpos", "heads", "deprels")
_METADATA = re.compile(r"#\s*(sent_id|text)\s*=\s?(.*)")
_PASSED_OVER = re.compile(r"[1-9]\d*-[1-9]\d*|\d+\.[1-9]\d*")


@dataclass(slots=True)
class _Sentence:
    metadata: dict[str, str] = field(default_factory=dict)
    line: int = 0
    lines: list[int] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    upos: list[str] = field(default_factory=list)
    xpos: list[str] = field(default_factory=list)
    heads: list[int | None] = field(default_factory=list)
    deprels: list[str] = field(default_factory=list)

    def row(self) -> Row:
        values: dict[str, Any] = {
            "sent_id": self.metadata.get("sent_id"),
            "text": self.metadata.get("text"),
            "words": self.words,
            "upos": self.upos,
            "xpos": self.xpos,
            "heads": self.heads,
            "deprels": self.deprels,
        }
        return Row(self.line, values)


@dataclass(frozen=True, slots=True)
class ConlluTable(Noted):
    """One row a sentence; the line of its first token.

    ``words``, ``upos``, ``xpos``, ``heads`` and ``deprels`` are lists of one length. A head is the
    1-based number of a word, 0 for the root, None where the file has ``_``; a tag that the file
    leaves open is ``"_"``. ``sent_id`` and ``text`` are None where the file has none.

    Args:
        name: how messages call it.
        source: its lines.
        columns: the names of the columns.
    """

    name: str
    source: TextSource
    columns: tuple[str, ...] = COLUMNS

    def __iter__(self) -> Iterator[Row]:
        sentence = _Sentence()
        for line, text in enumerate(self.source.lines(), start=1):
            text = text.removesuffix("\n").removesuffix("\r")
            if text.startswith("#"):
                found = _METADATA.match(text)
                if found:
                    sentence.metadata[found[1]] = found[2]
            elif text.strip():
                self._add(sentence, text.split("\t"), line)
            else:
                if sentence.line:
                    yield self._finished(sentence)
                sentence = _Sentence()
        if sentence.line:
            yield self._finished(sentence)

    def _add(self, sentence: _Sentence, fields: list[str], line: int) -> None:
        if len(fields) != 10:
            found = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
            raise self._wrong("10 fields separated by tabs", f"{found}", line)
        sentence.line = sentence.line or line
        if _PASSED_OVER.fullmatch(fields[0]):
            return
        number = len(sentence.words) + 1
        if fields[0] != str(number):
            raise self._wrong(f"the word number {number} of its sentence", f"the number {fields[0]!r}", line)
        head = fields[6]
        if head != "_" and not (head.isascii() and head.isdigit()):
            raise self._wrong("the number of a word as head", f"{head!r}", line)
        if not fields[1]:
            raise self._wrong("a word in the second field", "nothing", line)
        sentence.lines.append(line)
        sentence.words.append(fields[1])
        sentence.upos.append(fields[3])
        sentence.xpos.append(fields[4])
        sentence.heads.append(None if head == "_" else int(head))
        sentence.deprels.append(fields[7])

    def _finished(self, sentence: _Sentence) -> Row:
        if not sentence.words:
            raise self._wrong("a sentence with at least one word", "no word", sentence.line)
        for head, line in zip(sentence.heads, sentence.lines, strict=True):
            if head is not None and head > len(sentence.words):
                raise self._wrong(f"a head out of 0 to {len(sentence.words)}", f"{head}", line)
        return sentence.row()

    def _wrong(self, expected: str, found: str, line: int) -> DataError:
        return DataError(
            f"{expected}, as in CoNLL-U", f"{found} on line {line} of {self.name}", "correct that line"
        )


def open_conllu(source: TextSource) -> ConlluTable:
    """Opens a CoNLL-U file.

    Raises:
        DataError: if there is no sentence or the first is malformed; while rows are read, if a line
            is malformed, words are not numbered in order, or a head is not in the sentence.
    """
    table = ConlluTable(source.name, source)
    if next(iter(table), None) is None:
        raise nothing_in(source.name, "at least one sentence")
    return table
