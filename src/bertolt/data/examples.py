"""The typed records of tasks. Field names are the names of the task's columns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What every record has.

    Args:
        line: 1-based line of its file on which it begins; 0 where it is not from a file.
        note: what was repaired or decided when it was read, or why it cannot be learnt from; empty where
            there is nothing to say.
    """

    line: int = 0
    note: str = ""

    def values(self) -> dict[str, Any]:
        """The record as a row of the task's columns."""
        values = asdict(self)
        del values["line"], values["note"]
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class TextExample(Example):
    """A text and its label; ``label`` is None where it is to be predicted."""

    text: str
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairExample(Example):
    """Two texts and the label of the pair; ``label`` is None where it is to be predicted."""

    text: str
    text_pair: str
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiLabelExample(Example):
    """A text and all labels that hold, maybe none; ``labels`` is None where they are to be predicted."""

    text: str
    labels: tuple[str, ...] | None = None


def fingerprint(examples: Iterable[Example]) -> str:
    """A hash of the records in their order: equal data, equal hash, whatever the file format.

    Returns:
        The first 16 hexadecimal digits of a SHA-256.
    """
    digest = hashlib.sha256()
    for example in examples:
        record = json.dumps(example.values(), sort_keys=True, default=list)
        digest.update(record.encode())
        digest.update(b"\n")
    return digest.hexdigest()[:16]
