"""The edge tasks: how the rows of free data in their official formats become labelled spans."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bertolt.data.edges import EdgeExample, EdgeTarget, LeftOut, Span
from bertolt.data.jiant import read_jiant
from bertolt.data.readers.compression import text_name
from bertolt.data.readers.options import DEFAULT, ReadSettings
from bertolt.data.readers.pronouns import open_pronouns
from bertolt.data.readers.semeval import open_semeval
from bertolt.data.readers.source import TextSource, text_source
from bertolt.data.sources import open_source
from bertolt.data.table import Row, Table
from bertolt.data.trees import arcs, phrases
from bertolt.errors import DataError, UnknownNameError
from bertolt.metrics.tagging import spans
from bertolt.tasks.words_reading import read_words_example

#: Reads a row, given the label's column where the user named one.
Read = Callable[[Row, str | None, LeftOut], EdgeExample]

OPEN = "a word without a tag"
NO_HEAD = "a word without a head"
GAP = "a subtree with a gap, which is no phrase"
NOT_FOUND = "a candidate or a pronoun that the sentence does not have"

_WORDS = ("words", "tokens")


@dataclass(frozen=True, slots=True)
class EdgeTask:
    """What is read out of the network.

    Args:
        name: as ``--edge-task`` takes it.
        alias: a shorter name.
        summary: one line for people.
        what: the labelled thing, for sentences: ``"part of speech"``.
        read: a row as an example.
        open: opens an official ``.txt`` file; None where the ending of the name tells the format.
        negative: labels that are learnt and not counted in F1: "no relation".
    """

    name: str
    alias: str
    summary: str
    what: str
    read: Read
    open: Callable[[TextSource], Table] | None = None
    negative: frozenset[str] = frozenset()


def open_edges(task: EdgeTask, data: str, options: ReadSettings = DEFAULT) -> Table:
    """The rows of DATA; of a named data set its train part.

    Raises:
        InputError: see ``open_source``.
    """
    if task.open is not None and os.path.isfile(data) and text_name(Path(data)).endswith(".txt"):
        return task.open(text_source(Path(data), options))
    return open_source(data, options=options).pick("train")


def read_edge(task: EdgeTask, row: Row, label: str | None, left_out: LeftOut) -> EdgeExample:
    """The record of a row: in jiant's format for any task, else in the task's own.

    Raises:
        DataError: a row of another form.
    """
    if "targets" in row.values:
        return read_jiant(row, left_out)
    return task.read(row, label, left_out)


def get_edge_task(name: str) -> EdgeTask:
    """An edge task by its name or alias.

    Raises:
        UnknownNameError: there is none of that name.
    """
    for task in EDGE_TASKS:
        if name in (task.name, task.alias):
            return task
    raise UnknownNameError("edge task", name, [task.name for task in EDGE_TASKS])


def _part_of_speech(row: Row, label: str | None, left_out: LeftOut) -> EdgeExample:
    column = _column(row, label, ("upos", "pos", "pos_tags", "tags"))
    read = read_words_example(_words_row(row, row.values[column]))
    targets = []
    for span, tag in zip(read.words, read.tags or [None] * len(read.words), strict=True):
        if tag is None:
            left_out.add(OPEN, row.line)
        else:
            targets.append(EdgeTarget((span,), (tag,)))
    return EdgeExample(line=row.line, text=read.text, targets=tuple(targets))


def _dependencies(row: Row, label: str | None, left_out: LeftOut) -> EdgeExample:
    heads, relations = _tree(row, label)
    read = read_words_example(_words_row(row))
    found = arcs(heads, relations)
    for _ in range(len(heads) - len(found)):
        left_out.add(NO_HEAD, row.line)
    targets = tuple(EdgeTarget((read.words[word], read.words[head]), (name,)) for word, head, name in found)
    return EdgeExample(line=row.line, text=read.text, targets=targets)


def _phrases(row: Row, label: str | None, left_out: LeftOut) -> EdgeExample:
    heads, relations = _tree(row, label)
    read = read_words_example(_words_row(row))
    found, gaps = phrases(heads, relations, row.values[_column(row, None, ("upos",))])
    for _ in range(gaps):
        left_out.add(GAP, row.line)
    targets = [
        EdgeTarget(((read.words[first][0], read.words[stop - 1][1]),), (kind,))
        for (first, stop), kind in found
    ]
    return EdgeExample(line=row.line, text=read.text, targets=tuple(targets))


def _entities(row: Row, label: str | None, left_out: LeftOut) -> EdgeExample:
    column = _column(row, label, ("tags", "ner_tags", "ner"))
    read = read_words_example(_words_row(row, row.values[column]))
    tags = ["O" if tag is None else tag for tag in read.tags or ()]
    targets = [
        EdgeTarget(((read.words[first][0], read.words[stop - 1][1]),), (kind,))
        for kind, first, stop in spans(tags)
    ]
    return EdgeExample(line=row.line, text=read.text, targets=tuple(targets))


def _relations(row: Row, label: str | None, left_out: LeftOut) -> EdgeExample:
    values = row.values
    missing = [name for name in ("text", "span1", "span2", "label") if name not in values]
    if missing:
        raise _wrong_columns(row, "span1, span2, label, text")
    pair = (_span(values["span1"]), _span(values["span2"]))
    targets = (EdgeTarget(pair, (str(values[label or "label"]),)),)
    return EdgeExample(line=row.line, text=values["text"], targets=targets)


def _pronouns(row: Row, label: str | None, left_out: LeftOut) -> EdgeExample:
    values = row.values
    if "pronoun" not in values:
        raise _wrong_columns(row, "text, pronoun, candidates, answer")
    text: str = values["text"]
    places = [_find(text, candidate) for candidate in values["candidates"]]
    ends = [place[1] for place in places if place is not None]
    # "When Debbie splashed Tina, she …": the pronoun is the first of its kind behind both, where one is.
    pronoun = _find(text, values["pronoun"], max(ends, default=0)) or _find(text, values["pronoun"])
    answers = [candidate.lower() == values["answer"].lower() for candidate in values["candidates"]]
    if pronoun is None or None in places or sum(answers) != 1:
        left_out.add(NOT_FOUND, row.line)
        return EdgeExample(line=row.line, text=text, targets=())
    targets = [
        EdgeTarget((pronoun, place), ("meant" if answer else "not meant",))
        for place, answer in zip(places, answers, strict=True)
        if place is not None
    ]
    return EdgeExample(line=row.line, text=text, targets=tuple(targets))


def _edges(row: Row, label: str | None, left_out: LeftOut) -> EdgeExample:
    return read_jiant(row, left_out)


EDGE_TASKS = (
    EdgeTask(
        "part-of-speech", "pos", "the part of speech of each word (CoNLL-U)", "part of speech",
        _part_of_speech,
    ),
    EdgeTask(
        "dependencies", "dep", "the relation of each word to its head (CoNLL-U)", "dependencies",
        _dependencies,
    ),
    EdgeTask(
        "phrases", "phrase", "the kind of each phrase, derived from the dependency tree (CoNLL-U)", "phrases",
        _phrases,
    ),
    EdgeTask("entities", "ner", "the kind of each entity (CoNLL)", "entities", _entities),
    EdgeTask(
        "relations", "rel", "the relation of two nominals (SemEval-2010 task 8)", "relations", _relations,
        open_semeval, frozenset({"Other"}),
    ),
    EdgeTask(
        "definite-pronouns", "dpr", "which candidate a pronoun means (definite pronoun resolution)",
        "definite pronouns", _pronouns, open_pronouns,
    ),
    EdgeTask("edges", "jiant", "any labelled spans (jsonl in jiant's format)", "labels", _edges),
)  # fmt: skip


def _words_row(row: Row, tags: Any = None) -> Row:
    column = next((name for name in _WORDS if name in row.values), None)
    if column is None:
        raise _wrong_columns(row, "words")
    return Row(row.line, {"text": row.values.get("text"), "words": row.values[column], "tags": tags})


def _tree(row: Row, label: str | None) -> tuple[list[int | None], list[str]]:
    if "heads" not in row.values:
        raise _wrong_columns(row, "heads, deprels, words")
    return row.values["heads"], row.values[_column(row, label, ("deprels",))]


def _column(row: Row, wanted: str | None, usual: tuple[str, ...]) -> str:
    names = usual if wanted is None else (wanted,)
    found = next((name for name in names if name in row.values), None)
    if found is None:
        raise UnknownNameError("column", names[0], row.values)
    return found


def _span(value: Any) -> Span:
    start, stop = value
    return int(start), int(stop)


def _find(text: str, part: str, begin: int = 0) -> Span | None:
    """Where a part stands as whole words, whatever its case."""
    match = re.compile(rf"(?<!\w){re.escape(part)}(?!\w)", re.IGNORECASE).search(text, begin)
    return None if match is None else match.span()


def _wrong_columns(row: Row, expected: str) -> DataError:
    return DataError(
        f"the columns {expected}",
        ", ".join(map(repr, row.values)),
        "choose another --edge-task, or give data in that task's format (see docs/probing.md)",
    )
