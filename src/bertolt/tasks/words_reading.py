"""Rows with words and tags as ``WordsExample``: what is accepted, repaired and refused.

- Words are a list of strings; without one, the text is cut into words by the rule of ``words``.
- Where the row has a text of its own and the words stand in it (CoNLL-U's ``# text``), offsets are into
  that text; else the text is the words with one blank between.
- Tags are a list with one for each word; None, the empty string, ``_`` (CoNLL's sign), -1 and -100 leave a
  tag open.
- Tags that mark spans are rewritten as IOB2, see ``tag_scheme``.
"""

from __future__ import annotations

from typing import Any

from bertolt.data.columns import read_label, read_text
from bertolt.data.examples import WordsExample
from bertolt.data.table import Row
from bertolt.errors import DataError
from bertolt.tasks.tag_scheme import as_iob2
from bertolt.tasks.words import Span, find_words, join_words, split_words
from bertolt.wording import counted

JOINED = "text read as its words with blanks between: it has something else than the words"
REWRITTEN = "tags rewritten as IOB2"

#: -100 is what transformers leaves out of the loss, -1 what data sets write where nobody gave a tag.
_OPEN = (None, "", "_", "-1", "-100")


def read_words_example(row: Row) -> WordsExample:
    """The record of a row with the columns ``text``, ``words`` and ``tags``, of which each may be missing.

    Raises:
        DataError: a value of another form, or tags and words of unequal number.
    """
    text, words, note = _read_words(row)
    tags = _read_tags(row, len(words))
    if tags is None or all(tag is None for tag in tags):
        return WordsExample(line=row.line, text=text, words=words)
    rewritten = as_iob2(tags)
    notes = [note] * bool(note) + [REWRITTEN] * (rewritten != tags)
    return WordsExample(line=row.line, text=text, words=words, tags=rewritten, note="; ".join(notes))


def _read_words(row: Row) -> tuple[str, tuple[Span, ...], str]:
    given = row.values.get("words")
    text_is_words = given is None and isinstance(row.values.get("text"), list | tuple)
    if text_is_words:  # --text named a column of lists
        given = row.values["text"]
    if given is None:
        text = read_text(row, "text")
        return text, split_words(text), ""
    words = _list(given, "words", row.line)
    for word in words:
        if not isinstance(word, str) or not word.strip():
            raise DataError(
                f"words that are strings and not blank{_on(row.line)}",
                f"{word!r:.60}",
                "correct that word, or leave it out together with its tag",
            )
    text = "" if text_is_words else read_text(row, "text")
    if text:
        spans = find_words(words, text)
        if spans is not None:
            return text, spans, ""
    return *join_words(words), JOINED if text else ""


def _read_tags(row: Row, words: int) -> tuple[str | None, ...] | None:
    given = row.values.get("tags")
    if given is None:
        return None
    values = _list(given, "tags", row.line)
    if len(values) != words:
        raise DataError(
            f"one tag for each word, so {words}{_on(row.line)}",
            counted(len(values), "tag"),
            "correct that row",
        )
    return tuple(_tag(value, row.line) for value in values)


def _tag(value: Any, line: int) -> str | None:
    tag = value.strip() if isinstance(value, str) else read_label(Row(line, {"tags": value}), "tags")
    return None if tag in _OPEN else tag


def _list(value: Any, column: str, line: int) -> list[Any]:
    if isinstance(value, list | tuple):
        return list(value)
    raise DataError(
        f"a list of {column}{_on(line)}",
        f"{type(value).__name__} {str(value)[:60]!r}",
        f'write them as ["…", "…"], or choose the column that holds {column}',
    )


def _on(line: int) -> str:
    return f" on line {line}" if line else ""
