"""The answers of a row, in the forms in which files have them, each held to its place in the context."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any

from bertolt.data.examples import Answer
from bertolt.data.table import Row
from bertolt.errors import DataError
from bertolt.wording import counted

NO_ANSWER = "without an answer (is_impossible is not true)"
CONTRADICTION = "marked impossible, yet with an answer"
NOT_THERE = "whose answer does not occur in the context"
ONE_NOT_THERE = "one of whose answers does not occur in the context and is not used"
MOVED = "whose answer is not at its offset: its nearest occurrence is taken"
OTHER_FORM = "whose answer is in another Unicode form than the context: the context's is taken"
SEVERAL = "whose answer occurs several times and has no offset: the first occurrence is taken"

_FORM = 'a text, {"text": […], "answer_start": […]} or [{"text": …, "answer_start": …}, …]'
_TRUE, _FALSE = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0", ""})

Given = tuple[str, int | None]


def read_answers(row: Row, context: str) -> tuple[tuple[Answer, ...] | None, str]:
    """Reads the columns ``answers``, ``answer_start`` and ``is_impossible`` of a row.

    ``answers`` is a text (then ``answer_start`` may give its place), a list of texts or of objects of text
    and start, SQuAD's dictionary of lists, or one of these as JSON in a text. An empty list says that the
    context has no answer, and so does ``is_impossible``; an empty text does not.

    Returns:
        The answers, each at its place in the context; none of them where the question is impossible; None
        where the row cannot be learnt from. And what was repaired, or why it cannot.

    Raises:
        DataError: a value of another form, with the row's line.
    """
    given = _given(row)
    if _impossible(row):
        empty = not any(text.strip() for text, _ in given or ())
        return ((), "") if empty else (None, CONTRADICTION)
    if given is None:
        return None, NO_ANSWER if row.values.get("answers") is not None else ""
    if not given:
        return (), ""
    wanted = [each for each in given if each[0].strip()]
    if not wanted:
        return None, NO_ANSWER
    found = [locate(context, text, start) for text, start in wanted]
    answers = tuple(answer for answer, _ in found if answer is not None)
    if not answers:
        return None, NOT_THERE
    notes = [note for _, note in found]
    if len(answers) < len(given):
        notes.append(ONE_NOT_THERE)
    return answers, "; ".join(dict.fromkeys(note for note in notes if note))


def locate(context: str, text: str, start: int | None) -> tuple[Answer | None, str]:
    """An answer at its place: at ``start``, else at the occurrence nearest to it, else at the first.

    Returns:
        The answer, or None where the text does not occur; and what had to be decided.
    """
    if start is not None and start >= 0 and context.startswith(text, start):
        return Answer(text=text, start=start), ""
    for form in dict.fromkeys((text, text.strip())):
        place = _nearest(context, form, start)
        if place is not None:
            several = context.find(form, context.find(form) + 1) >= 0
            note = MOVED if start is not None else SEVERAL if several else ""
            return Answer(text=form, start=place), note
    return _locate_normalised(context, text.strip(), start)


def _locate_normalised(context: str, text: str, start: int | None) -> tuple[Answer | None, str]:
    """The same where the two differ in their Unicode form only: the answer is the context's own characters.

    Both are compared in composed form (NFC); what is found must begin and end between two characters.
    """
    wanted = unicodedata.normalize("NFC", text)
    if unicodedata.is_normalized("NFC", context) and wanted == text:
        return None, ""
    # A character with the marks that are joined to it, or a Korean syllable in its letters.
    cuts = [
        place
        for place, mark in enumerate(context)
        if place == 0 or not (unicodedata.combining(mark) or "\u1160" <= mark <= "\u11ff")
    ]
    pieces = [
        unicodedata.normalize("NFC", context[first:last])
        for first, last in zip(cuts, [*cuts[1:], len(context)], strict=True)
    ]
    normal, composed = "".join(pieces), [0, *accumulate(map(len, pieces))]
    origin = dict(zip(composed, [*cuts, len(context)], strict=True))
    found = [
        (origin[place], origin[place + len(wanted)])
        for place in _occurrences(normal, wanted)
        if place in origin and place + len(wanted) in origin
    ]
    if not found:
        return None, ""
    first, last = min(found, key=lambda each: (abs(each[0] - (start or 0)), each[0]))
    return Answer(text=context[first:last], start=first), OTHER_FORM


def _occurrences(text: str, part: str) -> Iterator[int]:
    place = text.find(part)
    while place >= 0:
        yield place
        place = text.find(part, place + 1)


def _nearest(context: str, text: str, start: int | None) -> int | None:
    near = min(max(start or 0, 0), len(context))
    before = context.rfind(text, 0, near + len(text))
    after = context.find(text, near)
    found = [place for place in (before, after) if place >= 0]
    return min(found, key=lambda place: (abs(place - near), place), default=None)


def _given(row: Row) -> list[Given] | None:
    """Texts and starts as the row has them, or None where it has none."""
    raw = row.values.get("answers")
    starts: Any = row.values.get("answer_start")
    if raw is None or (isinstance(raw, float) and math.isnan(raw)):
        return None
    if isinstance(raw, str):
        parsed = _parsed(raw)
        if parsed is None:
            return [(raw, _start(starts, row))] if raw.strip() else None
        raw = parsed
    if isinstance(raw, Mapping):
        starts = raw.get("answer_start", raw.get("start"))
        raw = raw.get("text")
        if isinstance(raw, str):
            return [(raw, _start(starts, row))]
    if not isinstance(raw, list | tuple):
        raise _malformed(row, raw)
    if not isinstance(starts, list | tuple):
        starts = [starts] * len(raw)
    if len(starts) != len(raw):
        raise DataError(
            f"as many starts as answers on line {row.line}",
            f"{counted(len(raw), 'answer')} and {counted(len(starts), 'start')}",
            "give every answer its own answer_start",
        )
    return [_answer(each, start, row) for each, start in zip(raw, starts, strict=True)]


def _parsed(text: str) -> Any:
    """A list of objects, or an object with a text, that a table of plain text holds as JSON; else None."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        return None
    if isinstance(found, dict):
        return found if "text" in found else None
    return found if isinstance(found, list) and all(isinstance(each, dict) for each in found) else None


def _answer(value: Any, start: Any, row: Row) -> Given:
    if isinstance(value, Mapping):
        start = value.get("answer_start", value.get("start"))
        value = value.get("text")
    if not isinstance(value, str):
        raise _malformed(row, value)
    return value, _start(start, row)


def _start(value: Any, row: Row) -> int | None:
    if value is None or (isinstance(value, float) and math.isnan(value)) or value == "":
        return None
    number = value
    if isinstance(value, str):
        try:
            number = int(value)
        except ValueError:
            number = None
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    if not isinstance(number, int) or isinstance(number, bool):
        raise DataError(
            f"a whole number in the column 'answer_start' on line {row.line}",
            f"{str(value)[:60]!r}",
            "give the character at which the answer begins, counted from 0, or leave it empty",
        )
    return number


def _impossible(row: Row) -> bool:
    value = row.values.get("is_impossible")
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return False
    word = str(value).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise DataError(
        f"true or false in the column 'is_impossible' on line {row.line}",
        f"{str(value)[:60]!r}",
        "write true where the context has no answer, else false",
    )


def _malformed(row: Row, value: Any) -> DataError:
    return DataError(
        f"answers in the column 'answers' on line {row.line}: {_FORM}",
        f"{type(value).__name__} {str(value)[:60]!r}",
        "write the answers in one of these forms",
    )
