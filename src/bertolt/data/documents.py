"""Unlabelled text as documents: text files, tables with a text column, and packaged names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bertolt.data.columns import TEXT_NAMES, read_text
from bertolt.data.guessing import choose_columns, number_text_warning
from bertolt.data.readers.compression import text_name
from bertolt.data.readers.options import DEFAULT, ReadSettings
from bertolt.data.readers.source import TextSource, text_source
from bertolt.data.sources import open_source
from bertolt.data.table import Column, Table, remarks
from bertolt.errors import DataError
from bertolt.wording import command, counted, line_list

_COLUMN = Column("text", TEXT_NAMES, holds="text")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Document:
    """One text that stands for itself.

    Args:
        line: 1-based line of its file on which it begins.
        text: the whole.
        sentences: the parts that stand on lines of their own in its file; empty where it is one line, so
            that its sentences are for ``split_sentences`` to find.
    """

    line: int
    text: str
    sentences: tuple[str, ...] = ()


@dataclass(slots=True)
class Documents:
    """The documents of all DATA, and an account of them.

    Args:
        documents: in the order of the data.
        notes: lines for people: what was read as what, and what was left out.
    """

    documents: list[Document] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_documents(
    data: Sequence[str], text: Sequence[str] = (), options: ReadSettings = DEFAULT
) -> Documents:
    """Reads unlabelled text.

    A ``.txt`` file (also compressed) that has blank lines between others holds documents separated by them,
    each of their lines a sentence; without blank lines, each line is a document. Of a table the text column
    is read; of a named data set its train part.

    Args:
        data: paths, packaged names or Hub ids.
        text: the table's text column, one name; empty: its usual names.
        options: what the user said of files.

    Raises:
        DataError: nothing to read, no text column, or a column of numbers.
        UnknownNameError: neither a file nor a name.
    """
    found = Documents()
    for name in data:
        if Path(name).is_file() and text_name(Path(name)).endswith(".txt"):
            source = text_source(Path(name), options)
            documents, what = _from_text(source)
            empty: list[int] = []
            about = [f"{name}: {note}" for note in source.notes]
        else:
            table = open_source(name, options=options).pick("train")
            documents, empty, what = _from_table(table, text)
            about = remarks(table)
        if not documents:
            raise DataError(f"text in {name}", "none", "check that the file was written completely")
        found.documents.extend(documents)
        found.notes.append(f"{name}: {counted(len(documents), 'document')}; {what}")
        found.notes.extend([*about, *_remarks(name, documents, empty)])
    return found


def _remarks(name: str, documents: Sequence[Document], empty: Sequence[int]) -> Iterator[str]:
    if empty:
        yield f"{name}: {counted(len(empty), 'row')} left out, without text: {line_list(empty)}"
    marked = sum(_BREAK.search(document.text) is not None for document in documents)
    if marked:
        many = counted(marked, "document")
        yield f"{name}: HTML line breaks (<br />) in {many}, which are learnt like any text"


def _from_text(source: TextSource) -> tuple[list[Document], str]:
    blocks = [[(number, line.strip()) for number, line in block] for block in source.blocks()]
    if len(blocks) == 1:
        return [Document(number, line) for number, line in blocks[0]], "each line is a document"
    documents = [
        Document(
            block[0][0],
            " ".join(line for _, line in block),
            tuple(line for _, line in block) if len(block) > 1 else (),
        )
        for block in blocks
    ]
    return documents, "blank lines separate them, and each line is a sentence"


def _from_table(table: Table, text: Sequence[str]) -> tuple[list[Document], list[int], str]:
    def write(text: Sequence[str], label: Sequence[str]) -> str:
        return command("adapt", "MODEL", table.name, text=text)

    chosen = choose_columns((_COLUMN,), table, text=text, command=write)
    column = chosen.mapping["text"]
    documents: list[Document] = []
    empty: list[int] = []
    for row in table:
        value = read_text(row, column)
        if value.strip():
            documents.append(Document(row.line, value))
        else:
            empty.append(row.line)
    if documents and all(_is_number(document.text) for document in documents):
        raise DataError(
            f"text in the column {column!r} of {table.name}",
            f"numbers only, such as {documents[0].text.strip()[:40]!r} on line {documents[0].line}",
            number_text_warning((_COLUMN,), table, chosen.mapping, command=write)
            or "choose the column that holds text with --text",
        )
    return documents, empty, f"column {column!r}" + f"; {chosen.note}" * bool(chosen.note)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
