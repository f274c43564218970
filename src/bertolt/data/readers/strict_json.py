"""JSON as RFC 8259 has it: the standard library's parser without what it lets pass."""

from __future__ import annotations

import json
from typing import Any


def parse(text: str) -> Any:
    """Parses one JSON document.

    Lone surrogates from escapes such as ``\\ud800`` stay in the strings.

    Raises:
        ValueError: if it is not JSON, holds NaN or Infinity, names a key of an object twice, or is
            nested too deeply; its text is the reason, for a message.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        where = f"column {error.colno}" if error.lineno == 1 else f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"{error.msg} at {where}") from error
    except RecursionError as error:
        raise ValueError("lists or objects that are nested too deeply") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name}, which is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for position, key in enumerate(keys) if key in keys[:position])
        raise ValueError(f"the key {twice!r} twice in one object")
    return result
