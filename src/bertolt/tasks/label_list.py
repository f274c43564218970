"""Several labels in one value: a list, or text in which something stands between two labels.

A list (JSON lines, parquet, or its text in square brackets, as pandas writes it into csv) is taken as it
is; ``[]`` says that no label holds. Other text is taken apart at the ``delimiter``. Where none was set, that
is the one of ``|``, ``;`` and ``,`` that stands in the text; text with two of them is refused, and the
example's note says what was taken. An empty value is a missing one: csv cannot tell "no label holds" from
"nobody said".

A list of 0 and 1 in which each place stands for a label (multi-hot) has no names. It is read where the
setting ``names`` gives one for each place, and refused else: labels called 0 and 1 would mean nothing.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bertolt.data.columns import label_name
from bertolt.data.table import Row
from bertolt.errors import DataError, SettingError

DELIMITERS = ("|", ";", ",")
TAKEN = {delimiter: f"labels separated by {delimiter!r}" for delimiter in DELIMITERS}
REPAIRED = "an empty or repeated label left out"
MULTI_HOT = "a list of 0 and 1 read with the names of the labels"
NUMBERED = "a list of numbers of labels"
HELD_BACK = "without a label (-1)"

_ITEM = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\d+)"""
_LIST = re.compile(rf"\[\s*(?:{_ITEM}(?:\s*,\s*{_ITEM})*)?\s*\]")
# Numbers and truth values, with commas between, or as numpy writes them: [1, 0], [1. 0.], [True False].
_FLAG = r"(?:[+-]?\d+(?:\.\d*)?|[Tt]rue|[Ff]alse)"
_NUMBERS = re.compile(rf"\[\s*{_FLAG}(?:[\s,]+{_FLAG})*\s*\]")
_FLAGS = {"0": False, "1": True, "false": False, "true": True}


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
    if any(str(item).strip() in ("-1", "-1.0") for item in items):
        return LabelList(None, HELD_BACK)
    is_list = not isinstance(value, str) or value.lstrip().startswith("[")
    if is_list and (flags := _flags(items)) is not None:
        if names and len(flags) == len(names):
            held = tuple(name for name, flag in zip(names, flags, strict=True) if flag)
            return LabelList(held, MULTI_HOT)
        if len(flags) > len(set(map(str, items))) or any(map(_is_truth, items)):
            raise multi_hot_error(len(flags), names, f"{str(value)[:60]!r} on line {row.line}")
    if is_list and names and all(isinstance(item, int | float) for item in items):
        notes.append(NUMBERED)
    texts = [_text(item, column, row.line) for item in items]
    labels = tuple(dict.fromkeys(_named(text, names, row.line) for text in texts if text))
    if len(labels) < len(texts):
        notes.append(REPAIRED)
    return LabelList(labels, "; ".join(notes))


def split_labels(text: str, delimiter: str | None = None) -> tuple[list[str], str] | None:
    """The labels of a text as they are spelled, and what stood between them, for ``join_labels``.

    Returns:
        None where the text is one label, or cannot be taken apart.
    """
    bare = text.strip()
    if bare.startswith("["):
        if _LIST.fullmatch(bare) is None:
            return None
        return [str(item) for item in ast.literal_eval(bare)], "[]"
    found = [delimiter] if delimiter else [mark for mark in DELIMITERS if mark in text]
    return (text.split(found[0]), found[0]) if len(found) == 1 else None


def join_labels(labels: Sequence[str], between: str) -> str:
    """The contrary of ``split_labels``."""
    return json.dumps(list(labels), ensure_ascii=False) if between == "[]" else between.join(labels)


def _flags(items: Sequence[Any]) -> list[bool] | None:
    """What a multi-hot list says of each place; None where it can be no such list."""
    words = [str(item).strip().lower() for item in items]
    flags = [_FLAGS.get(word.removesuffix(".0").removesuffix(".")) for word in words]
    if len(flags) < 2 or None in flags:
        return None
    return [bool(flag) for flag in flags]


def _is_truth(item: Any) -> bool:
    return isinstance(item, bool | float) or str(item).lower() in ("true", "false")


def multi_hot_error(places: int, names: Sequence[str], found: str) -> DataError:
    """The error for a list of 0 and 1 whose places have no names."""
    if names:
        expected = f"a list of {len(names)} values of 0 and 1, one for each name of --set names"
    else:
        expected = "lists of the names of labels, or the names for lists of 0 and 1"
    some = ",".join(f"NAME{place}" for place in range(1, min(places, 3) + 1)) + (",…" if places > 3 else "")
    return DataError(
        expected,
        f"{found}, {places} places of 0 and 1",
        f"give the names of the labels in the order of the list: --set names={some} (or a file with a name "
        "on each line)",
    )


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
    if _NUMBERS.fullmatch(text) is not None:
        return re.split(r"[\s,]+", text[1:-1].strip())
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
        return label_name(item)
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
        "correct the label, or add it to --set names",
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
    if not lines:
        raise SettingError(f"names in {str(path)!r}", "an empty file", "write a label's name on each line")
    return check_names(lines, f"on each line of {str(path)!r}", "on line")


def check_names(given: Sequence[Any], where: str, place: str = "as number") -> tuple[str, ...]:
    """Names of labels in the order of their numbers.

    Args:
        given: the names.
        where: they stand, for messages.
        place: what stands before the number of a name in messages.

    Raises:
        SettingError: they are not different words.
    """
    names = [str(name).strip() for name in given]
    for number, name in enumerate(names, start=1):
        # A name that is a number could as well be the place of another name.
        if not name or name.isdecimal() or name in names[: number - 1]:
            raise SettingError(
                f"a different name, not a number, {where}",
                f"{name!r} {place} {number}",
                "correct the names",
            )
    return tuple(names)
