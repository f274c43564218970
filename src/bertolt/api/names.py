"""What the verbs share: names given one or several, and saying nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence

from bertolt.training.settings import StrPath


def names(given: StrPath | Sequence[StrPath]) -> tuple[str, ...]:
    """One name or several as a tuple of strings."""
    if isinstance(given, str | os.PathLike):
        return (os.fspath(given),)
    return tuple(os.fspath(each) for each in given)


def nothing(text: str) -> None:
    """Says nothing."""
