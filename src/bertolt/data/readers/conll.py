"""CoNLL: a token and its tag a line, blank lines between sentences.

Tjong Kim Sang and De Meulder 2003 (https://aclanthology.org/W03-0419), section 2. The word is the
first field and the tag the last; those between are not read. Fields are separated by tabs if the
first token line of the file has a tab, by spaces otherwise. A line of nothing but spaces and tabs is
blank. A ``-DOCSTART-`` line begins a document and is no token: it ends a sentence as a blank line
does. A line that begins with ``# `` and has no tab is a comment. Where spaces separate the fields it
could be the token ``#`` just as well: there it is a token if it has as many fields as the file's
first token line and either stands inside a sentence or ends with an IOB tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bertolt.data.readers.source import TextSource, nothing_in
from bertolt.data.table import Noted, Row
from bertolt.errors import DataError

COLUMNS = ("words", "tags")
_BLANK = " \t\r\n"
_SPACES = re.compile(r"[ \t]+")
_IOB_TAG = re.compile(r"O|[BIESLUM]-.+")


@dataclass(frozen=True, slots=True)
class ConllTable(Noted):
    """One row a sentence: ``words`` and ``tags``, lists of one length; the line of the first token.

    Args:
        name: how messages call it.
        source: its lines.
        tabs: whether tabs separate the fields.
        width: fields a token line.
        columns: the names of the columns.
    """

    name: str
    source: TextSource
    tabs: bool
    width: int
    columns: tuple[str, ...] = COLUMNS

    def __iter__(self) -> Iterator[Row]:
        words: list[str] = []
        tags: list[str] = []
        begin = 0
        for line, text in enumerate(self.source.lines(), start=1):
            text = text.removesuffix("\n").removesuffix("\r")
            if _is_break(text):
                if words:
                    yield Row(begin, {"words": words, "tags": tags})
                words, tags = [], []
                continue
            if self._is_comment(text, bool(words)):
                continue
            word, tag = self._token(text, line)
            begin = begin if words else line
            words.append(word)
            tags.append(tag)
        if words:
            yield Row(begin, {"words": words, "tags": tags})

    def _is_comment(self, text: str, inside: bool) -> bool:
        if not _may_be_comment(text):
            return False
        if self.tabs:
            return True
        fields = _split(text, self.tabs)
        return len(fields) != self.width or not (inside or _IOB_TAG.fullmatch(fields[-1]))

    def _token(self, text: str, line: int) -> tuple[str, str]:
        fields = _split(text, self.tabs)
        if len(fields) != self.width:
            separator = "a tab" if self.tabs else "spaces"
            raise DataError(
                f"{self.width} fields separated by {separator}, as on the first token line",
                f"{'1 field' if len(fields) == 1 else f'{len(fields)} fields'} on line {line} of {self.name}",
                "correct that line",
            )
        word, tag = fields[0].strip(" "), fields[-1].strip(" ")
        if not word or not tag:
            raise DataError(
                f"a word and a tag on line {line} of {self.name}",
                f"no {'tag' if word else 'word'}",
                "correct that line",
            )
        return word, tag


def open_conll(source: TextSource) -> ConllTable:
    """Opens a CoNLL file.

    Raises:
        DataError: if there is no token, or the first token line has one field only; while rows are
            read, if a line has another number of fields than the first, no word or no tag.
    """
    for line, text in enumerate(source.lines(), start=1):
        text = text.removesuffix("\n").removesuffix("\r")
        if _is_break(text) or _may_be_comment(text):
            continue
        tabs = "\t" in text
        width = len(_split(text, tabs))
        if width == 1:
            raise DataError(
                f"a word and its tag on line {line} of {source.name}",
                "1 field",
                "put the tag behind the word, after a tab, and a blank line between sentences",
            )
        return ConllTable(source.name, source, tabs, width)
    raise nothing_in(source.name, "at least one word with its tag")


def _is_break(text: str) -> bool:
    return not text.strip(_BLANK) or _SPACES.split(text, maxsplit=1)[0] == "-DOCSTART-"


def _may_be_comment(text: str) -> bool:
    return text.startswith("# ") and "\t" not in text


def _split(text: str, tabs: bool) -> list[str]:
    return text.split("\t") if tabs else _SPACES.split(text.strip(_BLANK))
