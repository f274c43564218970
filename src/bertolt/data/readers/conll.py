"""CoNLL: a token and its tag a line, blank lines between sentences.

Tjong Kim Sang and De Meulder 2003 (https://aclanthology.org/W03-0419), section 2. The word is the
first field and the tag the last; a first field that counts the words of each sentence is no word, and the
word is the second then. ``by_number`` chooses other fields. Fields are separated by tabs if most lines
have a tab, by spaces otherwise. A line of nothing but spaces and tabs is blank. A ``-DOCSTART-`` line
begins a document and is no token: it ends a sentence as a blank line does.

A line that begins with ``# `` and has no tab is a comment, and so is, before a sentence, one that begins
with ``#`` and has another number of fields than the tokens. Where spaces separate the fields it could be
the token ``#`` just as well: there it is a token if it has as many fields as the others and either stands
inside a sentence or ends with an IOB tag.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from bertolt.data.readers.source import TextSource, nothing_in
from bertolt.data.table import Noted, Row
from bertolt.errors import DataError

#: Sentences are shorter than this; what is longer lacks its blank lines.
MOST_WORDS = 1000
_BLANK = " \t\r\n"
_SPACES = re.compile(r"[ \t]+")
_IOB_TAG = re.compile(r"O|[BIESLUM]-.+")
_HEADER = {"word", "words", "token", "tokens", "form", "tag", "tags", "ner", "ner_tag", "ner_tags", "label"}
_SAMPLE = 1000


@dataclass(frozen=True, slots=True)
class ConllTable(Noted):
    """One row a sentence: ``words`` and ``tags``, lists of one length; the line of the first token.

    Args:
        name: how messages call it.
        source: its lines.
        tabs: whether tabs separate the fields.
        width: fields a token line.
        numbered: whether the first field counts the words of a sentence.
        fields: the columns of the rows, each with the place of its field.
    """

    name: str
    source: TextSource
    tabs: bool
    width: int
    numbered: bool
    fields: tuple[tuple[str, int], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """``words``, and ``tags`` where words have them; other names after ``by_number``."""
        return tuple(column for column, _ in self.fields)

    def by_number(self, text: Sequence[str], label: Sequence[str]) -> ConllTable:
        """The same file with the fields that are named by their 1-based number as columns.

        Args:
            text: what ``--text`` says; where it has a number, there is no column ``words``.
            label: likewise ``--label`` and ``tags``.
        """
        kept = [
            (column, place)
            for column, place in self.fields
            if not _numbers({"words": text, "tags": label}.get(column, ()))
        ]
        numbers = [(str(place + 1), place) for place in range(self.width)]
        return replace(self, fields=(*kept, *numbers), notes=self.source.notes)

    def __iter__(self) -> Iterator[Row]:
        tokens: list[Sequence[str]] = []
        begin = 0
        for line, text in enumerate(self.source.lines(), start=1):
            text = text.removesuffix("\n").removesuffix("\r")
            if _is_break(text):
                if tokens:
                    yield self._row(begin, tokens)
                tokens = []
                continue
            if self._is_comment(text, bool(tokens)):
                continue
            token = self._token(text, line)
            if begin == 0 and _is_header(token):
                self.left_out.add("a header, where a word was expected", line)
                continue
            if self.numbered and tokens and not _is_after(tokens[-1][0], token[0]):
                yield self._row(begin, tokens)
                tokens = []
            begin = begin if tokens else line
            tokens.append(token)
            if len(tokens) > MOST_WORDS:
                raise self._no_blank_lines(begin)
        if tokens:
            yield self._row(begin, tokens)

    def _row(self, line: int, tokens: Sequence[Sequence[str]]) -> Row:
        values: dict[str, Any] = {}
        for column, place in self.fields:
            values[column] = [token[place] for token in tokens]
        return Row(line, values)

    def _is_comment(self, text: str, inside: bool) -> bool:
        if not text.startswith("#"):
            return False
        fields = _split(text, self.tabs)
        if self.numbered:
            return len(fields) != self.width or not fields[0].isdecimal()
        if self.tabs:
            return (text.startswith("# ") and "\t" not in text) or (len(fields) != self.width and not inside)
        if not text.startswith("# "):
            return False
        return len(fields) != self.width or not (inside or _IOB_TAG.fullmatch(fields[-1]))

    def _token(self, text: str, line: int) -> list[str]:
        fields = _split(text, self.tabs)
        if len(fields) != self.width:
            separator = "a tab" if self.tabs else "spaces"
            number = "1 field" if self.width == 1 else f"{self.width} fields"
            raise DataError(
                f"{number} separated by {separator}, as on most lines",
                f"{'1 field' if len(fields) == 1 else f'{len(fields)} fields'} on line {line} of {self.name}",
                "correct that line",
            )
        fields = [field.strip(" ") for field in fields]
        for column, place in self.fields:
            if not fields[place]:
                what = "tag" if column == "tags" else "word"
                raise DataError(
                    f"a word and a tag on line {line} of {self.name}",
                    f"no {what}" if column in {"words", "tags"} else f"nothing in field {place + 1}",
                    "correct that line",
                )
        return fields

    def _no_blank_lines(self, line: int) -> DataError:
        return DataError(
            f"a blank line after each sentence, so at most {MOST_WORDS:,} words in one, in {self.name}",
            f"more than {MOST_WORDS:,} words without a blank line, from line {line} on",
            "put a blank line after each sentence, such as behind every full stop: "
            f"""awk '{{print}} $1 == "." {{print ""}}' {self.source.file.path.name} > sentences.conll""",
        )


def _is_after(before: str, number: str) -> bool:
    """Whether a word's number goes on with its sentence; what is no number, such as ``1-2``, does."""
    return not (before.isdecimal() and number.isdecimal()) or int(number) > int(before)


def _numbers(names: Sequence[str]) -> bool:
    return any(name.isdecimal() for name in names)


def open_conll(source: TextSource) -> ConllTable:
    """Opens a CoNLL file. Words without tags are read as well; only prediction can use them.

    Raises:
        DataError: if there is no token; while rows are read, if a line has another number of fields than
            most, no word or no tag, or a sentence has more than 1,000 words.
    """
    lines = [line for line in _first_lines(source) if not _is_break(line)]
    tokens = [line for line in lines if not line.startswith("#")] or [
        line for line in lines if not (line.startswith("# ") and "\t" not in line)
    ]
    if not tokens:
        raise nothing_in(source.name, "at least one word with its tag")
    tabs = sum("\t" in line for line in tokens) * 2 >= len(tokens)
    width = Counter(len(_split(line, tabs)) for line in tokens).most_common(1)[0][0]
    numbered = width > 1 and _is_numbered(source, tabs, width)
    word = int(numbered)
    tagged = width - numbered > 1
    fields = (("words", word), ("tags", width - 1)) if tagged else (("words", word),)
    notes = [*source.notes, *_notes(width, numbered, tagged)]
    return ConllTable(source.name, source, tabs, width, numbered, fields, notes=tuple(notes))


def _notes(width: int, numbered: bool, tagged: bool) -> Iterator[str]:
    if not tagged:
        yield "its words have no tags: it can be predicted, not learnt from"
    elif numbered or width > 2:
        counter = "column 1 counts the words; " if numbered else ""
        yield (
            f"{counter}the words are column {1 + numbered}, and the tags column {width}, the last one; "
            f"to choose others by number: --text {1 + numbered} --label {width}"
        )


def looks_like_conll(source: TextSource, *, any_tags: bool) -> bool:
    """Whether a file whose ending does not say so has a token a line and blank lines between sentences.

    Args:
        source: its lines.
        any_tags: whether tags may be of any kind, as the caller reads words with tags; otherwise all must
            be O, B-X, I-X and the like.
    """
    lines = _first_lines(source)
    tokens = [line for line in lines if not _is_break(line) and not line.startswith("#")]
    if tokens and _is_header(_split(tokens[0], "\t" in tokens[0])):
        del tokens[0]
    if len(tokens) < 2:
        return False
    tabs = "\t" in tokens[0]
    fields = [_split(line, tabs) for line in tokens]
    width = len(fields[0])
    if width < 2 or any(len(each) != width for each in fields):
        return False
    tags = [each[-1].strip() for each in fields]
    if all(_IOB_TAG.fullmatch(tag) for tag in tags):
        return True
    # A table of texts has no blank lines, and its fields have more than one word.
    blank = any(_is_break(line) for line in lines[:-1])
    return any_tags and blank and all(" " not in field for each in fields for field in each)


def _is_numbered(source: TextSource, tabs: bool, width: int) -> bool:
    """Whether the first field counts 1, 2, 3 (or 0, 1, 2) in every sentence, and one has two words."""
    before: int | None = None
    longest = 0
    for line in _first_lines(source):
        fields = _split(line, tabs)
        if _is_break(line):
            before = None
            continue
        if len(fields) != width or (line.startswith("#") and not fields[0].isdecimal()):
            continue
        if not (fields[0].isascii() and fields[0].isdecimal()):
            if _is_header(fields) and before is None:
                continue
            return False
        number = int(fields[0])
        if number not in {0, 1} and number != (-1 if before is None else before + 1):
            return False
        longest = max(longest, number)
        before = number
    return longest > 1


def _first_lines(source: TextSource) -> list[str]:
    return [line.removesuffix("\n").removesuffix("\r") for line in islice(source.lines(), _SAMPLE)]


def _is_header(fields: Sequence[str]) -> bool:
    """Whether a first line names the columns, such as ``token`` and ``tag``."""
    names = [field.strip().lower() for field in fields]
    return len(names) > 1 and all(name in _HEADER or name in {"pos", "id", "#", "chunk"} for name in names)


def _is_break(text: str) -> bool:
    return not text.strip(_BLANK) or _SPACES.split(text, maxsplit=1)[0] == "-DOCSTART-"


def _split(text: str, tabs: bool) -> list[str]:
    return text.split("\t") if tabs else _SPACES.split(text.strip(_BLANK))
