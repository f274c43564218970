"""jiant's edge-probing format: a JSON object a line, spans as ranges of the text's words.

https://github.com/nyu-mll/jiant-v1-legacy, probing/data: ``{"text": "The cat sat", "targets": [{"span1":
[0, 2], "span2": [2, 3], "label": "ARG0"}]}``. Words are what blanks separate; an end is excluded; a label is
a string, or a list of those that hold.
"""

from __future__ import annotations

import re
from typing import Any

from bertolt.data.edges import OUTSIDE, EdgeExample, EdgeTarget, LeftOut, Span
from bertolt.data.table import Row
from bertolt.errors import DataError

_WORD = re.compile(r"\S+")
#: A span that names no word: `check_spans` finds it empty.
_EMPTY: Span = (0, 0)


def read_jiant(row: Row, left_out: LeftOut) -> EdgeExample:
    """The record of a row. Targets with a span outside the text are counted and left out.

    Raises:
        DataError: a row of another form; its line is named.
    """
    text, targets = row.values.get("text"), row.values.get("targets")
    if not isinstance(text, str) or not isinstance(targets, list):
        raise _wrong('"text" and "targets"', f"the keys {', '.join(map(repr, row.values))}", row.line)
    words = [match.span() for match in _WORD.finditer(text)]
    kept = []
    for target in targets:
        if not isinstance(target, dict) or "span1" not in target or "label" not in target:
            raise _wrong('targets with "span1" and "label"', f"{target!r:.60}", row.line)
        given = [target[name] for name in ("span1", "span2") if target.get(name) is not None]
        spans = [_characters(_range(each, row.line), words) for each in given]
        whole = tuple(span for span in spans if span is not None)
        if len(whole) < len(spans):
            left_out.add(OUTSIDE, row.line)
        else:
            kept.append(EdgeTarget(whole, _labels(target["label"], row.line)))
    return EdgeExample(line=row.line, text=text, targets=tuple(kept))


def _characters(found: Span, words: list[Span]) -> Span | None:
    """From words to characters; None where the text has no such words."""
    first, stop = found
    if first >= stop:
        return _EMPTY
    if first < 0 or stop > len(words):
        return None
    return words[first][0], words[stop - 1][1]


def _range(value: Any, line: int) -> Span:
    if isinstance(value, list) and len(value) == 2 and all(type(each) is int for each in value):
        return value[0], value[1]
    raise _wrong("a span as [first word, word after the last]", f"{value!r:.60}", line)


def _labels(value: Any, line: int) -> tuple[str, ...]:
    labels = value if isinstance(value, list) else [value]
    if not all(isinstance(label, str | int) and not isinstance(label, bool) for label in labels):
        raise _wrong("a label as a string, or a list of strings", f"{value!r:.60}", line)
    return tuple(sorted({str(label) for label in labels}))


def _wrong(expected: str, found: str, line: int) -> DataError:
    return DataError(
        f"{expected} on line {line}, as in jiant's edge-probing format", found, "correct that line"
    )
