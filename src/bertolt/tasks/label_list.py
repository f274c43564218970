"""Several labels in one value: a list, or text in which something stands between two labels.

A list (JSON lines, parquet, or its text in square brackets, as pandas writes it into csv) is taken as it
is; ``[]`` says that no label holds. Other text is taken apart at the ``delimiter``. Where none was set, that
is the one of ``|``, ``;`` and ``,`` that stands in the text; text with two of them is refused, and the
example's note says what was taken. An empty value is a missing one: csv cannot tell "no label holds" from
"nobody said".
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bertolt.data.table import Row
from bertolt.errors import DataError, SettingError

DELIMITERS = ("|", ";", ",")
TAKEN = {delimiter: f"labels separated by {delimiter!r}" for delimiter in DELIMITERS}
REPAIRED = "an empty or repeated label left out"

_ITEM = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\d+)"""
_LIST = re.compile(rf"\[\s*(?:{_ITEM}(?:\s*,\s*{_ITEM})*)?\s*\]")


@dataclass(frozen=True, slots=True)
class LabelList:
    """The labels of a row.

    Args:
        labels: each once, in the row's order; None where there is no value.
        note: what was decided or repaired.
    """

    labels: tuple[str, ...] | None
    note: str = ""


def read_label_list(row: Row, column: str, *, delimiter: str | None, names: Sequence[str]) -> LabelList:
    """Reads the labels of a row.

    Args:
        row: with the task's column names.
        column: where the labels are.
        delimiter: what stands between two labels in text; None: see the module.
        names: the label of each number, where the file writes numbers; else empty.

    Raises:
        DataError: a value that is neither, two delimiters, or a label that ``names`` lacks; names the line.
    """
    value = row.values.get(column)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return LabelList(None)
    notes: list[str] = []
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return LabelList(None)
        if text.startswith("["):
            items = _listed(text, row.line)
        else:
            taken = delimiter or _delimiter_in(text, row.line)
            if taken is not None and delimiter is None:
                notes.append(TAKEN[taken])
            items = text.split(taken) if taken is not None else [text]
    else:
        items = list(value) if isinstance(value, list | tuple) else [value]
    texts = [_text(item, column, row.line) for item in items]
    labels = tuple(dict.fromkeys(_named(text, names, row.line) for text in texts if text))
    if len(labels) < len(texts):
        notes.append(REPAIRED)
    return LabelList(labels, "; ".join(notes))


def _delimiter_in(text: str, line: int) -> str | None:
    found = [delimiter for delimiter in DELIMITERS if delimiter in text]
    if len(found) > 1:
        raise DataError(
            f"one kind of delimiter out of {' '.join(DELIMITERS)} between labels",
            f"{' and '.join(found)} in {text[:60]!r} on line {line}",
            f"say which one it is, such as --set 'delimiter={found[0]}'",
        )
    return found[0] if found else None


def _listed(text: str, line: int) -> list[Any]:
    # Checked first: Python joins 'a' 'b', as numpy writes lists, into one string in silence.
    if _LIST.fullmatch(text) is None:
        raise DataError(
            'a list of labels such as ["joy", "love"]',
            f"{text[:60]!r} on line {line}",
            "put each label in quotes and a comma between two",
        )
    found: list[Any] = ast.literal_eval(text)
    return found


def _text(item: Any, column: str, line: int) -> str:
    if isinstance(item, str):
        return item.strip()
    if isinstance(item, int | float) and not isinstance(item, bool) and float(item).is_integer():
        return str(int(item))
    raise DataError(
        f"labels in the column {column!r} on line {line}",
        f"{type(item).__name__} {str(item)[:60]!r}",
        "write the labels as text, as whole numbers, or as a list of them",
    )


def _named(label: str, names: Sequence[str], line: int) -> str:
    if not names or label in names:
        return label
    if label.isdecimal() and int(label) < len(names):
        return names[int(label)]
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    raise DataError(
        f"one of the labels {shown}, or a number from 0 to {len(names) - 1}",
        f"{label!r} on line {line}",
        "correct the label, or add it to the file of --set names=FILE",
    )


def read_names(path: Path) -> tuple[str, ...]:
    """A file of label names: the first line names number 0, the next number 1.

    Raises:
        SettingError: it cannot be read, or its names are not different words.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").rstrip().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(
            "a text file with a label's name on each line in --set names=FILE",
            f"{str(path)!r} ({error})",
            "check the path",
        ) from error
    names = [line.strip() for line in lines]
    for number, name in enumerate(names, start=1):
        # A name that is a number could as well be the place of another name.
        if not name or name.isdecimal() or name in names[: number - 1]:
            raise SettingError(
                f"a different name, not a number, on each line of {str(path)!r}",
                f"{name!r} on line {number}",
                "correct the file",
            )
    if not names:
        raise SettingError(f"names in {str(path)!r}", "an empty file", "write a label's name on each line")
    return tuple(names)
