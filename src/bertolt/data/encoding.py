"""Which lines of a text file cannot be decoded: all of them, where the readers stop at the first."""

from __future__ import annotations

from pathlib import Path

from bertolt.data.readers.opening import is_text_file
from bertolt.data.readers.options import DEFAULT, ReadSettings
from bertolt.data.readers.source import text_source


def undecodable_lines(path: Path, options: ReadSettings = DEFAULT) -> list[int]:
    """The 1-based lines of a text file that are not in its encoding; none of other files.

    Raises:
        DataError: the file cannot be read, or its compression is damaged.
    """
    if not is_text_file(path, options):
        return []
    source = text_source(path, options)
    if source.encoding.wide:
        return []
    name = source.encoding.name
    return [number for number, raw in enumerate(source.raw_lines(), start=1) if not _decodes(raw, name)]


def _decodes(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
